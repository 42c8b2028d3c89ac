//! Getting the lock. Owns waiting for another run and the claim of the union; must not touch objects.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::event::{Event, Stop};
use super::job::{Execution, Job, LOCK_TTL_S};
use super::lease::Lease;
use crate::cluster::{Cluster, Code, RootError, Transport};
use crate::inventory::lock::{LockVerdict, judge};
use crate::inventory::{Lock, Phase, codec};

/// How often a run that waits looks at the lock.
const LOOK: Duration = Duration::from_secs(1);

/// Claims the union of what is and what shall be, with the lock, in one write.
pub(super) async fn claim<T: Transport>(execution: &mut Execution<'_, T>) -> Result<Lease, Stop> {
    let (cluster, job, events) = (execution.cluster, execution.job, execution.events);
    if let Some(lock) = &job.inventory.lock {
        // Ours: this run came no further than to the lock.
        let own = lock.holder == job.options.holder;
        if !own && execution.turn.dead.as_ref() != Some(lock) {
            return Err(await_release(execution).await);
        }
        if !own {
            events(Event::LockTakenOver { holder: lock.holder.clone() });
        }
    }
    let lock = Lock::taken(job.options.holder.as_str(), LOCK_TTL_S);
    let union = job.inventory.claim(&job.plan.claim(), &job.options.run_id, lock);
    match Lease::claim(cluster, job.inventory, union, job.root).await {
        Ok(lease) => {
            events(Event::Claimed { entries: lease.entries() });
            Ok(lease)
        }
        Err(error) if error.is_lost_race() => Err(Stop::Moved),
        Err(error) => Err(inventory_stop("claimed", error)),
    }
}

/// Watches the lock until it is released, changes hands or stands still for its ttl. Whatever it was, others may have written
/// objects since this run read them: the caller reads and plans again.
async fn await_release<T: Transport>(execution: &mut Execution<'_, T>) -> Stop {
    let Execution { cluster, job, turn, interrupt, events } = execution;
    let mut sight = job.inventory.lock.clone();
    let mut seen_at = Instant::now();
    // From the same instant, so that a limit of ttl and grace is just enough to see a dead holder.
    let since = *turn.waiting_since.get_or_insert(seen_at);
    loop {
        let holder = sight.as_ref().map(|lock| lock.holder.clone()).unwrap_or_default();
        let (waited, limit) = (since.elapsed(), job.options.lock_timeout);
        if waited >= limit {
            return Stop::Busy { holder };
        }
        events(Event::LockWaiting { holder, waited, limit });
        tokio::select! {
            signal = interrupt.raised() => return Stop::Interrupted(signal),
            () = tokio::time::sleep(LOOK.min(limit.saturating_sub(waited))) => {}
        }
        let now = match cluster.read_root(&job.inventory.root).await {
            Ok(Some(stored)) => stored.inventory.lock,
            Ok(None) => return Stop::Moved,
            Err(error) => return inventory_stop("read", error),
        };
        match judge(sight.as_ref(), now.as_ref(), seen_at.elapsed(), &job.options.holder) {
            LockVerdict::Free | LockVerdict::Ours => return Stop::Moved,
            LockVerdict::Alive => {
                sight = now;
                seen_at = Instant::now();
            }
            LockVerdict::Wait(_) => {}
            LockVerdict::TakeOver => {
                turn.dead = now;
                return Stop::Moved;
            }
        }
    }
}

pub(super) fn inventory_stop(deed: &'static str, error: RootError) -> Stop {
    match error {
        RootError::Request(source) if source.code == Code::LeaseLost => Stop::LeaseLost { reason: source.message },
        RootError::Request(source) => Stop::Inventory { deed, source },
        RootError::Decode(error) => Stop::Encode { reason: error.to_string() },
        RootError::Encode(error) => Stop::Encode { reason: error.to_string() },
    }
}

/// Are there shards that the root does not name? Looked for only where there may be any, and when nothing else is to be written.
pub(super) async fn finds_shards<T: Transport>(cluster: &Cluster<T>, job: &Job<'_>) -> bool {
    let Some(root) = job.root.filter(|root| has_shards(root) || job.inventory.left.shards) else { return false };
    // What cannot be listed now is looked for by the next run.
    cluster.has_stray_shards(job.inventory, root).await.unwrap_or(false)
}

pub(super) fn has_shards(root: &Value) -> bool {
    codec::shards(root).is_ok_and(|shards| !shards.is_empty())
}

/// Is a write of objects or entries needed at all? Entries that are kept (a stuck finalizer, a protection) are no reason to
/// write again.
pub(super) fn is_needed(job: &Job<'_>) -> bool {
    let under_way = job.inventory.lock.is_some() || job.inventory.phase != Phase::Stable;
    let to_roll = job.policy.reload && !job.inventory.reload.is_empty();
    !job.plan.is_noop() || under_way || to_roll || job.options.delete_root
}
