//! The end of a run: what was observed becomes the inventory, the lock is released, garbage is collected. Owns the record of
//! the run; must not touch objects.

use super::claim::{has_shards, inventory_stop};
use super::event::{Done, Event, Outcome, Stop, WaitEnd, Waited};
use super::job::Job;
use super::lease::Lease;
use super::run::Run;
use crate::cluster::{Cluster, Transport};
use crate::inventory::RunEnd;
use crate::inventory::{Inventory, Phase, RunRecord, RunResult, has_arrived};

/// What is left in the inventory after a run.
pub(super) struct Settlement {
    pub(super) entries: usize,
}

impl<T: Transport> Run<'_, T> {
    /// Writes what was observed and releases the lock. A union that was not settled stays: that is what it is for.
    pub(super) async fn settle(&self, lease: &Lease, stop: Option<&Stop>) -> Result<Settlement, Stop> {
        let mut observed = self.job.plan.observed(self.job.inventory);
        observed.extend(self.settled.borrow().clone());
        let union = lease.inventory();
        let kinds = union.kinds();
        let settled = union.settle(&observed);
        let end = run_end(self.job, &self.outcomes(), &self.waited(), stop);
        let mut next = settled.finish(end);
        let (earlier, now) = (&self.job.inventory.last, (self.job.options.clock)());
        let arrived = earlier.as_ref().is_none_or(|earlier| has_arrived(&earlier.time, &now));
        next.note_left(kinds, next.phase == Phase::Stable && arrived);
        next.reloaded(&self.reloaded.borrow(), self.job.policy.reload);
        let entries = next.entries.len();
        let written = |error| inventory_stop("settled", error);
        if self.job.options.delete_root && entries == 0 && stop.is_none() && self.all_well() {
            self.delete_set(lease, &next).await?;
            return Ok(Settlement { entries });
        }
        // With shards the lock is held until those that nothing names any more are gone: only its holder may delete them.
        // A root that was lost left its own behind, a run that was not finished perhaps, too.
        let before = self.job.inventory;
        let had = lease.has_shards() || self.job.root.is_some_and(has_shards);
        let unfinished = before.rebuilt || before.lock.is_some() || before.phase != Phase::Stable;
        if (had || unfinished || before.left.shards) && stop.is_none() {
            let held = Inventory { lock: lease.inventory().lock, phase: Phase::Pruning, ..next.clone() };
            let root = lease.write(self.cluster, held).await.map_err(written)?;
            let collected = self.cluster.collect_shards(&next, &root).await;
            // What cannot be collected now is collected by the next run.
            if let Err(error) = &collected {
                (self.events)(Event::Warning { key: None, text: error.to_string() });
            }
            next.left.shards = !has_shards(&root) && (had || collected.map_or(true, |count| count > 0));
        }
        lease.write(self.cluster, next).await.map_err(written)?;
        (self.events)(Event::Settled { entries });
        Ok(Settlement { entries })
    }

    /// Everything is gone: shards first, the root last, since it is the only memory of them.
    async fn delete_set(&self, lease: &Lease, next: &Inventory) -> Result<(), Stop> {
        let held = Inventory { lock: lease.inventory().lock, ..next.clone() };
        let root = lease.write(self.cluster, held).await.map_err(|error| inventory_stop("settled", error))?;
        let removed = |source| Stop::Inventory { deed: "removed", source };
        self.cluster.collect_shards(next, &root).await.map_err(removed)?;
        lease.delete(self.cluster).await.map_err(removed)?;
        (self.events)(Event::Settled { entries: 0 });
        Ok(())
    }
}

/// A run that touched nothing: the root is written only if it says something new.
pub(super) async fn settle_quietly<T: Transport>(
    cluster: &Cluster<T>,
    job: &Job<'_>,
    end: RunEnd,
) -> Result<Settlement, Stop> {
    let before = job.inventory;
    let mut next = before.without_entries().finish(end);
    // What was to roll was rolled under a lock, or nobody wants it any more.
    next.reload.retain(|key| job.policy.reload && before.entries.contains_key(key));
    let entries = before.entries.len();
    if job.root.is_some() && before.speaks_otherwise(&next) {
        next.entries.clone_from(&before.entries);
        match cluster.write_root(&next, job.root).await {
            Ok(_) => {}
            Err(error) if error.is_lost_race() => return Err(Stop::Moved),
            Err(error) => return Err(inventory_stop("updated", error)),
        }
    }
    Ok(Settlement { entries })
}

pub(super) fn run_end(job: &Job<'_>, outcomes: &[Outcome], waited: &[Waited], stop: Option<&Stop>) -> RunEnd {
    let Job { options, inventory: before, policy, .. } = job;
    let failed = outcomes.iter().find(|outcome| outcome.done == Done::Failed);
    let failed = failed.or_else(|| outcomes.iter().find(|outcome| outcome.done.is_failure()));
    let unhealthy = waited.iter().find(|waited| waited.end != WaitEnd::Ready);
    let result = match (stop, failed, unhealthy) {
        (Some(Stop::Interrupted(_)), _, _) => RunResult::Interrupted,
        (Some(_), _, _) | (None, Some(_), _) => RunResult::Failed,
        (None, None, Some(_)) => RunResult::Unhealthy,
        (None, None, None) => RunResult::Succeeded,
    };
    let message = match (stop, failed, unhealthy) {
        (_, Some(outcome), _) => format!("{}: {}", outcome.key.short(), outcome.reason),
        (_, None, Some(waited)) => describe_wait(waited),
        (Some(stop), None, None) => stop.to_string(),
        (None, None, None) => String::new(),
    };
    let record = RunRecord {
        run_id: options.run_id.clone(),
        time: (options.clock)(),
        revision: options.revision.clone(),
        result,
        message,
    };
    // A failed wait stops pruning, and applied is not healthy: only a run without either counts as applied.
    let complete = result == RunResult::Succeeded;
    let source = options.source.clone().or_else(|| before.source.clone());
    let full = (policy.full || policy.refresh) && result != RunResult::Interrupted;
    let (inputs_digest, driver) = (options.inputs_digest.clone(), options.driver.clone());
    let sources = options.sources.clone();
    RunEnd { record, source, complete, inputs_digest, sources, driver, full }
}

fn describe_wait(waited: &Waited) -> String {
    let word = if matches!(waited.end, WaitEnd::Failed(_)) { "failed" } else { "is not ready" };
    waited.why().map_or_else(String::new, |why| format!("{} {word}: {why}", waited.key.short()))
}
