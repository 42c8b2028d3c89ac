//! The state of one run: what ended how, what was observed, what stops it. Owns the bookkeeping that every phase shares;
//! must not send requests.

use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use futures::stream::{Stream, StreamExt as _};
use krm::ObjectKey;
use tokio::time::Instant;

use super::event::{Done, Event, Outcome, Rolled, Signal, Stop, Waited};
use super::interrupt::Interrupt;
use super::job::{Execution, Job, Sink};
use super::lease::Lease;
use crate::cluster::{Cluster, ClusterError, Code, Discovery, Transport};
use crate::inventory::Settled;

/// After a signal, requests under way get so long.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

/// One run.
pub(super) struct Run<'a, T> {
    pub(super) cluster: &'a Cluster<T>,
    pub(super) job: &'a Job<'a>,
    pub(super) events: Sink<'a>,
    pub(super) interrupt: &'a Interrupt,
    /// None in a dry run.
    pub(super) lease: Option<&'a Lease>,
    pub(super) discovery: RefCell<Rc<Discovery>>,
    pub(super) settled: RefCell<BTreeMap<ObjectKey, Settled>>,
    pub(super) waited: RefCell<Vec<Waited>>,
    /// Workloads of others that were rolled.
    pub(super) rolled: RefCell<Vec<Rolled>>,
    /// Members whose users have rolled.
    pub(super) reloaded: RefCell<BTreeSet<ObjectKey>>,
    outcomes: RefCell<Vec<Outcome>>,
    /// By index of the action. Not ready counts as not done for those that depend on it.
    ended: RefCell<BTreeMap<usize, Done>>,
    unreachable: RefCell<Option<ClusterError>>,
    signalled: Cell<Option<Instant>>,
}

/// How one action ended, before it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) done: Done,
    pub(super) reason: String,
    pub(super) code: Option<Code>,
}

impl Ending {
    pub(super) fn well(done: Done, reason: &impl ToString) -> Self {
        Self { done, reason: reason.to_string(), code: None }
    }

    pub(super) fn failed(error: &ClusterError) -> Self {
        let done = if matches!(error.code, Code::LeaseLost | Code::Interrupted) { Done::Skipped } else { Done::Failed };
        Self { done, reason: error.message.clone(), code: Some(error.code) }
    }
}

impl<'a, T: Transport> Run<'a, T> {
    pub(super) fn new(execution: &Execution<'a, T>, lease: Option<&'a Lease>) -> Self {
        let Execution { cluster, job, interrupt, events, .. } = *execution;
        Self {
            cluster,
            job,
            events,
            interrupt,
            lease,
            discovery: RefCell::new(Rc::clone(&job.discovery)),
            settled: RefCell::default(),
            waited: RefCell::default(),
            rolled: RefCell::default(),
            reloaded: RefCell::default(),
            outcomes: RefCell::default(),
            ended: RefCell::default(),
            unreachable: RefCell::default(),
            signalled: Cell::new(None),
        }
    }

    /// Why nothing new may start, if so. Lock and cluster are gone for the whole run, not for one object.
    pub(super) fn stopped(&self) -> Option<Stop> {
        if let Some(signal) = self.signal() {
            return Some(Stop::Interrupted(signal));
        }
        if let Some(reason) = self.lease.and_then(Lease::lost) {
            return Some(Stop::LeaseLost { reason });
        }
        let unreachable = self.unreachable.borrow();
        unreachable.as_ref().map(|error| Stop::Cluster(error.clone()))
    }

    fn signal(&self) -> Option<Signal> {
        let signal = self.interrupt.signal()?;
        if self.signalled.get().is_none() {
            self.signalled.set(Some(Instant::now()));
            self.cluster.stop_retrying();
            (self.events)(Event::Interrupted(signal));
        }
        Some(signal)
    }

    /// What is under way, or nothing if a signal comes and it does not end in time after it: nobody waits for a server that does
    /// not answer. `limit` counts from the signal.
    pub(super) async fn unless_overdue<R>(&self, limit: Duration, work: impl Future<Output = R>) -> Option<R> {
        let overdue = async {
            self.interrupt.raised().await;
            self.stopped();
            let since = self.signalled.get().unwrap_or_else(Instant::now);
            tokio::time::sleep_until(since + limit).await;
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = overdue => None,
        }
    }

    /// The one outcome of an action.
    pub(super) fn end(&self, index: usize, ending: Ending, since: Instant) {
        let Ending { done, reason, code } = ending;
        let elapsed = since.elapsed();
        let outcome = Outcome { key: self.job.plan.actions[index].key.clone(), done, reason, code, elapsed };
        let before = self.ended.borrow_mut().insert(index, done);
        debug_assert!(before.is_none(), "an action ends once: {}", outcome.key);
        self.outcomes.borrow_mut().push(outcome.clone());
        (self.events)(Event::ActionDone(outcome));
    }

    /// The same for an action for which nothing was sent.
    pub(super) fn end_unsent(&self, index: usize, done: Done, reason: &impl ToString) {
        self.end(index, Ending::well(done, reason), Instant::now());
    }

    /// Remembers that nothing can be had from the cluster any more, after all retries.
    pub(super) fn note(&self, error: &ClusterError) {
        let general = matches!(error.code, Code::Unreachable | Code::Timeout | Code::Unauthorized);
        if general && self.unreachable.borrow().is_none() {
            *self.unreachable.borrow_mut() = Some(error.clone());
        }
    }

    pub(super) fn has_ended(&self, index: usize) -> bool {
        self.ended.borrow().contains_key(&index)
    }

    /// Did everything of these end well? Names the first that did not.
    pub(super) fn first_unfit(&self, indexes: &[usize]) -> Option<usize> {
        let ended = self.ended.borrow();
        let fit = |index: &usize| ended.get(index).is_some_and(|done| !done.is_failure());
        indexes.iter().find(|index| !fit(index)).copied()
    }

    /// Was the object of this action observed to be gone (or would be, in a dry run)?
    pub(super) fn is_gone(&self, index: usize) -> bool {
        let pruned = self.ended.borrow().get(&index) == Some(&Done::Pruned);
        pruned || self.settled.borrow().get(&self.job.plan.actions[index].key) == Some(&Settled::Gone)
    }

    /// What depends on it must not start: it was applied and will not be ready.
    pub(super) fn mark_unready(&self, index: usize) {
        self.ended.borrow_mut().insert(index, Done::Failed);
    }

    /// Did every action that was tried so far end well?
    pub(super) fn all_well(&self) -> bool {
        self.ended.borrow().values().all(|done| !done.is_failure())
    }

    /// Polls a stream of actions to its end, or shortly after a signal: what is under way gets a little time.
    pub(super) async fn drain(&self, stream: impl Stream<Item = ()>) {
        let mut stream = std::pin::pin!(stream);
        let interrupted = async {
            self.interrupt.raised().await;
            self.stopped();
            tokio::time::sleep(LAST_REQUESTS).await;
        };
        let mut interrupted = std::pin::pin!(interrupted);
        loop {
            tokio::select! {
                biased;
                item = stream.next() => if item.is_none() { return },
                () = &mut interrupted => return,
            }
        }
    }

    /// Sleeps, or less if a signal comes.
    pub(super) async fn pause(&self, pause: Duration) {
        tokio::select! {
            _ = self.interrupt.raised() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    pub(super) fn settle_key(&self, key: &ObjectKey, settled: Settled) {
        self.settled.borrow_mut().insert(key.clone(), settled);
    }

    /// Every action that was not reached ends as skipped.
    pub(super) fn skip_rest(&self, why: &str) {
        for index in 0..self.job.plan.actions.len() {
            if !self.has_ended(index) {
                self.end_unsent(index, Done::Skipped, &why);
            }
        }
    }

    /// The waits so far.
    pub(super) fn waited(&self) -> Vec<Waited> {
        self.waited.borrow().clone()
    }

    /// The outcomes so far.
    pub(super) fn outcomes(&self) -> Ref<'_, Vec<Outcome>> {
        self.outcomes.borrow()
    }

    /// All outcomes, at the end.
    pub(super) fn take_outcomes(&self) -> Vec<Outcome> {
        self.outcomes.take()
    }
}
