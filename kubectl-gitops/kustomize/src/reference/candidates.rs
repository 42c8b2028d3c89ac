//! Which resource a name means. Owns the index of former names and the sieves, coarse to fine, through which the candidates
//! for one reference go.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use krm::{Gvk, Text, namespace_or_default};

use super::ReferenceProblem;
use crate::draft::{Draft, DraftSet, FormerId, NOT_NAMESPACED};

/// Every resource that was called otherwise before, by its former names.
#[derive(Debug)]
pub(super) struct Candidates {
    all: Vec<Candidate>,
    by_former_name: HashMap<Text, Named>,
    /// Where the resources of each original namespace are now.
    moved: BTreeMap<Text, BTreeSet<Home>>,
}

/// Positions of all that were called so, ascending: in all and by where they live, since a name can be in every namespace.
#[derive(Debug, Default)]
struct Named {
    all: Vec<usize>,
    by_home: HashMap<Text, Vec<usize>>,
}

/// Where a resource lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Home {
    effective: Text,
    written: Text,
}

/// What of a resource decides whether a reference means it.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) name: Text,
    pub(super) namespace: Text,
    gvk: Gvk,
    home: Home,
    original_namespace: Text,
    former: Vec<FormerId>,
    prefixes: Vec<Text>,
    suffixes: Vec<Text>,
}

/// What of the resource that refers decides which others it can mean.
#[derive(Debug)]
pub(super) struct Referrer {
    pub(super) namespace: Text,
    pub(super) prefixes: Vec<Text>,
    pub(super) suffixes: Vec<Text>,
    pub(super) subject_namespaces: Vec<Text>,
    pub(super) role_ref: Option<Gvk>,
}

/// What is looked for.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// The kind referred to.
    pub(super) target: &'a Gvk,
    /// Who refers.
    pub(super) referrer: &'a Referrer,
}

impl Candidates {
    pub(super) fn of(set: &DraftSet) -> Self {
        let mut candidates = Self { all: Vec::new(), by_former_name: HashMap::new(), moved: BTreeMap::new() };
        for draft in set {
            let candidate = Candidate::of(draft);
            let homes = candidates.moved.entry(candidate.original_namespace.clone()).or_default();
            if !homes.contains(&candidate.home) {
                homes.insert(candidate.home.clone());
            }
            if candidate.former.is_empty() {
                continue;
            }
            let index = candidates.all.len();
            for former in &candidate.former {
                let named = candidates.by_former_name.entry(former.name.clone()).or_default();
                if named.all.last() != Some(&index) {
                    named.all.push(index);
                    named.by_home.entry(candidate.home.effective.clone()).or_default().push(index);
                }
            }
            candidates.all.push(candidate);
        }
        candidates
    }

    /// The one that a bare name means.
    pub(super) fn choose_by_name(
        &self,
        name: &str,
        wanted: &Wanted<'_>,
    ) -> Result<Option<&Candidate>, ReferenceProblem> {
        let reachable = self.reachable(name, wanted.referrer);
        select(name, reachable, wanted, |a, b| a.name == b.name)
    }

    /// The one that a name in a namespace means; without a namespace in any.
    pub(super) fn choose(
        &self,
        name: &str,
        namespace: Option<&str>,
        wanted: &Wanted<'_>,
    ) -> Result<Option<&Candidate>, ReferenceProblem> {
        let mut reachable = self.reachable(name, wanted.referrer);
        let same = |a: &Candidate, b: &Candidate| a.name == b.name && a.namespace == b.namespace;
        let Some(namespace) = namespace else { return select(name, reachable, wanted, same) };
        if namespace == NOT_NAMESPACED {
            return Ok(None);
        }
        // A namespace that anybody came from means that former namespace, whatever now has its name.
        let homes = self.moved.get(namespace);
        let was_one = homes.is_some_and(|homes| homes.iter().any(|home| wanted.referrer.reaches(home)));
        let in_it = |c: &&Candidate| {
            if was_one { c.original_namespace == namespace } else { c.home.effective == namespace }
        };
        reachable.retain(in_it);
        select(name, reachable, wanted, same)
    }

    /// Those that were called so and that `referrer` can refer to, in their order.
    fn reachable(&self, name: &str, referrer: &Referrer) -> Vec<&Candidate> {
        let named = self.by_former_name.get(name);
        let at_home = |home: &str| named.and_then(|named| named.by_home.get(home)).map_or(&[][..], Vec::as_slice);
        // Most look into their own namespace and at what is in none.
        let (here, nowhere) = if referrer.namespace == NOT_NAMESPACED || !referrer.subject_namespaces.is_empty() {
            (named.map_or(&[][..], |named| &named.all), &[][..])
        } else {
            (at_home(&referrer.namespace), at_home(NOT_NAMESPACED))
        };
        let mut positions: Vec<usize> = here.iter().chain(nowhere).copied().collect();
        positions.sort_unstable();
        positions.into_iter().map(|position| &self.all[position]).filter(|c| referrer.reaches(&c.home)).collect()
    }
}

/// Sieves until one is left. Several that are called the same for this purpose are as good as one.
fn select<'c>(
    name: &str,
    mut left: Vec<&'c Candidate>,
    wanted: &Wanted<'_>,
    same: impl Fn(&Candidate, &Candidate) -> bool,
) -> Result<Option<&'c Candidate>, ReferenceProblem> {
    let Wanted { target, referrer } = wanted;
    left.retain(|c| c.was_selected_by(target));
    if let Some(role) = &referrer.role_ref {
        left.retain(|c| c.was_selected_by(role));
    }
    left.retain(|c| referrer.shares_namespace_with(c));
    if let [only] = left.as_slice() {
        return Ok(Some(only));
    }
    left.retain(|c| referrer.was_renamed_like(c, true));
    if left.len() > 1 {
        left.retain(|c| referrer.was_renamed_like(c, false));
    }
    let Some((first, others)) = left.split_first() else { return Ok(None) };
    if others.iter().all(|other| same(first, other)) {
        return Ok(Some(first));
    }
    let matches = left.iter().map(|c| c.shown()).collect();
    Err(ReferenceProblem::Ambiguous { name: name.to_owned(), matches })
}

impl Candidate {
    fn of(draft: &Draft) -> Self {
        let effective = draft.effective_namespace();
        let history = draft.history();
        let original_namespace =
            history.first().map_or_else(|| effective.clone(), |former| namespace_or_default(&former.namespace).into());
        Self {
            name: draft.name().into(),
            namespace: draft.namespace().into(),
            gvk: draft.gvk(),
            home: Home { effective, written: draft.namespace().into() },
            original_namespace,
            former: history.to_vec(),
            prefixes: draft.prefixes.clone(),
            suffixes: draft.suffixes.clone(),
        }
    }

    /// Was it ever of a type that the selector matches? Only its kind can have changed.
    fn was_selected_by(&self, selector: &Gvk) -> bool {
        let part = |wanted: &Text, is: &Text| wanted.is_empty() || wanted == is;
        part(&selector.group, &self.gvk.group)
            && part(&selector.version, &self.gvk.version)
            && self.former.iter().any(|former| part(&selector.kind, &former.kind))
    }

    fn shown(&self) -> String {
        let namespace = if self.namespace.is_empty() { String::new() } else { format!(" in {}", self.namespace) };
        format!("{} `{}`{namespace}", self.gvk.kind, self.name)
    }
}

impl Referrer {
    /// Can it refer to what lives there at all?
    fn reaches(&self, home: &Home) -> bool {
        self.namespace == NOT_NAMESPACED
            || home.effective == NOT_NAMESPACED
            || home.effective == self.namespace
            || self.subject_namespaces.contains(&home.written)
    }

    /// ServiceAccounts may be bound from other namespaces; all else is meant in one's own.
    fn shares_namespace_with(&self, candidate: &Candidate) -> bool {
        self.namespace == NOT_NAMESPACED
            || candidate.home.effective == NOT_NAMESPACED
            || candidate.gvk.kind == "ServiceAccount"
            || candidate.home.effective == self.namespace
    }

    /// Did the same kustomizations give it prefixes and suffixes? Leniently, one without any goes with everything.
    fn was_renamed_like(&self, candidate: &Candidate, lenient: bool) -> bool {
        let alike = |a: &[Text], b: &[Text]| (lenient && (a.is_empty() || b.is_empty())) || same_end(a, b);
        alike(&candidate.prefixes, &self.prefixes) && alike(&candidate.suffixes, &self.suffixes)
    }
}

/// Does the shorter list end the longer one? An empty list ends only an empty one.
fn same_end(a: &[Text], b: &[Text]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_lists_are_compared() {
        let list = |items: &[&str]| items.iter().map(|item| Text::from(*item)).collect::<Vec<_>>();
        for (a, b, expected) in [
            (&["a", "b"][..], &["b"][..], true),
            (&["b"][..], &["a", "b"][..], true),
            (&["a", "b"][..], &["a"][..], false),
            (&[][..], &["a"][..], false),
            (&[][..], &[][..], true),
        ] {
            assert_eq!(same_end(&list(a), &list(b)), expected, "{a:?} {b:?}");
        }
    }
}
