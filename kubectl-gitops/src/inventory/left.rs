//! What may still come of runs that are over. Owns [`Left`]: a request that was given up may arrive after its run ended, and make
//! an object of a kind that nobody lists any more, or a shard that no root names. Must not look for any of it.
//!
//! What is guaranteed of an object that is created late, as long as the set has a root:
//! - Of a kind that is desired or has another member it is found by any later run, however late it comes: such kinds are listed by
//!   our label, and what carries our marks and has no entry is taken into the union before anything is written, to be applied or
//!   pruned like any member.
//! - Of any other kind it is found by each run until one that changes something begins [`ARRIVES_WITHIN_S`] after the end of the
//!   run with which the kind left: until then its kind stays in [`Left::kinds`]. An API server ends a request after a minute
//!   (`--request-timeout`), so what comes later than that was sent by somebody else.
//! - `delete` takes this memory with the root. What comes after that carries the marks of a set that is gone: it belongs to nobody,
//!   nothing deletes it, and the next set of this name finds it if it wants an object of that name.

use std::collections::BTreeMap;

use jiff::Timestamp;
use krm::GroupKind;

use super::Inventory;

/// Where the next run looks besides its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Kinds whose last member left not long before the last run that changed anything, each with the version it was applied in.
    pub kinds: BTreeMap<GroupKind, String>,
    /// That run left no shards, and there were some.
    pub shards: bool,
}

/// Ten times what an API server gives a request, and room for clocks that differ.
const ARRIVES_WITHIN_S: i64 = 600;

/// Has everything arrived at `now` that was sent until `end`? Times that say nothing, or stand in the future, do not tell so.
pub fn has_arrived(end: &str, now: &str) -> bool {
    let second = |time: &str| time.parse::<Timestamp>().ok().map(Timestamp::as_second);
    second(end).zip(second(now)).is_some_and(|(end, now)| now - end > ARRIVES_WITHIN_S)
}

impl Inventory {
    /// The kinds of its members, each in the version that one of them was applied in.
    pub fn kinds(&self) -> BTreeMap<GroupKind, String> {
        let mut kinds = BTreeMap::new();
        for (key, entry) in &self.entries {
            kinds.insert(key.group_kind(), entry.version.clone());
        }
        kinds
    }

    /// Notes the kinds that `union`, what the run had claimed, has and this has not. Earlier ones are forgotten only where `may_forget`.
    pub fn note_left(&mut self, union: BTreeMap<GroupKind, String>, may_forget: bool) {
        let mut kinds = if may_forget { BTreeMap::new() } else { std::mem::take(&mut self.left.kinds) };
        kinds.extend(union);
        for key in self.entries.keys() {
            kinds.remove(&key.group_kind());
        }
        self.left.kinds = kinds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_has_arrived_after_ten_minutes_and_no_clock_is_trusted_further() {
        for (end, now, arrived) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:10:01Z", true),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z", false),
            ("2026-01-01T00:00:00Z", "2025-12-31T23:00:00Z", false),
            ("", "2026-01-01T00:10:01Z", false),
            ("2026-01-01T00:00:00Z", "", false),
        ] {
            assert_eq!(has_arrived(end, now), arrived, "{end} {now}");
        }
    }
}
