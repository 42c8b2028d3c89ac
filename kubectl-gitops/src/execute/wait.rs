//! Waiting for health. Owns how often objects are read for it and when it ends; what healthy means is `health`'s business.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use krm::{GroupKind, ObjectKey};
use serde_json::Value;
use tokio::time::Instant;

use super::event::{Event, WaitEnd, Waited};
use super::run::Run;
use crate::cluster::{ClusterError, Endpoint, ListQuery, Lookup, Transport};
use crate::health::{self, Facts, Health};
use crate::inventory::marks;
use crate::plan::{Action, Observed};

const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(3);
/// Up to so many pending objects of a kind are read one by one; more by one LIST of the set's members.
const GETS_MAX: usize = 4;

type Pending = BTreeMap<usize, Health>;

impl<T: Transport> Run<'_, T> {
    /// Waits until these actions' objects are healthy. Gives those that are not, in the end. With `all`, every end is told.
    pub(super) async fn wait_for(&self, indexes: &[usize], limit: Duration, all: bool) -> Vec<usize> {
        let begin = Instant::now();
        let mut pending: Pending =
            indexes.iter().map(|index| (*index, Health::Unknown("it was not read yet".to_owned()))).collect();
        let (mut unready, mut told, mut pause) = (Vec::new(), Vec::new(), PAUSE_MIN);
        while !pending.is_empty() {
            if let Err(error) = self.assess_pending(&mut pending).await {
                self.note(&error);
            }
            self.sort_out_ended(&mut pending, &mut unready, begin, all);
            if pending.is_empty() {
                break;
            }
            if begin.elapsed() >= limit || self.stopped().is_some() {
                for (index, health) in std::mem::take(&mut pending) {
                    unready.push(index);
                    self.end_wait(index, WaitEnd::TimedOut(health.to_string()), begin);
                }
                break;
            }
            let now = self.describe(&pending);
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

    fn sort_out_ended(&self, pending: &mut Pending, unready: &mut Vec<usize>, begin: Instant, all: bool) {
        pending.retain(|index, health| {
            if health.is_current() {
                if all {
                    self.end_wait(*index, WaitEnd::Ready, begin);
                }
                return false;
            }
            if health.is_failed() {
                unready.push(*index);
                self.end_wait(*index, WaitEnd::Failed(health.message().to_owned()), begin);
                return false;
            }
            true
        });
    }

    fn end_wait(&self, index: usize, end: WaitEnd, begin: Instant) {
        let key = self.job.plan.actions[index].key.clone();
        let waited = Waited { key, end, elapsed: begin.elapsed() };
        self.waited.borrow_mut().push(waited.clone());
        (self.events)(Event::WaitDone(waited));
    }

    fn describe(&self, pending: &Pending) -> Vec<(ObjectKey, String)> {
        let line = |(index, health): (&usize, &Health)| {
            (self.job.plan.actions[*index].key.clone(), health.message().to_owned())
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
        let late = self.late_classes(&endpoint).await;
        if indexes.len() > GETS_MAX {
            let selector = format!("{}={}", marks::MEMBER_LABEL, self.job.inventory.id.short());
            let query = ListQuery::of(&endpoint).labelled(&selector);
            let wanted: BTreeSet<&ObjectKey> = indexes.iter().map(|index| &self.job.plan.actions[*index].key).collect();
            let listed = self.cluster.list(&query, |object| {
                let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
                let key = endpoint.key(text("namespace"), text("name"));
                if wanted.contains(&key) {
                    seen.insert(key, self.judge(&object, &late));
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
                    Observed::Present(live) => self.judge(live.object(), &late),
                    Observed::Absent => self.health_of_absent(index),
                    Observed::NotServed => Health::InProgress("its kind is not served yet".to_owned()),
                    Observed::Unreadable { reason } => Health::Unknown(reason),
                },
            };
            healths.push((index, health));
        }
        Ok(healths)
    }

    fn judge(&self, object: &Value, late: &BTreeSet<String>) -> Health {
        let class = object.pointer("/spec/storageClassName").and_then(Value::as_str);
        let facts = Facts {
            now: (self.job.options.clock)().parse().ok(),
            claim_binds_late: class.is_some_and(|class| late.contains(class)),
            wants_address: false,
        };
        health::of(object, &facts)
    }

    /// Storage classes that bind a claim only when a pod uses it. Asked only for claims; none if they cannot be read.
    async fn late_classes(&self, endpoint: &Endpoint) -> BTreeSet<String> {
        let mut late = BTreeSet::new();
        let kind = GroupKind::new("storage.k8s.io", "StorageClass");
        let classes = {
            let discovery = self.discovery.borrow();
            discovery.served(&kind).map(|served| Endpoint::new(&kind, served.preferred()))
        };
        let Some(classes) = classes.filter(|_| endpoint.kind == "PersistentVolumeClaim") else { return late };
        let query = ListQuery::of(&classes);
        let listed = self.cluster.list(&query, |class| {
            if class["volumeBindingMode"] == "WaitForFirstConsumer"
                && let Some(name) = class.pointer("/metadata/name").and_then(Value::as_str)
            {
                late.insert(name.to_owned());
            }
        });
        // Without them a claim is awaited like any other, up to the limit.
        drop(listed.await);
        late
    }

    /// A Job that is gone by its ttl has succeeded; anything else that vanished under our eyes is awaited.
    fn health_of_absent(&self, index: usize) -> Health {
        let key = &self.job.plan.actions[index].key;
        if key.group == "batch" && key.kind == "Job" {
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
