//! The ordered set of drafts. Owns uniqueness of current ids and what happens when a generated resource meets one that is
//! already there; must not know who adds to it.

use std::collections::HashMap;

use krm::{Mapping, Node, Origin, ResId};

use super::{Behavior, Draft, effective_namespace};

/// Drafts in the order in which they came; no two are called the same now.
///
/// Whoever changes ids through [`DraftSet::iter_mut`] keeps them unique, or calls [`DraftSet::check_unique`] afterwards.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DraftSet {
    items: Vec<Draft>,
    /// Position of each current id, with its effective namespace. `None` once somebody may have changed an id.
    index: Index,
}

/// Derived from the items, so it never decides equality.
#[derive(Debug, Clone, Default)]
struct Index(Option<HashMap<ResId, usize>>);

impl PartialEq for Index {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Two resources are called the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two resources are `{id}`: one from {first}, one from {second}")]
pub struct Conflict {
    /// What both are called.
    pub id: ResId,
    /// Where the one that was there came from.
    pub first: Origin,
    /// Where the other one came from.
    pub second: Origin,
}

/// A generated resource cannot be taken into the set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AbsorbError {
    /// It wants to merge or replace, and there is nothing to do it to.
    #[error("no resource is `{id}`, so there is nothing to {}", behavior.word())]
    NothingThere {
        /// What it is called.
        id: ResId,
        /// What it wants.
        behavior: Behavior,
        /// What it might have meant: resources of its kind, nearest name first.
        candidates: Vec<String>,
    },
    /// It does not want to merge or replace, and there is one.
    #[error("`{id}` is already there, from {first}; its behavior is `{}`, to add to it use `merge` or `replace`", behavior.word())]
    AlreadyThere {
        /// What both are called.
        id: ResId,
        /// What it wants.
        behavior: Behavior,
        /// Where the one that was there came from.
        first: Origin,
    },
    /// There are several that were called so once.
    #[error("`{id}` could mean {}", List(matches))]
    Ambiguous {
        /// What it is called.
        id: ResId,
        /// What those are called now.
        matches: Vec<ResId>,
    },
    /// The one that was called so once is called otherwise now.
    #[error("`{id}` is now called `{now}`, so it cannot be merged or replaced under its former name")]
    Renamed {
        /// What the generated one is called.
        id: ResId,
        /// What the one that is there is called.
        now: ResId,
    },
    /// After merging it is called like another one.
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

/// A lookup that demands exactly one resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// None is or was called so.
    #[error("no resource is `{id}`")]
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

struct List<'a>(&'a [ResId]);

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
        self.index.0 = None;
        self.items.iter_mut()
    }

    /// The draft at a position.
    pub fn get(&self, position: usize) -> Option<&Draft> {
        self.items.get(position)
    }

    /// The draft at a position, for changing. See the type's invariant.
    pub fn get_mut(&mut self, position: usize) -> Option<&mut Draft> {
        self.index.0 = None;
        self.items.get_mut(position)
    }

    /// All drafts as one slice, for changing. See the type's invariant.
    pub fn as_mut_slice(&mut self) -> &mut [Draft] {
        self.index.0 = None;
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
    pub fn append(&mut self, draft: Draft) -> Result<(), Conflict> {
        let key = normalised(draft.id());
        let next = self.items.len();
        if let Some(&first) = self.index().get(&key) {
            return Err(self.conflict(first, &draft));
        }
        self.index().insert(key, next);
        self.items.push(draft);
        Ok(())
    }

    /// Adds all of `other` at the end.
    ///
    /// # Errors
    /// The first one that is called like one that is already there.
    pub fn append_all(&mut self, other: Self) -> Result<(), Conflict> {
        if self.is_empty() {
            *self = other;
            return Ok(());
        }
        other.items.into_iter().try_for_each(|draft| self.append(draft))
    }

    /// Takes a generated resource: appends, merges or replaces as its behavior says.
    ///
    /// # Errors
    /// Its behavior does not fit what is there.
    pub fn absorb(&mut self, draft: Draft) -> Result<(), AbsorbError> {
        let id = draft.id();
        let behavior = draft.behavior;
        let matches = self.positions_of(&id);
        match matches.as_slice() {
            [] => match behavior {
                Behavior::Merge | Behavior::Replace => {
                    let candidates = self.candidates(&id);
                    Err(AbsorbError::NothingThere { id, behavior, candidates })
                }
                Behavior::Create | Behavior::Unspecified => Ok(self.append(draft)?),
            },
            [position] => self.absorb_over(*position, draft, id),
            several => {
                let matches = several.iter().map(|position| self.items[*position].id()).collect();
                Err(AbsorbError::Ambiguous { id, matches })
            }
        }
    }

    fn absorb_over(&mut self, position: usize, mut draft: Draft, id: ResId) -> Result<(), AbsorbError> {
        let old = &self.items[position];
        match draft.behavior {
            Behavior::Replace => take_metadata(&mut draft, old),
            Behavior::Merge => {
                take_metadata(&mut draft, old);
                merge_data(&mut draft, old, "data");
                merge_data(&mut draft, old, "binaryData");
                draft.origin = old.origin.clone();
            }
            behavior @ (Behavior::Create | Behavior::Unspecified) => {
                let first = old.origin.clone();
                return Err(AbsorbError::AlreadyThere { id, behavior, first });
            }
        }
        if normalised(draft.id()) != normalised(old.id()) {
            return Err(AbsorbError::Renamed { now: old.id(), id });
        }
        self.items[position] = draft;
        Ok(())
    }

    /// Positions of all that are or were called `id`; deleted ones are passed over.
    pub fn positions_of(&self, id: &ResId) -> Vec<usize> {
        let matching = self.items.iter().enumerate().filter(|(_, draft)| !draft.is_empty() && draft.was_ever(id));
        matching.map(|(position, _)| position).collect()
    }

    /// Position of the one that is or was called `id`.
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn position_of(&self, id: &ResId) -> Result<usize, LookupError> {
        match self.positions_of(id).as_slice() {
            [position] => Ok(*position),
            [] => Err(LookupError::NoMatch { candidates: self.candidates(id), id: id.clone() }),
            several => {
                let matches = several.iter().map(|position| self.items[*position].id()).collect();
                Err(LookupError::Ambiguous { id: id.clone(), matches })
            }
        }
    }

    /// Resources that somebody who wrote `id` may have meant: at most three, nearest first.
    pub fn candidates(&self, id: &ResId) -> Vec<String> {
        let ids: Vec<ResId> = self.items.iter().filter(|draft| !draft.is_empty()).map(Draft::id).collect();
        let mut scored: Vec<(u32, String)> =
            ids.iter().filter_map(|other| Some((score(id, other)?, other.to_string()))).collect();
        scored.sort();
        scored.into_iter().take(3).map(|(_, text)| text).collect()
    }

    /// Are all called differently? Deleted ones are dropped.
    ///
    /// # Errors
    /// Two are called the same.
    pub fn check_unique(&mut self) -> Result<(), Conflict> {
        let items = std::mem::take(&mut self.items);
        self.index = Index(None);
        self.items.reserve(items.len());
        items.into_iter().filter(|draft| !draft.is_empty()).try_for_each(|draft| self.append(draft))
    }

    /// Keeps those for which `keep` answers true.
    pub fn retain(&mut self, keep: impl FnMut(&Draft) -> bool) {
        self.index.0 = None;
        self.items.retain(keep);
    }

    /// Puts them in another order: `order` holds every position once.
    pub fn reorder(&mut self, order: &[usize]) {
        self.index.0 = None;
        let mut items: Vec<Option<Draft>> = std::mem::take(&mut self.items).into_iter().map(Some).collect();
        self.items = order.iter().filter_map(|position| items.get_mut(*position)?.take()).collect();
    }

    fn conflict(&self, first: usize, second: &Draft) -> Conflict {
        Conflict { id: second.id(), first: self.items[first].origin.clone(), second: second.origin.clone() }
    }

    fn index(&mut self) -> &mut HashMap<ResId, usize> {
        let items = &self.items;
        self.index.0.get_or_insert_with(|| {
            let keys = items.iter().enumerate().map(|(position, draft)| (normalised(draft.id()), position));
            keys.collect()
        })
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

/// The id with the namespace that decides equality.
fn normalised(mut id: ResId) -> ResId {
    id.namespace = effective_namespace(&id).into();
    id
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
    a.contains(b) || b.contains(a) || crate::kustomization::decode::nearest(a, &[b]).is_some()
}

/// The new one goes on as the old one: its name and namespace, its history, and its labels and annotations where the new one
/// has none of that name.
fn take_metadata(draft: &mut Draft, old: &Draft) {
    for field in ["labels", "annotations"] {
        let merged = merged_map(old.node.at(&["metadata", field]), draft.node.at(&["metadata", field]));
        set_map(draft, &["metadata", field], merged);
    }
    draft.set_name(old.name());
    draft.set_namespace(old.namespace());
    draft.history.clone_from(&old.history);
    draft.prefixes.clone_from(&old.prefixes);
    draft.suffixes.clone_from(&old.suffixes);
    draft.behavior = old.behavior;
    // Both must want it: a plain resource that a generator adds to keeps its name.
    draft.wants_hash = draft.wants_hash && old.wants_hash;
    draft.from_helm = old.from_helm;
    draft.read_by_vars.clone_from(&old.read_by_vars);
}

fn merge_data(draft: &mut Draft, old: &Draft, field: &str) {
    let merged = merged_map(old.node.get(field), draft.node.get(field));
    set_map(draft, &[field], merged);
}

/// The entries of both, sorted by key; those of `over` win. Values become strings, as they are in kustomize's hands.
fn merged_map(under: Option<&Node>, over: Option<&Node>) -> Mapping {
    let mut merged: std::collections::BTreeMap<&str, &str> = std::collections::BTreeMap::new();
    for map in [under, over].into_iter().flatten().filter_map(Node::as_map) {
        merged.extend(map.iter().map(|(key, value)| (key, value.as_str().unwrap_or_default())));
    }
    let mut map = Mapping::default();
    for (key, value) in merged {
        super::push_bare(&mut map, key, Node::string(value));
    }
    map
}

fn set_map(draft: &mut Draft, path: &[&str], map: Mapping) {
    let (field, parents) = path.split_last().expect("a path has at least one step");
    let mut at = &mut draft.node;
    for parent in parents {
        at = super::map_mut(at).entry_or_insert_with(parent, Node::map);
    }
    let at = super::map_mut(at);
    if map.is_empty() {
        at.remove(field);
    } else {
        at.set(*field, Node::Map(map));
    }
}
