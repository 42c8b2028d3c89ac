//! Until an object is gone. Owns the observation of absence: a GET says 404, or shows another uid. What a watch tells only says
//! when to ask.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use krm::ObjectKey;
use serde_json::Value;

use super::run::Run;
use crate::cluster::{Change, ClusterError, Code, Endpoint, Extent, Heard, ListQuery, Pace, Start, Transport};

const PACE: Pace = Pace {
    pause_min: Duration::from_millis(50),
    pause_max: Duration::from_secs(2),
    renew: Duration::from_secs(30),
    read_again: Duration::from_mins(2),
};
/// After a signal the answer under way gets so long.
const LAST_ANSWER: Duration = Duration::from_secs(1);

impl<T: Transport> Run<'_, T> {
    /// Until it is observed to be gone; what holds it, if that does not come.
    pub(super) async fn await_absence(
        &self,
        endpoint: &Endpoint,
        key: &ObjectKey,
        uid: &str,
        limit: Duration,
    ) -> Result<Option<String>, ClusterError> {
        let fields = format!("metadata.name={}", key.name);
        let query = ListQuery::of(endpoint).within(&key.namespace).matching(&fields).extent(Extent::Metadata);
        let (last, first) = (RefCell::new(Value::Null), Cell::new(true));
        let read = async |expired: bool| {
            // Before the object is read, so that nothing is missed.
            let listed = if expired { Some(self.cluster.list_as_of(&query, |_| {}).await?) } else { None };
            let object = match self.cluster.get(endpoint, &key.namespace, &key.name, Extent::Metadata).await {
                Err(error) if matches!(error.code, Code::NotFound | Code::NotServed) => return Ok(Start::Done),
                Err(error) => return Err(error),
                Ok(object) if object["metadata"]["uid"] != uid => return Ok(Start::Done),
                Ok(object) => object,
            };
            let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str).map(str::to_owned);
            last.replace(object);
            // What goes in a moment is not worth a watch.
            let start = listed.or(version).filter(|_| !first.replace(false));
            Ok(start.map_or(Start::Pause, Start::At))
        };
        let hear = |change| match change {
            Change::Present(object) if object["metadata"]["uid"] == uid => {
                last.replace(object);
                Heard::More
            }
            Change::Present(_) | Change::Gone(_) => Heard::ReadAgain,
        };
        let interrupted = async {
            self.interrupt.raised().await;
            tokio::time::sleep(LAST_ANSWER).await;
        };
        tokio::select! {
            biased;
            gone = self.cluster.follow(&query, &PACE, read, hear) => return gone.map(|()| None),
            () = interrupted => {}
            () = tokio::time::sleep(limit) => {}
        }
        Ok(Some(held_by(&last.borrow())))
    }
}

fn held_by(object: &Value) -> String {
    let finalizers = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let names: Vec<&str> = finalizers.into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { String::new() } else { format!(", held by {}", names.join(", ")) }
}
