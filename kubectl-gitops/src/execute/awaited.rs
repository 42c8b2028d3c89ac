//! What a wait is about, and how it is seen: everything of a kind and a namespace is read once and then followed, as long as any
//! of it is pending. Owns the verdicts of the moment; when a wait ends is `wait`'s business, what healthy means `health`'s.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use krm::ObjectKey;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};

use super::run::Run;
use crate::cluster::{
    Change, Claims, ClusterError, Endpoint, Extent, Heard, ListQuery, Lookup, Pace, Start, Transport,
};
use crate::health::{self, Facts, Health};
use crate::inventory::marks;
use crate::plan::{Action, Observed, goes_by_itself};

const PACE: Pace = Pace {
    pause_min: Duration::from_millis(200),
    pause_max: Duration::from_secs(3),
    renew: Duration::from_secs(30),
    read_again: Duration::from_mins(2),
};
/// Whether a claim is waited for shows in pods.
const CLAIM: &str = "PersistentVolumeClaim";
const CLAIMS_PACE: Pace = Pace { renew: Duration::from_secs(10), read_again: Duration::from_secs(10), ..PACE };
/// Pods only tell that it is time to look for causes again.
const PODS_PACE: Pace = Pace {
    pause_min: Duration::from_secs(5),
    pause_max: Duration::from_secs(30),
    renew: Duration::from_mins(1),
    read_again: Duration::MAX,
};
/// Up to so many pending objects are read one by one; more by one LIST of the set's members.
const GETS_MAX: usize = 4;
/// Objects of a kind in up to so many namespaces are followed there: who has rights in namespaces only can do that. In more they are
/// followed everywhere at once.
const NAMESPACES_MAX: usize = 3;
/// Each holds a connection. What comes later is asked for again and again.
const WATCHES_MAX: usize = 24;

/// Verdicts by action.
pub(super) type Pending = BTreeMap<usize, Health>;

/// What is still awaited.
pub(super) struct Awaited {
    sights: RefCell<BTreeMap<usize, Sight>>,
    news: Notify,
    /// Something happened since causes were looked for.
    stirred: Cell<bool>,
    /// Scopes that nobody has read yet.
    unread: Cell<usize>,
    reads: Semaphore,
    watches: Cell<usize>,
}

struct Sight {
    health: Health,
    /// What is older than this is a tale of the past.
    version: u64,
}

/// Objects that are read and followed together.
pub(super) struct Scope {
    endpoint: Endpoint,
    namespace: String,
    objects: BTreeMap<ObjectKey, usize>,
    /// One object is followed by name, more as members of the set.
    selector: String,
    fields: String,
    /// As of the last reading.
    claims: RefCell<Claims>,
    read: Cell<bool>,
    watched: Cell<bool>,
}

impl Scope {
    fn query(&self) -> ListQuery<'_> {
        ListQuery::of(&self.endpoint).within(&self.namespace).labelled(&self.selector).matching(&self.fields)
    }

    /// Does a watch of this scope tell of this object?
    fn tells_of(&self, object: &Value) -> bool {
        let label = marks::label(object, marks::MEMBER_LABEL).unwrap_or_default();
        self.selector.is_empty() || self.selector == member_of(label)
    }

    fn key_of(&self, object: &Value) -> ObjectKey {
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
        self.endpoint.key(text("namespace"), text("name"))
    }
}

fn member_of(short: &str) -> String {
    format!("{}={short}", marks::MEMBER_LABEL)
}

/// Versions of one type are comparable numbers. 0 is older than any.
fn version_of(object: &Value) -> u64 {
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    version.and_then(|version| version.parse().ok()).unwrap_or(0)
}

impl Awaited {
    /// What is in none of the scopes is of a kind that is not served.
    pub(super) fn new(indexes: &[usize], scopes: &[Scope], in_flight: usize) -> Self {
        let unserved = || Health::InProgress("its kind is not served yet".to_owned());
        let unseen = || Health::Unknown("it was not read yet".to_owned());
        let scoped = scopes.iter().flat_map(|scope| scope.objects.values());
        let sight = |index: &usize, health| (*index, Sight { health, version: 0 });
        let mut sights: BTreeMap<usize, Sight> = indexes.iter().map(|index| sight(index, unserved())).collect();
        sights.extend(scoped.map(|index| sight(index, unseen())));
        Self {
            sights: RefCell::new(sights),
            news: Notify::new(),
            stirred: Cell::new(false),
            unread: Cell::new(scopes.len()),
            reads: Semaphore::new(in_flight.max(1)),
            watches: Cell::new(0),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sights.borrow().is_empty()
    }

    /// Was everything read at least once?
    pub(super) fn is_read(&self) -> bool {
        self.unread.get() == 0
    }

    /// Ends when something happened.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    /// Did anything happen since this was asked last?
    pub(super) fn is_stirred(&self) -> bool {
        self.stirred.get()
    }

    /// Causes are looked for now.
    pub(super) fn calm(&self) {
        self.stirred.set(false);
    }

    fn stir(&self) {
        self.stirred.set(true);
        self.news.notify_one();
    }

    /// Takes out what has ended, well or not.
    pub(super) fn take_ended(&self) -> Pending {
        let ended = |health: &Health| health.is_current() || health.is_failed();
        let mut sights = self.sights.borrow_mut();
        sights.extract_if(.., |_, sight| ended(&sight.health)).map(|(index, sight)| (index, sight.health)).collect()
    }

    /// Takes out everything.
    pub(super) fn take_rest(&self) -> Pending {
        std::mem::take(&mut *self.sights.borrow_mut()).into_iter().map(|(index, sight)| (index, sight.health)).collect()
    }

    /// Everything that is pending.
    pub(super) fn pending(&self) -> Pending {
        self.sights.borrow().iter().map(|(index, sight)| (*index, sight.health.clone())).collect()
    }

    /// What no pod of its template will ever do has failed.
    pub(super) fn give_up(&self, index: usize) {
        if let Some(sight) = self.sights.borrow_mut().get_mut(&index).filter(|sight| !sight.health.is_current()) {
            sight.health = Health::Failed(sight.health.message().to_owned());
        }
    }

    fn is_pending(&self, index: usize) -> bool {
        let sights = self.sights.borrow();
        sights.get(&index).is_some_and(|sight| !sight.health.is_current() && !sight.health.is_failed())
    }

    fn saw(&self, index: usize, health: Health, version: u64) {
        if let Some(sight) = self.sights.borrow_mut().get_mut(&index) {
            *sight = Sight { health, version };
            self.stir();
        }
    }

    /// Of what this tells is known already.
    fn is_old(&self, index: usize, version: u64) -> bool {
        self.sights.borrow().get(&index).is_none_or(|sight| version <= sight.version)
    }

    fn was_read(&self, scope: &Scope) {
        if !scope.read.replace(true) {
            self.unread.set(self.unread.get() - 1);
            self.news.notify_one();
        }
    }

    /// May this scope have a connection of its own?
    fn may_watch(&self, scope: &Scope) -> bool {
        if !scope.watched.get() && self.watches.get() < WATCHES_MAX {
            self.watches.set(self.watches.get() + 1);
            scope.watched.set(true);
        }
        scope.watched.get()
    }
}

impl<T: Transport> Run<'_, T> {
    /// Who is seen together.
    pub(super) fn scopes(&self, indexes: &[usize]) -> Vec<Scope> {
        let mut kinds: BTreeMap<Endpoint, BTreeMap<&str, BTreeMap<ObjectKey, usize>>> = BTreeMap::new();
        for index in indexes {
            let action = &self.job.plan.actions[*index];
            if let Some(endpoint) = self.endpoint_of(action) {
                let namespaces = kinds.entry(endpoint).or_default();
                namespaces.entry(action.key.namespace.as_str()).or_default().insert(action.key.clone(), *index);
            }
        }
        let mut scopes = Vec::new();
        for (endpoint, mut namespaces) in kinds {
            if namespaces.len() > NAMESPACES_MAX {
                namespaces = BTreeMap::from([("", namespaces.into_values().flatten().collect())]);
            }
            let made =
                namespaces.into_iter().map(|(namespace, objects)| self.scope(endpoint.clone(), namespace, objects));
            scopes.extend(made);
        }
        scopes
    }

    fn scope(&self, endpoint: Endpoint, namespace: &str, objects: BTreeMap<ObjectKey, usize>) -> Scope {
        let alone = objects.keys().next().filter(|_| objects.len() == 1);
        let fields = alone.map(|key| format!("metadata.name={}", key.name)).unwrap_or_default();
        let members = member_of(&self.job.inventory.id.short());
        let selector = if fields.is_empty() { members } else { String::new() };
        Scope {
            endpoint,
            namespace: namespace.to_owned(),
            objects,
            selector,
            fields,
            claims: RefCell::default(),
            read: Cell::default(),
            watched: Cell::default(),
        }
    }

    /// Sees a scope until nothing of it is pending.
    pub(super) async fn follow_scope(&self, scope: &Scope, awaited: &Awaited) {
        let pace = if scope.endpoint.kind == CLAIM { &CLAIMS_PACE } else { &PACE };
        loop {
            let read = async |expired: bool| self.read_scope(scope, awaited, expired).await;
            let hear = |change| self.hear(scope, awaited, &change);
            let Err(error) = self.cluster.follow(&scope.query(), pace, read, hear).await else { return };
            self.note(&error);
            awaited.was_read(scope);
            awaited.stir();
            tokio::time::sleep(PACE.pause_max).await;
        }
    }

    async fn read_scope(&self, scope: &Scope, awaited: &Awaited, expired: bool) -> Result<Start, ClusterError> {
        let Scope { endpoint, objects, .. } = scope;
        let pending = || objects.iter().filter(|(_, index)| awaited.is_pending(**index));
        let mut rest: BTreeMap<&ObjectKey, usize> = pending().map(|(key, index)| (key, *index)).collect();
        if rest.is_empty() {
            return Ok(Start::Done);
        }
        let _turn = awaited.reads.acquire().await.expect("nobody closes it");
        self.read_claims(scope).await;
        let mut listed = None;
        if rest.len() > GETS_MAX || expired {
            let each = |object: Value| {
                if let Some(index) = rest.remove(&scope.key_of(&object)) {
                    awaited.saw(index, self.judge(&object, scope), version_of(&object));
                }
            };
            match self.cluster.list_as_of(&scope.query(), each).await {
                Ok(version) => listed = Some(version),
                // What a LIST does not bring (it may be forbidden) is read one by one.
                Err(error) => self.note(&error),
            }
        }
        let (mut lowest, mut astray) = (u64::MAX, false);
        for (key, index) in rest {
            let (health, version, told) = match self.cluster.observe_key(endpoint, key).await? {
                Observed::Present(live) => {
                    let object = live.object();
                    let told = listed.is_none() && scope.tells_of(object);
                    (self.judge(object, scope), version_of(object), told)
                }
                Observed::Absent => (self.health_of_absent(index), 0, false),
                Observed::NotServed => (Health::InProgress("its kind is not served yet".to_owned()), 0, false),
                Observed::Unreadable { reason } => (Health::Unknown(reason), 0, false),
            };
            awaited.saw(index, health, version);
            if awaited.is_pending(index) {
                lowest = lowest.min(version);
                astray |= !told;
            }
        }
        awaited.was_read(scope);
        Ok(match listed.or_else(|| Some(lowest.to_string()).filter(|_| lowest > 0)) {
            _ if pending().next().is_none() => Start::Done,
            Some(version) if !astray && awaited.may_watch(scope) => Start::At(version),
            _ => Start::Pause,
        })
    }

    fn hear(&self, scope: &Scope, awaited: &Awaited, change: &Change) -> Heard {
        let (Change::Present(object) | Change::Gone(object)) = change;
        let index = scope.objects.get(&scope.key_of(object)).filter(|index| awaited.is_pending(**index));
        let Some(index) = index.filter(|index| !awaited.is_old(**index, version_of(object))) else {
            return Heard::More;
        };
        if let Change::Gone(_) = change {
            // From the cluster, or only out of sight.
            return Heard::ReadAgain;
        }
        awaited.saw(*index, self.judge(object, scope), version_of(object));
        let done = !scope.objects.values().any(|index| awaited.is_pending(*index));
        if done { Heard::Done } else { Heard::More }
    }

    /// Sees the pods of an object, so that causes are looked for when there may be one.
    pub(super) async fn follow_pods(&self, index: usize, selector: String, awaited: &Awaited) {
        let (endpoint, namespace) = (Endpoint::pods(), self.job.plan.actions[index].key.namespace.to_string());
        let query = ListQuery::of(&endpoint).within(&namespace).labelled(&selector).extent(Extent::Metadata);
        let first = Cell::new(true);
        let next = |heard: Heard| if awaited.is_pending(index) { heard } else { Heard::Done };
        let read = async |_: bool| {
            if next(Heard::More) == Heard::Done {
                return Ok(Start::Done);
            }
            let version = self.cluster.list_as_of(&query, |_| {}).await?;
            if !first.replace(false) {
                awaited.stir();
            }
            Ok(Start::At(version))
        };
        let hear = |_| {
            awaited.stir();
            next(Heard::More)
        };
        // Who may not see pods sees no causes either.
        drop(self.cluster.follow(&query, &PODS_PACE, read, hear).await);
    }

    fn judge(&self, object: &Value, scope: &Scope) -> Health {
        let now = (self.job.options.clock)().parse().ok();
        let wants_address = self.job.options.wait_for_addresses;
        health::of(object, &scope.claims.borrow().facts(object, Facts { now, wants_address, ..Facts::default() }))
    }

    /// What claims depend on besides themselves. Asked only for claims.
    async fn read_claims(&self, scope: &Scope) {
        if scope.endpoint.kind == CLAIM {
            let namespaces = scope.objects.keys().map(|key| key.namespace.as_str()).collect();
            let discovery = Rc::clone(&self.discovery.borrow());
            let claims = self.cluster.claims(&discovery, &namespaces).await;
            scope.claims.replace(claims);
        }
    }

    /// A Job that is gone by its ttl has run; anything else that vanished under our eyes is awaited.
    fn health_of_absent(&self, index: usize) -> Health {
        let action = &self.job.plan.actions[index];
        if action.body.as_ref().is_some_and(|body| goes_by_itself(&action.key, &body.manifest.open())) {
            return Health::Current;
        }
        Health::InProgress("it does not exist".to_owned())
    }

    pub(super) fn endpoint_of(&self, action: &Action) -> Option<Endpoint> {
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
