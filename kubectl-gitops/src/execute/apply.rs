//! Applying, wave by wave. Owns the order and the number of requests in flight; one object is `attempt`'s business.

use futures::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::attempt::Request;
use super::event::{Done, Event};
use super::run::Run;
use crate::cluster::{DryRun, Transport};
use crate::plan::{Action, Deed, Wave};

impl<T: Transport> Run<'_, T> {
    /// All waves. What depends on something that failed is skipped by name; the rest goes on.
    pub(super) async fn apply_waves(&self) {
        let waves = &self.job.plan.waves;
        for (number, wave) in waves.iter().enumerate() {
            if self.stopped().is_some() {
                return;
            }
            self.tell_wave(number, waves.len(), wave);
            let applies = stream::iter(wave.actions.clone()).map(|index| self.act(index));
            self.drain(applies.buffer_unordered(self.job.options.in_flight.max(1))).await;
            // Nothing waits for what nothing needs: a run without a change reads no object for it.
            let needed = waves[number + 1..].iter().any(|later| self.sends(later));
            if needed && self.job.options.dry_run == DryRun::No {
                self.make_ready(wave).await;
            }
        }
    }

    fn sends(&self, wave: &Wave) -> bool {
        wave.actions.iter().any(|index| self.job.plan.actions[*index].deed.mutates())
    }

    fn tell_wave(&self, number: usize, of: usize, wave: &Wave) {
        let sends = |index: &&usize| self.job.plan.actions[**index].deed.mutates();
        let actions = wave.actions.iter().filter(sends).count();
        if actions > 0 {
            (self.events)(Event::WaveStarted { number: number + 1, of, actions });
        }
    }

    /// One action, to its one outcome.
    async fn act(&self, index: usize) {
        let action = &self.job.plan.actions[index];
        let begin = Instant::now();
        if let Some(why) = self.why_not(action) {
            return self.end_unsent(index, Done::Skipped, &why);
        }
        let Some(body) = &action.body else {
            return self.end_unsent(index, quiet(&action.deed), &action.reason);
        };
        if !action.deed.mutates() {
            return self.end_unsent(index, quiet(&action.deed), &action.reason);
        }
        (self.events)(Event::ActionStarted { key: action.key.clone() });
        let ending = match self.attempt(&Request { action, body }).await {
            Ok(ending) | Err(ending) => ending,
        };
        self.end(index, ending, begin);
    }

    /// Why an action must not start.
    fn why_not(&self, action: &Action) -> Option<String> {
        if let Some(stop) = self.stopped() {
            return Some(stop.to_string());
        }
        let unfit = self.first_unfit(&action.after)?;
        let before = &self.job.plan.actions[unfit].key;
        Some(format!("it needs {before}, which is not there"))
    }

    /// Waits for those of a wave that later waves need, and discovers again what new definitions serve.
    async fn make_ready(&self, wave: &Wave) {
        let changed = |index: &&usize| {
            let action = &self.job.plan.actions[**index];
            action.body.is_some() && self.first_unfit(&[**index]).is_none()
        };
        let awaited: Vec<usize> = wave.ready.iter().filter(changed).copied().collect();
        if awaited.is_empty() || self.stopped().is_some() {
            return;
        }
        let unready = self.wait_for(&awaited, self.job.options.ready_timeout, false).await;
        for index in unready {
            self.mark_unready(index);
        }
        let defines = |index: &usize| {
            let action = &self.job.plan.actions[*index];
            let kind = action.key.kind.as_str();
            action.deed.mutates() && matches!(kind, "CustomResourceDefinition" | "APIService")
        };
        if awaited.iter().any(defines) {
            match self.cluster.rediscover().await {
                Ok(discovery) => *self.discovery.borrow_mut() = discovery,
                // What needs it fails by name; what does not goes on.
                Err(error) => self.note(&error),
            }
        }
    }

    /// Actions outside of waves and prunes: nothing is sent for them.
    pub(super) fn end_quiet(&self) {
        for (index, action) in self.job.plan.actions.iter().enumerate() {
            if self.has_ended(index) {
                continue;
            }
            match action.deed {
                Deed::Forget => {
                    self.settle_key(&action.key, crate::inventory::Settled::Gone);
                    self.end_unsent(index, Done::Forgotten, &action.reason);
                }
                Deed::Keep | Deed::Unchanged | Deed::Refuse => {
                    self.end_unsent(index, quiet(&action.deed), &action.reason);
                }
                Deed::Create
                | Deed::Update { .. }
                | Deed::Recreate { .. }
                | Deed::ApplyBlind
                | Deed::Prune { .. }
                | Deed::Detach { .. } => {}
            }
        }
    }
}

/// What becomes of an action for which nothing is sent.
fn quiet(deed: &Deed) -> Done {
    match deed {
        Deed::Unchanged => Done::Unchanged,
        Deed::Forget => Done::Forgotten,
        Deed::Refuse => Done::Refused,
        Deed::Keep
        | Deed::Create
        | Deed::Update { .. }
        | Deed::Recreate { .. }
        | Deed::ApplyBlind
        | Deed::Prune { .. }
        | Deed::Detach { .. } => Done::Kept,
    }
}
