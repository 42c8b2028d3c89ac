//! Deleting what left the set. Owns the requests for it and the observation of absence, without which no entry leaves; what
//! may be deleted is the plan's decision, asked again after every conflict.

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::event::{Done, Event};
use super::run::{Ending, Run};
use crate::cluster::{Code, DryRun, Endpoint, Guard, Lookup, Transport};
use crate::inventory::Settled;
use crate::inventory::marks;
use crate::plan::{self, Action, Deed, Observed, Verdict};

/// Conflicts in a row before a deletion is given up: somebody writes the object all the time.
const TRIES_MAX: usize = 5;

impl<T: Transport> Run<'_, T> {
    /// All prunes, wave by wave, each observed to be through (or stuck) before the next.
    pub(super) async fn prune_waves(&self) {
        let waves = &self.job.plan.prunes;
        let objects = waves.iter().map(|wave| wave.actions.len()).sum();
        if objects > 0 {
            (self.events)(Event::PruneStarted { objects });
        }
        for wave in waves {
            if self.stopped().is_some() {
                return;
            }
            let prunes = stream::iter(wave.actions.clone()).map(|index| self.leave(index));
            self.drain(prunes.buffer_unordered(self.job.options.in_flight.max(1))).await;
        }
        // Detached objects stand in no wave.
        let detached = (0..self.job.plan.actions.len()).filter(|index| {
            !self.has_ended(*index) && matches!(self.job.plan.actions[*index].deed, Deed::Detach { .. })
        });
        let detached: Vec<usize> = detached.collect();
        let leaves = stream::iter(detached).map(|index| self.leave(index));
        self.drain(leaves.buffer_unordered(self.job.options.in_flight.max(1))).await;
    }

    async fn leave(&self, index: usize) {
        let action = &self.job.plan.actions[index];
        let begin = Instant::now();
        if let Some(stop) = self.stopped() {
            return self.end_unsent(index, Done::Skipped, &stop);
        }
        // A namespace or a definition takes everything along that is still in it or of it: others' objects too, if one was
        // found to have changed hands meanwhile.
        if let Some(place) = action.after.iter().find(|place| !self.is_gone(**place)) {
            let holds = &self.job.plan.actions[*place].key;
            return self.end_unsent(index, Done::Kept, &format!("{holds} is still there"));
        }
        (self.events)(Event::ActionStarted { key: action.key.clone() });
        let ending = match self.remove(action).await {
            Ok(ending) | Err(ending) => ending,
        };
        self.end(index, ending, begin);
    }

    async fn remove(&self, action: &Action) -> Result<Ending, Ending> {
        let key = &action.key;
        let Some(endpoint) = self.prune_endpoint(action) else {
            return Ok(Ending::well(Done::Kept, &"its kind is not served now"));
        };
        let mut verdict = Verdict { deed: action.deed.clone(), reason: action.reason.clone() };
        for _ in 0..TRIES_MAX {
            let conflict = match &verdict.deed {
                Deed::Prune { uid, resource_version, terminating } => {
                    let guard = Guard::exactly(uid, resource_version);
                    match self.delete(action, &endpoint, &guard, *terminating).await? {
                        None => true,
                        Some(done) => return Ok(Ending { reason: verdict_reason(&done, &verdict), ..done }),
                    }
                }
                Deed::Detach { uid, resource_version } => {
                    !self.detach(action, &endpoint, &Guard::exactly(uid, resource_version)).await?
                }
                Deed::Forget => {
                    self.settle_key(key, Settled::Gone);
                    return Ok(Ending::well(Done::Forgotten, &verdict.reason));
                }
                Deed::Keep
                | Deed::Refuse
                | Deed::Unchanged
                | Deed::Create
                | Deed::Update { .. }
                | Deed::Recreate { .. }
                | Deed::ApplyBlind => return Ok(Ending::well(Done::Kept, &verdict.reason)),
            };
            if !conflict {
                return Ok(Ending::well(Done::Forgotten, &verdict.reason));
            }
            let observed = self.cluster.observe_key(&endpoint, key).await.map_err(|error| self.fail(&error))?;
            if let Observed::Unreadable { reason } = observed {
                return Err(Ending { done: Done::Failed, reason, code: Some(Code::Forbidden) });
            }
            verdict = plan::prune_recheck(action, &observed, self.job.inventory, self.job.policy);
        }
        let reason = format!("{} is changed by somebody else again and again", key.short());
        Err(Ending { done: Done::Failed, reason, code: Some(Code::Conflict) })
    }

    /// None after a conflict.
    async fn delete(
        &self,
        action: &Action,
        endpoint: &Endpoint,
        guard: &Guard,
        terminating: bool,
    ) -> Result<Option<Ending>, Ending> {
        let key = &action.key;
        let dry_run = self.job.options.dry_run;
        if !terminating {
            match self.cluster.delete(endpoint, &key.namespace, &key.name, guard, dry_run).await {
                Ok(()) => {}
                Err(error) if matches!(error.code, Code::NotFound | Code::NotServed) => {}
                Err(error) if error.code == Code::Conflict => return Ok(None),
                Err(error) => return Err(self.fail(&error)),
            }
        }
        if dry_run == DryRun::Server {
            return Ok(Some(Ending::well(Done::Pruned, &"")));
        }
        let Guard::Exactly { uid, .. } = guard else { return Ok(None) };
        let limit: Duration = self.job.options.prune_timeout;
        match self.await_absence(endpoint, key, uid, limit).await.map_err(|error| self.fail(&error))? {
            None => {
                self.settle_key(key, Settled::Gone);
                Ok(Some(Ending::well(Done::Pruned, &"")))
            }
            Some(held) => {
                let reason = format!("it is being deleted and not gone yet{held}; its entry stays");
                (self.events)(Event::Warning { key: Some(key.clone()), text: reason.clone() });
                Ok(Some(Ending { done: Done::Kept, reason, code: Some(Code::Timeout) }))
            }
        }
    }

    /// Removes our marks; false after a conflict.
    async fn detach(&self, action: &Action, endpoint: &Endpoint, guard: &Guard) -> Result<bool, Ending> {
        if self.job.options.dry_run == DryRun::Server {
            return Ok(true);
        }
        let patch = json!({"metadata": {
            "labels": {marks::MEMBER_LABEL: Value::Null},
            "annotations": {marks::OWNER_ANNOTATION: Value::Null, marks::ADOPTED_ANNOTATION: Value::Null},
        }});
        match self.cluster.merge(endpoint, &action.key, &patch, guard).await {
            Ok(_) => {
                self.settle_key(&action.key, Settled::Disowned);
                Ok(true)
            }
            Err(error) if error.code == Code::NotFound => {
                self.settle_key(&action.key, Settled::Gone);
                Ok(true)
            }
            Err(error) if error.code == Code::Conflict => Ok(false),
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// In the version on record where it is still served.
    fn prune_endpoint(&self, action: &Action) -> Option<Endpoint> {
        let kind = action.key.group_kind();
        let recorded = self.job.inventory.entries.get(&action.key).map(|entry| entry.version.as_str());
        let discovery = self.discovery.borrow();
        match discovery.lookup(&kind) {
            Lookup::Served(served) => {
                let version = recorded.and_then(|version| served.version(version));
                Some(Endpoint::new(&kind, version.unwrap_or_else(|| served.preferred())))
            }
            Lookup::NotServed | Lookup::Unknown => None,
        }
    }
}

fn verdict_reason(ending: &Ending, verdict: &Verdict) -> String {
    if ending.reason.is_empty() { verdict.reason.to_string() } else { ending.reason.clone() }
}
