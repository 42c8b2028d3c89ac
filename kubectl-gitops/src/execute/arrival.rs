//! Until a kind is served that comes in this run: a definition of the set's, or one that an operator of the set makes once it
//! runs. Owns when discovery is asked again.

use std::cell::Cell;
use std::time::Duration;

use krm::GroupKind;
use tokio::time::Instant;

use super::run::Run;
use crate::cluster::{ClusterError, Endpoint, Extent, Heard, ListQuery, Lookup, Pace, Start, Transport};
use crate::plan::Body;

/// A new type is served a moment after its definition says so.
pub(super) const SERVING_SOON: Duration = Duration::from_secs(10);
/// What another API server brings shows in no definition: after each watch discovery is asked anyway.
const PACE: Pace = Pace {
    pause_min: Duration::from_millis(250),
    pause_max: Duration::from_secs(2),
    renew: Duration::from_secs(30),
    read_again: Duration::from_secs(15),
};

impl<T: Transport> Run<'_, T> {
    /// Where a kind is served now, in exactly this version.
    pub(super) fn served(&self, body: &Body) -> Option<Endpoint> {
        let kind = body.gvk.group_kind();
        match self.discovery.borrow().lookup(&kind) {
            Lookup::Served(served) => served.version(&body.gvk.version).map(|served| Endpoint::new(&kind, served)),
            Lookup::NotServed | Lookup::Unknown => None,
        }
    }

    /// The same, as soon as it is. None if it does not come, or a signal does.
    pub(super) async fn await_kind(&self, body: &Body, limit: Duration) -> Result<Option<Endpoint>, ClusterError> {
        let definitions = {
            let kind = GroupKind::new("apiextensions.k8s.io", "CustomResourceDefinition");
            let discovery = self.discovery.borrow();
            discovery.served(&kind).map(|served| Endpoint::new(&kind, served.preferred()))
        };
        // None only where the API server has no such thing; then the name does not matter.
        let definitions = definitions.unwrap_or_else(Endpoint::namespaces);
        let query = ListQuery::of(&definitions).extent(Extent::Metadata);
        let (news, first) = (Cell::new(Instant::now()), Cell::new(true));
        let read = async |_: bool| {
            // Before discovery is asked, so that nothing is missed.
            let quiet = news.get().elapsed() >= SERVING_SOON;
            let version = if quiet { self.cluster.list_as_of(&query, |_| {}).await.ok() } else { None };
            if !first.replace(false) {
                let discovery = self.cluster.rediscover().await?;
                *self.discovery.borrow_mut() = discovery;
            }
            let served = self.served(body).is_some();
            Ok(if served { Start::Done } else { version.map_or(Start::Pause, Start::At) })
        };
        let hear = |_| {
            news.set(Instant::now());
            Heard::ReadAgain
        };
        tokio::select! {
            biased;
            arrived = self.cluster.follow(&query, &PACE, read, hear) => arrived?,
            _ = self.interrupt.raised() => {}
            () = tokio::time::sleep(limit) => {}
        }
        Ok(self.served(body))
    }
}
