//! What a set of objects remembers between runs. Owns [`Inventory`], its stored form ([`codec`]), its transitions
//! (`step`), the lock ([`lock`]), the marks on members ([`marks`]), the fields that an object gives away ([`given`]) and the digests ([`digest`]). Must not know a client,
//! a clock, randomness or files: random bytes, times and elapsed durations come in as arguments.
//!
//! Invariants: I1 a key is stored before the first mutating call on it; I2 it leaves only after its absence, another
//! object under its name or a foreign owner was observed, or after the user disowned it; I3 it never lists its own root or
//! shards; I4 every write carries the resourceVersion that was read; I5 `decode(encode(x)) == x`, and a stored form we do
//! not know is an error, never an empty inventory.

pub mod codec;
pub mod digest;
mod entry;
pub mod given;
mod id;
mod left;
pub mod lock;
pub mod marks;
mod status;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use krm::ObjectKey;

pub use digest::Digest;
pub use entry::{Entry, State};
pub use id::{InventoryId, ParseInventoryIdError, RootRef};
pub use left::{Left, has_arrived};
pub use lock::{LockVerdict, TAKEOVER_GRACE, judge};
pub use status::{Lock, Phase, RunRecord, RunResult, Source};
pub use step::{Claim, ClaimApply, ClaimPrune, OtherSource, RunEnd, Settled};

/// One applied set: who it is, what it holds, how its last run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Its identity, minted once.
    pub id: InventoryId,
    /// Where its root lives.
    pub root: RootRef,
    /// The run that wrote it last.
    pub run_id: String,
    /// What that run was doing.
    pub phase: Phase,
    /// Who works on it now.
    pub lock: Option<Lock>,
    /// What it is applied from; none only before the first run.
    pub source: Option<Source>,
    /// Revision that was applied completely; empty if none was.
    pub revision: String,
    /// Revision of the last attempt.
    pub attempted: String,
    /// Digest of everything the last complete run read; empty if unknown.
    pub inputs_digest: String,
    /// What ran it last: `cronjob/sync`, `systemd/pi-1`, `person`; empty if nobody said so.
    pub driver: String,
    /// When every object was applied last, whatever the digests said, RFC 3339; empty if never.
    pub full: String,
    /// Was it suspended by its owner.
    pub suspended: bool,
    /// How the last run ended.
    pub last: Option<RunRecord>,
    /// Earlier runs, newest first, at most five.
    pub history: Vec<RunRecord>,
    /// The members, and what is about to be one.
    pub entries: BTreeMap<ObjectKey, Entry>,
    /// ConfigMaps and Secrets among the members whose content changed, and whose users outside of the set have not rolled yet.
    pub reload: BTreeSet<ObjectKey>,
    /// ConfigMaps and Secrets that the set uses and does not bring, each in the version in which its hash was taken (empty if it was not
    /// there). Only where a run may be spared by an equal digest of what was read.
    pub sources: BTreeMap<ObjectKey, String>,
    /// What may still come of earlier runs.
    pub left: Left,
    /// Rebuilt from the marks on objects after its root was lost: nothing is pruned in such a run.
    pub rebuilt: bool,
}

impl Inventory {
    /// A set that holds nothing yet.
    pub fn new(id: InventoryId, root: RootRef) -> Self {
        Self {
            id,
            root,
            run_id: String::new(),
            phase: Phase::Stable,
            lock: None,
            source: None,
            revision: String::new(),
            attempted: String::new(),
            inputs_digest: String::new(),
            driver: String::new(),
            full: String::new(),
            suspended: false,
            last: None,
            history: Vec::new(),
            entries: BTreeMap::new(),
            reload: BTreeSet::new(),
            sources: BTreeMap::new(),
            left: Left::default(),
            rebuilt: false,
        }
    }

    /// Does it only tell of attempts? Then it is as good as none, whatever phase it was interrupted in: what it was before may
    /// still be read from its members.
    pub fn is_blank(&self) -> bool {
        self.lock.is_none() && self.entries.is_empty() && self.revision.is_empty()
    }

    /// Nothing is under way and nothing is left over from an aborted run.
    pub fn is_settled(&self) -> bool {
        self.phase == Phase::Stable
            && self.lock.is_none()
            && self.reload.is_empty()
            && self.entries.values().all(|entry| entry.state == State::Owned)
    }
}
