//! Carrying out a plan: claim, apply, wait, prune, settle. Owns [`Event`] and [`Outcome`]; makes no choice that the plan
//! did not make, and prints nothing.

mod absence;
mod apply;
mod arrival;
mod attempt;
mod awaited;
mod claim;
pub mod event;
mod interrupt;
mod job;
mod lease;
mod once;
mod prune;
mod rehearse;
mod roll;
mod run;
mod settle;
mod survey;
mod wait;

use std::time::Duration;

use tokio::time::Instant;

pub use event::{Done, Event, Executed, Outcome, Rolled, Signal, Stop, WaitEnd, Waited};
pub use interrupt::{Interrupt, Raise};
pub use job::{Execution, Job, LOCK_TTL_S, Options, Sink, Turn};
pub use once::made as with_values_made_once;
pub use rehearse::rehearse;
pub use survey::{Unknown, WouldRoll, would_roll};

use crate::cluster::{ClusterError, Code, DryRun, Endpoint, Transport, Verb};
use crate::plan::Deed;
use lease::Lease;
use run::Run;

/// After a signal, so long for the work that is under way, and so long for everything.
const WORK_LIMIT: Duration = Duration::from_millis(3500);
const RUN_LIMIT: Duration = Duration::from_millis(4700);

/// Carries a plan out. [`Stop::Moved`] asks the caller to read and plan again as long as [`Turn::again`] allows.
pub async fn execute<T: Transport>(mut execution: Execution<'_, T>) -> Executed {
    let begin = Instant::now();
    let cluster = execution.cluster;
    // Large: everything that a run does.
    let mut executed = Box::pin(carry_out(&mut execution)).await;
    executed.traffic = cluster.traffic();
    executed.elapsed = begin.elapsed();
    executed
}

async fn carry_out<T: Transport>(execution: &mut Execution<'_, T>) -> Executed {
    let (cluster, job) = (execution.cluster, execution.job);
    let dry = Run::new(execution, None);
    if let Some(refusal) = &job.plan.refusal {
        dry.refuse();
        return dry.result(Some(Stop::Refused(refusal.clone())), None);
    }
    if job.options.dry_run == DryRun::Server {
        dry.work().await;
        return dry.result(dry.stopped(), None);
    }
    if !claim::is_needed(job) && !claim::finds_shards(cluster, job).await {
        dry.work().await;
        if let Some(stop) = dry.stopped() {
            return dry.result(Some(stop), None);
        }
        let end = settle::run_end(job, &dry.outcomes(), &dry.waited(), None);
        let settled = settle::settle_quietly(cluster, job, end).await;
        return dry.result(settled.as_ref().err().cloned(), settled.ok());
    }
    let interrupt = execution.interrupt.clone();
    let claimed = dry.unless_overdue(WORK_LIMIT, claimed(execution)).await;
    let lease = match claimed.unwrap_or_else(|| Err(Stop::Interrupted(interrupt.signal().unwrap_or(Signal::Terminate))))
    {
        Ok(lease) => lease,
        Err(stop) => {
            if stop != Stop::Moved {
                dry.skip_rest(&stop.to_string());
            }
            return dry.result(Some(stop), None);
        }
    };
    let run = Run::new(execution, Some(&lease));
    tokio::select! {
        biased;
        () = lease.keep(cluster) => {}
        _ = run.unless_overdue(WORK_LIMIT, run.work()) => {}
    }
    let stop = run.stopped();
    if let Some(stop) = &stop {
        run.skip_rest(&stop.to_string());
    }
    if matches!(stop, Some(Stop::LeaseLost { .. })) {
        return run.result(stop, None);
    }
    let settled = run.unless_overdue(RUN_LIMIT, run.settle(&lease, stop.as_ref())).await.unwrap_or_else(|| {
        let source =
            ClusterError::local(Code::Timeout, Verb::Update, "the inventory", "no answer in time after the signal");
        Err(Stop::Inventory { deed: "settled", source })
    });
    run.result(stop.or_else(|| settled.as_ref().err().cloned()), settled.ok())
}

/// The lock and the union. Namespaces that the user wants created come first, since the inventory may live in one.
async fn claimed<T: Transport>(execution: &mut Execution<'_, T>) -> Result<Lease, Stop> {
    for namespace in &execution.job.plan.namespaces {
        let object = serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.as_str()},
        });
        match execution.cluster.create(&Endpoint::namespaces(), &object, DryRun::No).await {
            Ok(_) => {}
            Err(error) if error.code == Code::AlreadyExists => {}
            Err(error) => return Err(Stop::Cluster(error)),
        }
    }
    claim::claim(execution).await
}

impl<T: Transport> Run<'_, T> {
    /// Apply, wait, prune. Deletions only after everything before them went well.
    async fn work(&self) {
        self.apply_waves().await;
        self.end_quiet();
        if self.lease.is_some() {
            self.roll_users().await;
        }
        let mut healthy = true;
        if let Some(limit) = self.job.options.wait.filter(|_| self.lease_or_quiet()) {
            let applied: Vec<usize> = (0..self.job.plan.actions.len())
                .filter(|index| self.job.plan.actions[*index].deed.applies() && self.first_unfit(&[*index]).is_none())
                .collect();
            healthy = self.stopped().is_some() || self.wait_for(&applied, limit, true).await.is_empty();
        }
        if self.all_well() && healthy && self.stopped().is_none() {
            self.prune_waves().await;
        }
        let why = if healthy { "something before it failed" } else { "not everything became healthy" };
        let stop = self.stopped();
        self.skip_rest(&stop.map_or_else(|| why.to_owned(), |stop| stop.to_string()));
    }

    fn lease_or_quiet(&self) -> bool {
        self.job.options.dry_run == DryRun::No
    }

    fn refuse(&self) {
        for (index, action) in self.job.plan.actions.iter().enumerate() {
            if action.deed == Deed::Refuse {
                self.end_unsent(index, Done::Refused, &action.reason);
            }
        }
        self.skip_rest("nothing is done, because the plan is refused");
    }

    fn result(&self, stop: Option<Stop>, settlement: Option<settle::Settlement>) -> Executed {
        Executed {
            outcomes: self.take_outcomes(),
            waited: self.waited(),
            rolled: self.rolled.borrow().clone(),
            stop,
            settled: settlement.is_some(),
            entries: settlement.map_or(self.job.inventory.entries.len(), |settlement| settlement.entries),
            ..Executed::default()
        }
    }
}

#[cfg(test)]
mod tests;
