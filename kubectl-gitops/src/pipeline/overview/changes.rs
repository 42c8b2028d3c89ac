//! When to look again: what a status shows is watched. Owns which places that are; what is there is read anew by whoever looks.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::Notify;

use super::super::heartbeat;
use super::super::session::Session;
use crate::cluster::{ClusterError, Code, Discovery, Endpoint, Extent, Heard, ListQuery, Pace, Start};
use crate::inventory::{RootRef, marks};
use crate::report::Overview;
use crate::settings::SYSTEM_NAMESPACE;

/// Each holds a connection. If there are more places, everything is looked at again and again.
const WATCHES_MAX: usize = 32;
/// In more namespaces a kind is watched everywhere at once.
const NAMESPACES_MAX: usize = 3;
const RENEW: Duration = Duration::from_mins(1);
/// What makes pods, whose troubles are shown.
const WORKLOADS: &[&str] = &["CronJob", "DaemonSet", "Deployment", "Job", "ReplicaSet", "Rollout", "StatefulSet"];

/// Objects of a kind of which any may be shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    endpoint: Endpoint,
    namespace: String,
    selector: String,
    fields: String,
    /// Namespaces to watch if watching everywhere is forbidden.
    instead: Vec<String>,
    /// Who may not see it is shown the rest.
    optional: bool,
}

impl Place {
    fn new(endpoint: &Endpoint, namespace: &str, selector: &str) -> Self {
        let (endpoint, namespace, selector) = (endpoint.clone(), namespace.to_owned(), selector.to_owned());
        Self { endpoint, namespace, selector, fields: String::new(), instead: Vec::new(), optional: false }
    }

    fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// Everything that what is shown depends on. `alone`: one set, with its pods.
pub(super) fn places(session: &Session, discovery: &Discovery, seen: &Overview, alone: bool) -> BTreeSet<Place> {
    let config_maps = Endpoint::config_maps();
    let mut places = BTreeSet::new();
    for set in seen.sets.iter().filter(|_| alone) {
        let fields = format!("metadata.name={}", RootRef::of_set(&set.namespace, &set.name).name);
        places.insert(Place { fields, ..Place::new(&config_maps, &set.namespace, "") });
    }
    match session.asked() {
        _ if alone => {}
        Some(asked) => {
            places.insert(Place::new(&config_maps, SYSTEM_NAMESPACE, marks::ROOT_LABEL).optional());
            places.insert(Place::new(&config_maps, asked, marks::ROOT_LABEL));
        }
        None => {
            let instead = vec![session.namespace().to_owned()];
            places.insert(Place { instead, ..Place::new(&config_maps, "", marks::ROOT_LABEL) });
        }
    }
    let mut kinds: BTreeMap<Endpoint, BTreeSet<&str>> = BTreeMap::new();
    let mut with_pods = BTreeSet::new();
    for key in seen.sets.iter().flat_map(|set| &set.members).map(|member| &member.object.0) {
        let kind = key.group_kind();
        if let Some(served) = discovery.served(&kind) {
            kinds.entry(Endpoint::new(&kind, served.preferred())).or_default().insert(&key.namespace);
        }
        if alone && WORKLOADS.contains(&key.kind.as_str()) {
            with_pods.insert(key.namespace.as_str());
        }
    }
    for (endpoint, namespaces) in kinds {
        if namespaces.len() <= NAMESPACES_MAX {
            places.extend(namespaces.iter().map(|namespace| Place::new(&endpoint, namespace, marks::MEMBER_LABEL)));
        } else {
            let instead = namespaces.iter().map(|namespace| (*namespace).to_owned()).collect();
            places.insert(Place { instead, ..Place::new(&endpoint, "", marks::MEMBER_LABEL) });
        }
    }
    places.extend(with_pods.iter().map(|namespace| Place::new(&Endpoint::pods(), namespace, "").optional()));
    if !alone || !seen.drivers.is_empty() {
        let mut instead: BTreeSet<&str> = seen.sets.iter().map(|set| set.namespace.as_str()).collect();
        instead.extend([SYSTEM_NAMESPACE, session.namespace()]);
        let instead = instead.into_iter().map(str::to_owned).collect();
        places.insert(Place { instead, ..Place::new(&Endpoint::cron_jobs(), "", "").optional() });
        places.insert(Place::new(&Endpoint::leases(), SYSTEM_NAMESPACE, heartbeat::LABELS).optional());
    }
    places
}

/// What is watched, and whether anything happened there.
pub(super) struct Changes<'s> {
    session: &'s Session,
    pace: Pace,
    following: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + 's>>>,
    state: Rc<State>,
}

#[derive(Default)]
struct State {
    news: Notify,
    /// Places that are not watched yet.
    unread: Cell<usize>,
    wanted: RefCell<BTreeSet<Place>>,
    blind: Cell<bool>,
}

impl State {
    fn wants(&self, place: &Place) -> bool {
        self.wanted.borrow().contains(place)
    }

    /// A place was read: for the first time, or because its watch may have missed something.
    fn was_read(&self, begun: &Cell<bool>) {
        if !begun.replace(true) {
            self.unread.set(self.unread.get() - 1);
        }
        self.news.notify_one();
    }
}

impl<'s> Changes<'s> {
    /// Where something cannot be watched, there is news every `interval`.
    pub(super) fn new(session: &'s Session, interval: Duration) -> Self {
        let pace = Pace { pause_min: interval, pause_max: interval, renew: RENEW, read_again: Duration::MAX };
        Self { session, pace, following: FuturesUnordered::new(), state: Rc::default() }
    }

    /// From now on these places count. Is any of them new? Then what happened there since it was looked at is not known.
    pub(super) async fn follow(&mut self, places: BTreeSet<Place>) -> bool {
        let state = &self.state;
        state.blind.set(state.blind.get() || places.len() > WATCHES_MAX);
        let new: Vec<Place> = places.iter().filter(|place| !state.wants(place)).take(WATCHES_MAX).cloned().collect();
        *state.wanted.borrow_mut() = places;
        state.unread.set(new.len());
        let any = !new.is_empty();
        for place in new {
            self.following.push(Box::pin(follow_place(self.session, self.pace, place, Rc::clone(state))));
        }
        while self.state.unread.get() > 0 {
            self.news().await;
        }
        any
    }

    /// Is there anything that nobody tells of?
    pub(super) fn is_blind(&self) -> bool {
        self.state.blind.get()
    }

    /// Ends when something happened.
    pub(super) async fn news(&mut self) {
        loop {
            tokio::select! {
                () = self.state.news.notified() => return,
                Some(()) = self.following.next() => {}
            }
        }
    }
}

async fn follow_place(session: &Session, pace: Pace, place: Place, state: Rc<State>) {
    let begun = Cell::new(false);
    let mut followed = follow_within(session, &pace, &place, &place.namespace, &state, &begun).await;
    if followed.as_ref().is_err_and(|error| error.code == Code::Forbidden) && !place.instead.is_empty() {
        let within =
            place.instead.iter().map(|namespace| follow_within(session, &pace, &place, namespace, &state, &begun));
        followed = join_all(within).await.into_iter().collect();
    }
    if followed.is_err() && !place.optional {
        state.blind.set(true);
    }
    state.was_read(&begun);
}

async fn follow_within(
    session: &Session,
    pace: &Pace,
    place: &Place,
    namespace: &str,
    state: &State,
    begun: &Cell<bool>,
) -> Result<(), ClusterError> {
    let Place { endpoint, selector, fields, .. } = place;
    let query = ListQuery::of(endpoint).within(namespace).labelled(selector).matching(fields).extent(Extent::Metadata);
    let read = async |_: bool| {
        if !state.wants(place) {
            return Ok(Start::Done);
        }
        let version = session.cluster.list_as_of(&query, |_| {}).await?;
        state.was_read(begun);
        Ok(Start::At(version))
    };
    let hear = |_| {
        state.news.notify_one();
        if state.wants(place) { Heard::More } else { Heard::Done }
    };
    session.cluster.follow(&query, pace, read, hear).await
}
