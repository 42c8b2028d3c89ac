//! A generated resource meets the set: it is new, or it merges into or replaces what is there. Owns what of the old one goes on.

use std::collections::BTreeMap;

use krm::{Mapping, Node, Origin, ResId};

use crate::provenance::ORIGIN;

use super::set::{Conflict, List};
use super::{Behavior, Draft, DraftSet, map_mut, push_bare};

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
    #[error("`{id}` is already there, from {first}, and this one's behavior is `{}`", behavior.word())]
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
    /// The one that was called so once is of another kind now.
    #[error("`{id}` is now `{now}`, so it cannot be merged or replaced")]
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

impl AbsorbError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NothingThere { candidates, .. } if candidates.is_empty() => {
                "a generator with `merge` or `replace` needs a resource of that name and namespace below it".to_owned()
            }
            Self::NothingThere { candidates, .. } => format!(
                "there is {}; name and namespace must be those it has before this kustomization changes them",
                candidates.join(", ")
            ),
            Self::AlreadyThere { .. } => {
                "set `behavior: merge` to add to it, `behavior: replace` to take its place, or choose another name"
                    .to_owned()
            }
            Self::Ambiguous { .. } => "say which by its `namespace`, or make the names differ".to_owned(),
            Self::Renamed { .. } => "name it as it is called where this kustomization meets it".to_owned(),
            Self::Conflict(conflict) => conflict.hint().to_owned(),
        })
    }
}

impl DraftSet {
    /// Takes a generated resource: appends, merges or replaces as its behavior says.
    ///
    /// # Errors
    /// Its behavior does not fit what is there.
    pub fn absorb(&mut self, draft: Draft) -> Result<(), AbsorbError> {
        let id = draft.id();
        let behavior = draft.behavior;
        match self.positions_of(&id).as_slice() {
            [] => match behavior {
                Behavior::Merge | Behavior::Replace => {
                    let candidates = self.candidates(&id);
                    Err(AbsorbError::NothingThere { id, behavior, candidates })
                }
                Behavior::Create | Behavior::Unspecified => Ok(self.append(draft)?),
            },
            [position] => self.absorb_over(*position, draft, id),
            several => Err(AbsorbError::Ambiguous { id, matches: self.ids_at(several) }),
        }
    }

    fn absorb_over(&mut self, position: usize, mut draft: Draft, id: ResId) -> Result<(), AbsorbError> {
        let old = self.get(position).expect("the position was just found");
        match draft.behavior {
            Behavior::Replace => take_metadata(&mut draft, old),
            Behavior::Merge => {
                take_metadata(&mut draft, old);
                merge_data(&mut draft, old, "data");
                merge_data(&mut draft, old, "binaryData");
                keep_provenance(&mut draft, old);
                draft.origin = old.origin.clone();
            }
            behavior @ (Behavior::Create | Behavior::Unspecified) => {
                let first = old.origin.clone();
                return Err(AbsorbError::AlreadyThere { id, behavior, first });
            }
        }
        if self.schema().normalised(draft.id()) != self.schema().normalised(old.id()) {
            return Err(AbsorbError::Renamed { now: old.id(), id });
        }
        self.change(position, |old| *old = draft);
        Ok(())
    }
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
    draft.generated = old.generated;
    // Both must want it: a plain resource that a generator adds to keeps its name.
    draft.wants_hash = draft.wants_hash && old.wants_hash;
    draft.from_helm = old.from_helm;
    draft.read_by_vars.clone_from(&old.read_by_vars);
}

/// What was there came from where it came from, whoever adds to it.
fn keep_provenance(draft: &mut Draft, old: &Draft) {
    if let Some(origin) = old.annotation(ORIGIN)
        && let Some(annotations) = draft.node.at_mut(&["metadata", "annotations"]).and_then(Node::as_map_mut)
    {
        annotations.set(ORIGIN, Node::string(origin));
    }
}

fn merge_data(draft: &mut Draft, old: &Draft, field: &str) {
    let merged = merged_map(old.node.get(field), draft.node.get(field));
    set_map(draft, &[field], merged);
}

/// The entries of both, sorted by key; those of `over` win. Values become strings, as they are in kustomize's hands.
fn merged_map(under: Option<&Node>, over: Option<&Node>) -> Mapping {
    let mut merged: BTreeMap<&str, &str> = BTreeMap::new();
    for map in [under, over].into_iter().flatten().filter_map(Node::as_map) {
        merged.extend(map.iter().map(|(key, value)| (key, value.as_str().unwrap_or_default())));
    }
    let mut map = Mapping::default();
    for (key, value) in merged {
        push_bare(&mut map, key, value);
    }
    map
}

fn set_map(draft: &mut Draft, path: &[&str], map: Mapping) {
    let (field, parents) = path.split_last().expect("a path has at least one step");
    let mut at = &mut draft.node;
    for parent in parents {
        at = map_mut(at).entry_or_insert_with(parent, Node::map);
    }
    let at = map_mut(at);
    if map.is_empty() {
        at.remove(field);
    } else {
        at.set(*field, Node::Map(map));
    }
}
