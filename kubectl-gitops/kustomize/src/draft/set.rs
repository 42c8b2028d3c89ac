//! The ordered set of drafts. Owns uniqueness of current ids and what happens when a generated resource meets one that is
//! already there; must not know who adds to it.

use std::collections::hash_map::Entry;

use krm::{Origin, ResId};

use super::Draft;
use super::index::Index;
use crate::schema::Schema;

/// Drafts in the order in which they came; no two are called the same now.
///
/// Whoever changes ids through [`DraftSet::iter_mut`] keeps them unique, or calls [`DraftSet::check_unique`] afterwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DraftSet {
    items: Vec<Draft>,
    /// What is known about kinds; each draft knows the same.
    schema: Schema,
    index: Index,
    /// May one have been deleted since the last time they were dropped?
    deleted: bool,
}

/// Two resources are called the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two resources are `{id}`: {}", Both(first, second))]
pub struct Conflict {
    /// What both are called.
    pub id: ResId,
    /// Where the one that was there came from.
    pub first: Origin,
    /// Where the other one came from.
    pub second: Origin,
}

impl Conflict {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        if self.first == self.second {
            "two ways lead there: name it once, or give each way a namePrefix, a nameSuffix or a namespace of its own"
        } else {
            "remove one of them, or give one another name or namespace; none and `default` are the same namespace"
        }
    }
}

struct Both<'a>(&'a Origin, &'a Origin);

impl std::fmt::Display for Both<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(first, second) = self;
        if first == second {
            write!(f, "{first} is read twice")
        } else {
            write!(f, "one from {first}, one from {second}")
        }
    }
}

/// A lookup that demands exactly one resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// None is or was called so.
    #[error("no resource is `{id}` of {}", id.gvk.api_version())]
    NoMatch {
        /// What was looked for.
        id: ResId,
        /// What it might have meant, nearest first.
        candidates: Vec<String>,
    },
    /// Several are or were called so.
    #[error("`{id}` could mean {}", List(matches))]
    Ambiguous {
        /// What was looked for.
        id: ResId,
        /// What those are called now.
        matches: Vec<ResId>,
    },
}

pub(super) struct List<'a>(pub(super) &'a [ResId]);

impl std::fmt::Display for List<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, id) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { " or " };
            write!(f, "{separator}`{id}`")?;
        }
        Ok(())
    }
}

impl DraftSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Identity is judged by `schema` from now on.
    pub fn use_schema(&mut self, schema: &Schema) {
        if self.schema != *schema {
            self.schema = schema.clone();
            self.items.iter_mut().for_each(|draft| draft.schema = schema.clone());
            self.index.forget();
        }
    }

    /// What is known about kinds.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number of drafts.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, Draft> {
        self.items.iter()
    }

    /// In order, for changing. See the type's invariant.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Draft> {
        self.touched();
        self.items.iter_mut()
    }

    /// The draft at a position.
    pub fn get(&self, position: usize) -> Option<&Draft> {
        self.items.get(position)
    }

    /// Changes the draft at a position. Unlike the other ways to change drafts this keeps what is known of the others.
    pub fn change<R>(&mut self, position: usize, deed: impl FnOnce(&mut Draft) -> R) -> R {
        let draft = &mut self.items[position];
        let before = self.schema.normalised(draft.id());
        let result = deed(draft);
        draft.schema = self.schema.clone();
        let gone = draft.is_empty();
        self.deleted |= gone;
        self.index.changed(draft, position, gone || self.schema.normalised(draft.id()) != before);
        result
    }

    /// The draft at a position, for changing. See the type's invariant.
    pub fn get_mut(&mut self, position: usize) -> Option<&mut Draft> {
        self.touched();
        self.items.get_mut(position)
    }

    /// All drafts as one slice, for changing. See the type's invariant.
    pub fn as_mut_slice(&mut self) -> &mut [Draft] {
        self.touched();
        &mut self.items
    }

    /// All drafts, taken out.
    pub fn into_drafts(self) -> Vec<Draft> {
        self.items
    }

    /// Adds one at the end.
    ///
    /// # Errors
    /// One that is called the same is already there.
    pub fn append(&mut self, mut draft: Draft) -> Result<(), Conflict> {
        let next = self.items.len();
        draft.schema = self.schema.clone();
        match self.index.ids(&self.items, &self.schema).entry(self.schema.normalised(draft.id())) {
            Entry::Occupied(there) => {
                let first = self.items[*there.get()].origin.clone();
                return Err(Conflict { id: draft.id(), first, second: draft.origin });
            }
            Entry::Vacant(free) => free.insert(next),
        };
        self.index.added(&draft, next);
        self.items.push(draft);
        Ok(())
    }

    /// Adds all of `other` at the end.
    ///
    /// # Errors
    /// The first one that is called like one that is already there.
    pub fn append_all(&mut self, other: Self) -> Result<(), Conflict> {
        if self.is_empty() && self.schema == other.schema {
            *self = other;
            // Whoever changed its ids may have made two equal, which is found where it is used.
            return self.check_unique();
        }
        other.items.into_iter().try_for_each(|draft| self.append(draft))
    }

    /// Positions of all that are or were called `id`, ascending; deleted ones are passed over.
    pub fn positions_of(&self, id: &ResId) -> Vec<usize> {
        let meant = |position: &usize| {
            let draft = &self.items[*position];
            !draft.is_empty() && draft.was_ever(id)
        };
        self.positions_called(&id.name).iter().copied().filter(|position| meant(position)).collect()
    }

    /// Position of the one that is called `id` now.
    pub fn position_now(&mut self, id: &ResId) -> Option<usize> {
        self.index.ids(&self.items, &self.schema).get(&self.schema.normalised(id.clone())).copied()
    }

    /// Positions of all that may be or may have been called `name`, ascending: who asks looks at each again.
    pub fn positions_called(&self, name: &str) -> &[usize] {
        self.index.called(&self.items, name)
    }

    /// Position of the one that is or was called `id`.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn position_of(&self, id: &ResId) -> Result<usize, LookupError> {
        match self.positions_of(id).as_slice() {
            [position] => Ok(*position),
            [] => Err(LookupError::NoMatch { candidates: self.candidates(id), id: id.clone() }),
            several => Err(LookupError::Ambiguous { id: id.clone(), matches: self.ids_at(several) }),
        }
    }

    /// Resources that somebody who wrote `id` may have meant: at most three, nearest first.
    pub fn candidates(&self, id: &ResId) -> Vec<String> {
        let ids: Vec<ResId> = self.items.iter().filter(|draft| !draft.is_empty()).map(Draft::id).collect();
        let mut scored: Vec<(u32, String)> =
            ids.iter().filter_map(|other| Some((score(id, other)?, shown_beside(other, id)))).collect();
        scored.sort();
        scored.into_iter().take(3).map(|(_, text)| text).collect()
    }

    pub(super) fn ids_at(&self, positions: &[usize]) -> Vec<ResId> {
        positions.iter().map(|position| self.items[*position].id()).collect()
    }

    /// Are all called differently? Deleted ones are dropped.
    ///
    /// # Errors
    /// Two are called the same.
    pub fn check_unique(&mut self) -> Result<(), Conflict> {
        self.drop_deleted();
        if self.index.knows_ids() {
            return Ok(());
        }
        let items = std::mem::take(&mut self.items);
        self.index.forget();
        self.items.reserve(items.len());
        items.into_iter().try_for_each(|draft| self.append(draft))
    }

    /// Drops those that a patch deleted.
    pub fn drop_deleted(&mut self) {
        if self.deleted && self.items.iter().any(Draft::is_empty) {
            self.items.retain(|draft| !draft.is_empty());
            self.index.forget();
        }
        self.deleted = false;
    }

    fn touched(&mut self) {
        self.index.forget();
        self.deleted = true;
    }

    /// Keeps those for which `keep` answers true.
    pub fn retain(&mut self, keep: impl FnMut(&Draft) -> bool) {
        self.touched();
        self.items.retain(keep);
    }

    /// Puts them in another order: `order` holds every position once.
    pub fn reorder(&mut self, order: &[usize]) {
        self.touched();
        let mut items: Vec<Option<Draft>> = std::mem::take(&mut self.items).into_iter().map(Some).collect();
        self.items = order.iter().filter_map(|position| items.get_mut(*position)?.take()).collect();
    }
}

impl<'a> IntoIterator for &'a DraftSet {
    type Item = &'a Draft;
    type IntoIter = std::slice::Iter<'a, Draft>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut DraftSet {
    type Item = &'a mut Draft;
    type IntoIter = std::slice::IterMut<'a, Draft>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// With its version if the version is all that differs.
fn shown_beside(other: &ResId, id: &ResId) -> String {
    let text = other.to_string();
    if text == id.to_string() { format!("{text} of {}", other.gvk.api_version()) } else { text }
}

/// How far `other` is from what `id` may have meant; `None` if they have nothing in common.
fn score(id: &ResId, other: &ResId) -> Option<u32> {
    let same_kind = id.gvk.kind == other.gvk.kind;
    let same_name = id.name == other.name;
    match (same_name, same_kind) {
        (true, true) => Some(0),
        (true, false) => Some(2),
        (false, true) => Some(1 + u32::from(!near(&id.name, &other.name)) * 2),
        (false, false) => None,
    }
}

fn near(a: &str, b: &str) -> bool {
    a.contains(b) || b.contains(a) || krm::nearest(a, &[b]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{AbsorbError, Behavior};
    use crate::resources::read_drafts;

    fn drafts(text: &str) -> Vec<Draft> {
        read_drafts(text, "f.yaml").unwrap()
    }

    fn config_map(name: &str, namespace: &str) -> Draft {
        let text = format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: {namespace}}}}}");
        drafts(&text).remove(0)
    }

    fn set(names: &[&str]) -> DraftSet {
        let mut set = DraftSet::new();
        for name in names {
            set.append(config_map(name, "")).unwrap();
        }
        set
    }

    #[test]
    fn no_namespace_and_default_collide() {
        let mut set = set(&["a"]);
        assert!(set.append(config_map("a", "other")).is_ok());
        assert!(set.append(config_map("a", "default")).is_err());
    }

    #[test]
    fn the_namespace_of_what_is_cluster_scoped_does_not_count() {
        let mut set = DraftSet::new();
        let two = drafts(
            "{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: x}}",
        );
        let results: Vec<bool> = two.into_iter().map(|draft| set.append(draft).is_ok()).collect();
        assert_eq!(results, [true, false]);
    }

    #[test]
    fn renamed_drafts_are_found_by_every_name() {
        let mut set = set(&["a", "b"]);
        // Ask before and after the change, so that what is remembered must be kept up.
        assert_eq!(set.positions_of(&config_map("b", "").id()), [1]);
        set.change(1, |draft| {
            draft.remember_id();
            draft.set_name("c");
        });
        for name in ["b", "c"] {
            assert_eq!(set.positions_of(&config_map(name, "").id()), [1], "{name}");
        }
        assert!(set.append(config_map("b", "")).is_ok(), "its former name is free");
        assert!(set.append(config_map("c", "")).is_err());
    }

    #[test]
    fn a_change_that_makes_two_equal_is_found() {
        let mut set = set(&["a", "b"]);
        set.change(1, |draft| draft.set_name("a"));
        assert!(set.check_unique().is_err());
    }

    #[test]
    fn deleted_drafts_are_dropped_and_free_their_name() {
        let mut set = set(&["a", "b"]);
        set.change(0, |draft| draft.node = krm::Node::null());
        set.check_unique().unwrap();
        assert_eq!(set.len(), 1);
        assert!(set.append(config_map("a", "")).is_ok());
    }

    #[test]
    fn behaviors_demand_what_they_demand() {
        for (name, behavior, expected) in [
            ("a", Behavior::Merge, "merged"),
            ("a", Behavior::Replace, "merged"),
            ("a", Behavior::Create, "already there"),
            ("a", Behavior::Unspecified, "already there"),
            ("new", Behavior::Merge, "nothing there"),
            ("new", Behavior::Replace, "nothing there"),
            ("new", Behavior::Create, "appended"),
            ("new", Behavior::Unspecified, "appended"),
        ] {
            let mut set = set(&["a"]);
            let mut draft = config_map(name, "");
            draft.behavior = behavior;
            let got = match set.absorb(draft) {
                Ok(()) if set.len() == 2 => "appended",
                Ok(()) => "merged",
                Err(AbsorbError::AlreadyThere { .. }) => "already there",
                Err(AbsorbError::NothingThere { .. }) => "nothing there",
                Err(error) => panic!("{error}"),
            };
            assert_eq!(got, expected, "{name} {behavior:?}");
        }
    }
}
