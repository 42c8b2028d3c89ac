//! How an inventory changes. Owns the write-ahead union, what an observation may do to an entry, and what a run leaves
//! behind. Must not know plans or requests: it is told keys and what was observed.

use std::collections::{BTreeMap, BTreeSet};

use krm::ObjectKey;

use super::status::{HISTORY_MAX, MESSAGE_MAX};
use super::{Digest, Entry, Inventory, Lock, Phase, RunRecord, Source, State};

/// Message kept of runs before the last, in bytes: five of them stay small.
const HISTORY_MESSAGE_MAX: usize = 80;

/// What a run is about to touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// Everything desired.
    pub applies: Vec<ClaimApply>,
    /// Everything to be deleted or detached, strays included.
    pub prunes: Vec<ClaimPrune>,
    /// Strays that are not deleted in this run: they become members again.
    pub keeps: Vec<ClaimPrune>,
    /// Members whose content changes, so that their users outside of the set are to roll.
    pub reload: BTreeSet<ObjectKey>,
}

/// One desired object of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimApply {
    /// The object.
    pub key: ObjectKey,
    /// The version it is written in.
    pub version: String,
    /// It will be created: the uid on record, if there is one, is or will be a dead object's.
    pub creates: bool,
    /// It exists and is not ours yet.
    pub adopted: bool,
}

/// One object of a claim that is not desired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPrune {
    /// The object.
    pub key: ObjectKey,
    /// The version it was seen in.
    pub version: String,
    /// The uid that was judged.
    pub uid: String,
}

/// What was observed of one key; only this moves an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It was applied, and the answer said so.
    Applied {
        /// The version it was sent in.
        version: String,
        /// Its uid.
        uid: String,
        /// It existed before us.
        adopted: bool,
        /// None for Secrets.
        desired_hash: Option<Digest>,
        /// None for Secrets.
        live_digest: Option<Digest>,
    },
    /// A GET answered 404, or another uid than the deleted one.
    Gone,
    /// It carries another owner, or none.
    OwnedElsewhere,
    /// Our marks were removed on the user's wish.
    Disowned,
}

/// How a run ended, for the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// What is kept of it.
    pub record: RunRecord,
    /// The set's source.
    pub source: Option<Source>,
    /// Everything was applied and pruned: the revision counts as applied.
    pub complete: bool,
    /// Digest of everything read; empty if unknown.
    pub inputs_digest: String,
    /// What the set uses and does not bring.
    pub sources: BTreeMap<ObjectKey, String>,
    /// What ran it; empty to leave what is on record.
    pub driver: String,
    /// Every object was to be applied, whatever the digests said.
    pub full: bool,
}

impl Inventory {
    /// The union that must be stored before the first mutating call (I1), with the lock, as one write.
    #[must_use]
    pub fn claim(&self, claim: &Claim, run_id: &str, lock: Lock) -> Self {
        let mut next = self.clone();
        for apply in &claim.applies {
            let fresh = || Entry { adopted: apply.adopted, ..Entry::intent(apply.version.clone()) };
            let entry = next.entries.entry(apply.key.clone()).or_insert_with(fresh);
            if entry.state == State::Pruning {
                entry.state = State::Intent;
            }
            if apply.creates {
                entry.state = State::Intent;
                entry.uid = None;
                // What was there before us is gone, and what comes is ours from the first.
                entry.adopted = apply.adopted;
            }
        }
        for prune in &claim.prunes {
            let fresh = || Entry { uid: Some(prune.uid.clone()), ..Entry::intent(prune.version.clone()) };
            let entry = next.entries.entry(prune.key.clone()).or_insert_with(fresh);
            entry.state = State::Pruning;
        }
        for keep in &claim.keeps {
            let fresh =
                || Entry { uid: Some(keep.uid.clone()), state: State::Owned, ..Entry::intent(keep.version.clone()) };
            next.entries.entry(keep.key.clone()).or_insert_with(fresh);
        }
        next.reload.extend(claim.reload.iter().cloned());
        next.phase = Phase::Applying;
        run_id.clone_into(&mut next.run_id);
        next.lock = Some(lock);
        next
    }

    /// Applies what was observed. An entry that nothing was observed of stays as it is (I2).
    #[must_use]
    pub fn settle(self, settled: &BTreeMap<ObjectKey, Settled>) -> Self {
        let mut next = self;
        for (key, observed) in settled {
            match observed {
                Settled::Applied { version, uid, adopted, desired_hash, live_digest } => {
                    let was_adopted = next.entries.get(key).is_some_and(|entry| entry.adopted);
                    let entry = Entry {
                        version: version.clone(),
                        uid: Some(uid.clone()),
                        state: State::Owned,
                        adopted: *adopted || was_adopted,
                        desired_hash: *desired_hash,
                        live_digest: *live_digest,
                    };
                    next.entries.insert(key.clone(), entry);
                }
                Settled::Gone | Settled::OwnedElsewhere | Settled::Disowned => {
                    next.entries.remove(key);
                }
            }
        }
        next
    }

    /// Ends a run: releases the lock and records how it went. The phase becomes stable only after a complete run, so that
    /// an aborted one is seen by the next.
    #[must_use]
    pub fn finish(self, end: RunEnd) -> Self {
        let mut next = self;
        next.lock = None;
        next.attempted.clone_from(&end.record.revision);
        if end.source.is_some() {
            next.source = end.source;
        }
        if !end.driver.is_empty() {
            next.driver = end.driver;
        }
        // In vain or not: a set that fails is not applied as a whole again and again.
        if end.full || (end.complete && next.full.is_empty()) {
            next.full.clone_from(&end.record.time);
        }
        if end.complete {
            next.phase = Phase::Stable;
            next.rebuilt = false;
            next.revision.clone_from(&end.record.revision);
            // Without a digest every run builds anyway, and looks at them.
            next.sources = if end.inputs_digest.is_empty() { BTreeMap::new() } else { end.sources };
            next.inputs_digest = end.inputs_digest;
        }
        next.remember(end.record);
        next
    }

    /// Takes out of what is to roll its users what did, and what is no member any more. All of it where nobody wants that.
    pub fn reloaded(&mut self, done: &BTreeSet<ObjectKey>, wanted: bool) {
        let entries = &self.entries;
        self.reload.retain(|key| wanted && !done.contains(key) && entries.contains_key(key));
    }

    /// Keeps the record of an attempt that came to no plan: no source, no build. Entries, phase and the applied revision stay.
    #[must_use]
    pub fn noted(&self, record: RunRecord, source: &Source, driver: &str) -> Self {
        let mut next = self.clone();
        next.source.get_or_insert_with(|| source.clone());
        driver.clone_into(&mut next.driver);
        if !record.revision.is_empty() {
            next.attempted.clone_from(&record.revision);
        }
        next.remember(record);
        next
    }

    /// Makes `record` the last run; the one before it becomes history if it differs in what matters.
    fn remember(&mut self, mut record: RunRecord) {
        record.message = cut(&record.message, MESSAGE_MAX);
        if let Some(mut earlier) = self.last.take()
            && (earlier.result != record.result || earlier.revision != record.revision)
        {
            earlier.message = cut(&earlier.message, HISTORY_MESSAGE_MAX);
            self.history.insert(0, earlier);
            self.history.truncate(HISTORY_MAX);
        }
        self.run_id.clone_from(&record.run_id);
        self.last = Some(record);
    }

    /// Is `next` worth a write? Not for the sake of a time or a run id alone: SD cards wear.
    pub fn differs(&self, next: &Self) -> bool {
        self.entries != next.entries || self.speaks_otherwise(next)
    }

    /// The same of all but the entries.
    pub fn speaks_otherwise(&self, next: &Self) -> bool {
        let timeless = |inventory: &Self| {
            let mut copy = inventory.without_entries();
            copy.run_id.clear();
            copy.driver.clear();
            copy.full.clear();
            for record in copy.last.iter_mut().chain(&mut copy.history) {
                record.run_id.clear();
                record.time.clear();
            }
            copy
        };
        timeless(self) != timeless(next)
    }

    /// A copy without the entries, which may be thousands.
    #[must_use]
    pub fn without_entries(&self) -> Self {
        Self {
            id: self.id,
            root: self.root.clone(),
            run_id: self.run_id.clone(),
            phase: self.phase,
            lock: self.lock.clone(),
            source: self.source.clone(),
            revision: self.revision.clone(),
            attempted: self.attempted.clone(),
            inputs_digest: self.inputs_digest.clone(),
            driver: self.driver.clone(),
            full: self.full.clone(),
            suspended: self.suspended,
            last: self.last.clone(),
            history: self.history.clone(),
            entries: BTreeMap::new(),
            reload: self.reload.clone(),
            sources: self.sources.clone(),
            left: self.left.clone(),
            rebuilt: self.rebuilt,
        }
    }

    /// May a set be applied from `source`? Two directories called `prod` must not prune each other, so under a name that
    /// was derived (from the directory or the kustomization) the source must be the recorded one.
    pub fn accepts(&self, source: &Source, name_was_derived: bool) -> Result<(), OtherSource> {
        match &self.source {
            Some(recorded) if name_was_derived && recorded != source => {
                Err(OtherSource { root: self.root.clone(), recorded: recorded.clone(), now: source.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// A derived name led to another directory's inventory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the inventory {root} belongs to {recorded}, and this is {now}")]
pub struct OtherSource {
    /// The inventory.
    pub root: super::RootRef,
    /// What it is applied from.
    pub recorded: Source,
    /// What this run wants to apply.
    pub now: Source,
}

/// At most `max` bytes, on one line, cut between characters.
fn cut(text: &str, max: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() <= max {
        return line;
    }
    let mut end = max.saturating_sub('…'.len_utf8());
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &line[..end])
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
