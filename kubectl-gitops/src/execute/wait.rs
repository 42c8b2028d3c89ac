//! Waiting for health. Owns when it ends, what is told meanwhile and when causes are looked for; how objects are seen is
//! `awaited`'s business, what healthy means `health`'s.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt as _};
use krm::ObjectKey;
use tokio::time::Instant;

use super::awaited::{Awaited, Pending};
use super::event::{Event, WaitEnd, Waited};
use super::run::Run;
use crate::cluster::Transport;
use crate::health::{Cause, Facts, Health, cause};

/// A reading that has begun gets so long, however short the wait is.
const FIRST_READING: Duration = Duration::from_secs(5);
/// News are told together when they come together.
const ROUND_MIN: Duration = Duration::from_millis(100);
/// At least so often a wait tells what it waits for.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// When pods and events of what waits are looked at first, how often then if anything happens, and if nothing does.
const CAUSE_AFTER: Duration = Duration::from_secs(5);
const CAUSE_PAUSE: Duration = Duration::from_secs(10);
const CAUSE_PAUSE_QUIET: Duration = Duration::from_mins(1);
/// Of so many objects at a time, so long for each.
const CAUSES_MAX: usize = 5;
const CAUSE_LIMIT: Duration = Duration::from_secs(10);

type Causes = BTreeMap<usize, Cause>;
type Following<'f> = FuturesUnordered<Pin<Box<dyn Future<Output = ()> + 'f>>>;

/// What is known of a wait while it lasts.
struct Wait<'w> {
    awaited: &'w Awaited,
    begin: Instant,
    limit: Duration,
    /// Every end is told, not only bad ones.
    all: bool,
    causes: Causes,
    looked: Option<Instant>,
    told: Vec<(ObjectKey, String)>,
    told_at: Instant,
    /// Objects whose pods are followed.
    pods: Vec<usize>,
    unready: Vec<usize>,
}

impl Wait<'_> {
    fn look_at(&self) -> Instant {
        match self.looked {
            None => self.begin + CAUSE_AFTER,
            Some(looked) => looked + if self.awaited.is_stirred() { CAUSE_PAUSE } else { CAUSE_PAUSE_QUIET },
        }
    }

    /// When its time is over.
    fn end(&self) -> Instant {
        self.begin + self.limit + if self.awaited.is_read() { Duration::ZERO } else { FIRST_READING }
    }
}

impl<T: Transport> Run<'_, T> {
    /// Waits until these actions' objects are healthy. Gives those that are not, in the end. With `all`, every end is told.
    pub(super) async fn wait_for(&self, indexes: &[usize], limit: Duration, all: bool) -> Vec<usize> {
        let scopes = self.scopes(indexes);
        let awaited = &Awaited::new(indexes, &scopes, self.job.options.in_flight);
        let mut following = Following::new();
        for scope in &scopes {
            following.push(Box::pin(self.follow_scope(scope, awaited)));
        }
        let begin = Instant::now();
        let mut wait = Wait {
            awaited,
            begin,
            limit,
            all,
            causes: Causes::new(),
            looked: None,
            told: Vec::new(),
            told_at: begin,
            pods: Vec::new(),
            unready: Vec::new(),
        };
        loop {
            let over = self.round(&mut wait, &mut following).await;
            if over || awaited.is_empty() {
                return wait.unready;
            }
            let round = Instant::now();
            let news = async {
                awaited.news().await;
                tokio::time::sleep_until(round + ROUND_MIN).await;
            };
            tokio::select! {
                biased;
                _ = self.interrupt.raised() => {}
                () = tokio::time::sleep_until(wait.end().min(wait.look_at()).min(wait.told_at + HEARTBEAT)) => {}
                () = news => {}
                Some(()) = following.next() => {}
            }
        }
    }

    /// What the news lead to. Is the wait over?
    async fn round<'f>(&'f self, wait: &mut Wait<'f>, following: &mut Following<'f>) -> bool {
        let awaited = wait.awaited;
        let stopped = self.stopped().is_some();
        let over = stopped || Instant::now() >= wait.end();
        if !stopped && (over || Instant::now() >= wait.look_at()) {
            self.find_causes(wait, following).await;
        }
        for (index, health) in awaited.take_ended() {
            self.sort_out(wait, index, &health).await;
        }
        if over {
            for (index, health) in awaited.take_rest() {
                wait.unready.push(index);
                let cause = wait.causes.remove(&index);
                self.end_wait(index, WaitEnd::TimedOut(lacking(&health)), cause, wait.begin);
            }
            return true;
        }
        // What was not read yet is no news.
        if awaited.is_read() && !awaited.is_empty() {
            let now = self.describe(&awaited.pending(), &wait.causes);
            if now != wait.told || wait.told_at.elapsed() >= HEARTBEAT {
                (self.events)(Event::Waiting {
                    pending: now.clone(),
                    elapsed: wait.begin.elapsed(),
                    limit: wait.limit,
                });
                wait.told = now;
                wait.told_at = Instant::now();
            }
        } else {
            wait.told_at = Instant::now();
        }
        false
    }

    /// The end of one, well or not.
    async fn sort_out(&self, wait: &mut Wait<'_>, index: usize, health: &Health) {
        if health.is_current() {
            if wait.all {
                self.end_wait(index, WaitEnd::Ready, None, wait.begin);
            }
            return;
        }
        let cause = match wait.causes.remove(&index) {
            Some(cause) => Some(cause),
            None => self.find_cause(index).await.0,
        };
        wait.unready.push(index);
        self.end_wait(index, WaitEnd::Failed(health.message().to_owned()), cause, wait.begin);
    }

    /// What lies behind the verdicts on the first of what waits. What no pod of its template will ever do has failed.
    async fn find_causes<'f>(&'f self, wait: &mut Wait<'f>, following: &mut Following<'f>) {
        let awaited = wait.awaited;
        awaited.calm();
        let waiting = awaited.pending().into_iter().filter(|(_, health)| matches!(health, Health::InProgress(_)));
        let mut causes = Causes::new();
        for (index, _) in waiting.take(CAUSES_MAX) {
            let (cause, selector) = self.find_cause(index).await;
            if let Some(selector) = selector.filter(|_| !wait.pods.contains(&index)) {
                wait.pods.push(index);
                following.push(Box::pin(self.follow_pods(index, selector, awaited)));
            }
            let Some(cause) = cause else { continue };
            if cause.hopeless {
                awaited.give_up(index);
            }
            causes.insert(index, cause);
        }
        wait.causes = causes;
        wait.looked = Some(Instant::now());
    }

    /// With the selector of the object's pods, if it has any. Nobody waits for it after a signal, and nobody long.
    async fn find_cause(&self, index: usize) -> (Option<Cause>, Option<String>) {
        let found = async {
            let action = &self.job.plan.actions[index];
            let endpoint = self.endpoint_of(action)?;
            let observed = self.cluster.observe_key(&endpoint, &action.key).await.ok()?;
            let facts = Facts { now: (self.job.options.clock)().parse().ok(), ..Facts::default() };
            let object = observed.live()?.object();
            Some((self.cluster.cause(object, &facts).await, cause::pod_selector(object)))
        };
        tokio::select! {
            biased;
            _ = self.interrupt.raised() => (None, None),
            () = tokio::time::sleep(CAUSE_LIMIT) => (None, None),
            found = found => found.unwrap_or_default(),
        }
    }

    fn end_wait(&self, index: usize, end: WaitEnd, cause: Option<Cause>, begin: Instant) {
        let key = self.job.plan.actions[index].key.clone();
        let waited = Waited { key, end, cause, elapsed: begin.elapsed() };
        self.waited.borrow_mut().push(waited.clone());
        (self.events)(Event::WaitDone(waited));
    }

    fn describe(&self, pending: &Pending, causes: &Causes) -> Vec<(ObjectKey, String)> {
        let line = |(index, health): (&usize, &Health)| {
            let key = self.job.plan.actions[*index].key.clone();
            (key, causes.get(index).map_or_else(|| health.message().to_owned(), |cause| cause.behind(health.message())))
        };
        pending.iter().map(line).collect()
    }
}

fn lacking(health: &Health) -> String {
    if let Health::InProgress(why) = health { why.clone() } else { health.to_string() }
}
