//! What may still come of runs that are over. Owns [`Left`]: a request that was given up may arrive after its run ended, and make
//! an object of a kind that nobody lists any more, or a shard that no root names. Must not look for any of it.

use std::collections::BTreeMap;

use krm::GroupKind;

use super::Inventory;

/// Where the next run looks besides its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Kinds whose last member left with the last run that changed anything, each with the version it was applied in.
    pub kinds: BTreeMap<GroupKind, String>,
    /// That run left no shards, and there were some.
    pub shards: bool,
}

impl Inventory {
    /// Notes the kinds that `union`, what the run had claimed, has and this has not. A run that was not complete forgets nothing.
    pub fn note_left(&mut self, union: &Self, complete: bool) {
        let mut kinds = if complete { BTreeMap::new() } else { std::mem::take(&mut self.left.kinds) };
        kinds.extend(union.entries.iter().map(|(key, entry)| (key.group_kind(), entry.version.clone())));
        for key in self.entries.keys() {
            kinds.remove(&key.group_kind());
        }
        self.left.kinds = kinds;
    }
}
