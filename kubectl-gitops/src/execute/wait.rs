//! Waiting for health. Owns how often objects are read for it and when it ends; what healthy means is `health`'s business.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use krm::ObjectKey;
use serde_json::Value;
use tokio::time::Instant;

use super::event::{Event, WaitEnd, Waited};
use super::run::Run;
use crate::cluster::{Claims, ClusterError, Endpoint, ListQuery, Lookup, Transport};
use crate::health::{self, Cause, Facts, Health};
use crate::inventory::marks;
use crate::plan::{Action, Observed, goes_by_itself};

const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// Up to so many pending objects of a kind are read one by one; more by one LIST of the set's members.
const GETS_MAX: usize = 4;
/// When pods and events of what waits are looked at first, and how often then.
const CAUSE_AFTER: Duration = Duration::from_secs(5);
const CAUSE_PAUSE: Duration = Duration::from_secs(10);
/// Of so many objects at a time.
const CAUSES_MAX: usize = 5;

type Pending = BTreeMap<usize, Health>;
type Causes = BTreeMap<usize, Cause>;

impl<T: Transport> Run<'_, T> {
    /// Waits until these actions' objects are healthy. Gives those that are not, in the end. With `all`, every end is told.
    pub(super) async fn wait_for(&self, indexes: &[usize], limit: Duration, all: bool) -> Vec<usize> {
        let begin = Instant::now();
        let mut pending: Pending =
            indexes.iter().map(|index| (*index, Health::Unknown("it was not read yet".to_owned()))).collect();
        let (mut unready, mut told, mut pause) = (Vec::new(), Vec::new(), PAUSE_MIN);
        let (mut causes, mut look_at) = (Causes::new(), CAUSE_AFTER);
        while !pending.is_empty() {
            if let Err(error) = self.assess_pending(&mut pending).await {
                self.note(&error);
            }
            let over = begin.elapsed() >= limit || self.stopped().is_some();
            if over || begin.elapsed() >= look_at {
                causes = self.find_causes(&mut pending).await;
                look_at = begin.elapsed() + CAUSE_PAUSE;
            }
            self.sort_out_ended(&mut pending, &mut causes, &mut unready, begin, all).await;
            if over {
                for (index, health) in std::mem::take(&mut pending) {
                    unready.push(index);
                    self.end_wait(index, WaitEnd::TimedOut(lacking(&health)), causes.remove(&index), begin);
                }
            }
            if pending.is_empty() {
                break;
            }
            let now = self.describe(&pending, &causes);
            if now != told {
                (self.events)(Event::Waiting { pending: now.clone(), elapsed: begin.elapsed(), limit });
                told = now;
                pause = PAUSE_MIN;
            }
            self.pause(pause.min(limit.saturating_sub(begin.elapsed()))).await;
            pause = (pause * 3 / 2).min(PAUSE_MAX);
        }
        unready
    }

    /// Takes out what has ended, well or not.
    async fn sort_out_ended(
        &self,
        pending: &mut Pending,
        causes: &mut Causes,
        unready: &mut Vec<usize>,
        begin: Instant,
        all: bool,
    ) {
        let ended: Pending = pending.extract_if(.., |_, health| health.is_current() || health.is_failed()).collect();
        for (index, health) in ended {
            if health.is_current() {
                if all {
                    self.end_wait(index, WaitEnd::Ready, None, begin);
                }
                continue;
            }
            let cause = match causes.remove(&index) {
                Some(cause) => Some(cause),
                None => self.find_cause(index).await,
            };
            unready.push(index);
            self.end_wait(index, WaitEnd::Failed(health.message().to_owned()), cause, begin);
        }
    }

    /// What lies behind the verdicts on the first of what waits. What no pod of its template will ever do has failed.
    async fn find_causes(&self, pending: &mut Pending) -> Causes {
        let mut causes = Causes::new();
        let waiting = pending.iter_mut().filter(|(_, health)| matches!(health, Health::InProgress(_)));
        for (index, health) in waiting.take(CAUSES_MAX) {
            let Some(cause) = self.find_cause(*index).await else { continue };
            if cause.hopeless {
                *health = Health::Failed(health.message().to_owned());
            }
            causes.insert(*index, cause);
        }
        causes
    }

    async fn find_cause(&self, index: usize) -> Option<Cause> {
        let action = &self.job.plan.actions[index];
        let endpoint = self.endpoint_of(action)?;
        let Ok(Observed::Present(live)) = self.cluster.observe_key(&endpoint, &action.key).await else { return None };
        let facts = Facts { now: (self.job.options.clock)().parse().ok(), ..Facts::default() };
        self.cluster.cause(live.object(), &facts).await
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

    /// Reads and judges everything that is pending, kind by kind.
    async fn assess_pending(&self, pending: &mut Pending) -> Result<(), ClusterError> {
        let mut kinds: BTreeMap<Endpoint, Vec<usize>> = BTreeMap::new();
        for (index, health) in pending.iter_mut() {
            let action = &self.job.plan.actions[*index];
            match self.endpoint_of(action) {
                Some(endpoint) => kinds.entry(endpoint).or_default().push(*index),
                None => *health = Health::InProgress("its kind is not served yet".to_owned()),
            }
        }
        let reads = stream::iter(kinds).map(|(endpoint, indexes)| self.assess_kind(endpoint, indexes));
        let read: Vec<_> = reads.buffer_unordered(self.job.options.in_flight.max(1)).collect().await;
        for result in read {
            pending.extend(result?);
        }
        Ok(())
    }

    async fn assess_kind(&self, endpoint: Endpoint, indexes: Vec<usize>) -> Result<Vec<(usize, Health)>, ClusterError> {
        let mut seen: BTreeMap<ObjectKey, Health> = BTreeMap::new();
        let claims = self.claims(&endpoint, &indexes).await;
        if indexes.len() > GETS_MAX {
            let selector = format!("{}={}", marks::MEMBER_LABEL, self.job.inventory.id.short());
            let query = ListQuery::of(&endpoint).labelled(&selector);
            let wanted: BTreeSet<&ObjectKey> = indexes.iter().map(|index| &self.job.plan.actions[*index].key).collect();
            let listed = self.cluster.list(&query, |object| {
                let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
                let key = endpoint.key(text("namespace"), text("name"));
                if wanted.contains(&key) {
                    seen.insert(key, self.judge(&object, &claims));
                }
            });
            // What a LIST does not bring (it may be forbidden) is read one by one.
            if let Err(error) = listed.await {
                self.note(&error);
            }
        }
        let mut healths = Vec::new();
        for index in indexes {
            let key = &self.job.plan.actions[index].key;
            let health = match seen.remove(key) {
                Some(health) => health,
                None => match self.cluster.observe_key(&endpoint, key).await? {
                    Observed::Present(live) => self.judge(live.object(), &claims),
                    Observed::Absent => self.health_of_absent(index),
                    Observed::NotServed => Health::InProgress("its kind is not served yet".to_owned()),
                    Observed::Unreadable { reason } => Health::Unknown(reason),
                },
            };
            healths.push((index, health));
        }
        Ok(healths)
    }

    fn judge(&self, object: &Value, claims: &Claims) -> Health {
        let now = (self.job.options.clock)().parse().ok();
        let wants_address = self.job.options.wait_for_addresses;
        health::of(object, &claims.facts(object, Facts { now, wants_address, ..Facts::default() }))
    }

    /// What claims among these actions' objects depend on. Asked only for claims.
    async fn claims(&self, endpoint: &Endpoint, indexes: &[usize]) -> Claims {
        if endpoint.kind != "PersistentVolumeClaim" {
            return Claims::default();
        }
        let namespaces = indexes.iter().map(|index| self.job.plan.actions[*index].key.namespace.as_str()).collect();
        let discovery = Rc::clone(&self.discovery.borrow());
        self.cluster.claims(&discovery, &namespaces).await
    }

    /// A Job that is gone by its ttl has run; anything else that vanished under our eyes is awaited.
    fn health_of_absent(&self, index: usize) -> Health {
        let action = &self.job.plan.actions[index];
        if action.body.as_ref().is_some_and(|body| goes_by_itself(&action.key, &body.manifest.open())) {
            return Health::Current;
        }
        Health::InProgress("it does not exist".to_owned())
    }

    fn endpoint_of(&self, action: &Action) -> Option<Endpoint> {
        let body = action.body.as_ref()?;
        let kind = body.gvk.group_kind();
        let discovery = self.discovery.borrow();
        match discovery.lookup(&kind) {
            Lookup::Served(served) => {
                let served = served.version(&body.gvk.version).unwrap_or_else(|| served.preferred());
                Some(Endpoint::new(&kind, served))
            }
            Lookup::NotServed | Lookup::Unknown => None,
        }
    }
}

fn lacking(health: &Health) -> String {
    if let Health::InProgress(why) = health { why.clone() } else { health.to_string() }
}
