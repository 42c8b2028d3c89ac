//! Watches of the fake: what changed since a version, as it happens. While somebody watches, the controllers work on.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::serve::Target;
use super::store::Store;
use crate::cluster::transport::{Broken, Chunks};

/// How often the fake looks at itself.
const LOOK: Duration = Duration::from_millis(40);

/// What a watch asks for.
pub(super) struct Watched {
    pub(super) target: Target,
    pub(super) after: u64,
    pub(super) seconds: u64,
}

/// A text, then `end`, or nothing any more.
pub(super) fn says(text: &'static str, end: Option<Result<Bytes, Broken>>) -> Chunks {
    let text = stream::iter([Ok(Bytes::from_static(text.as_bytes()))]);
    match end {
        Some(end) => Box::pin(text.chain(stream::iter([end]))),
        None => Box::pin(text.chain(stream::pending())),
    }
}

/// The changes, until its time is over.
pub(super) fn changes(store: Rc<RefCell<Store>>, watched: Watched) -> Chunks {
    let end = Instant::now() + Duration::from_secs(watched.seconds);
    Box::pin(stream::unfold(watched.after, move |after| {
        let (store, target) = (Rc::clone(&store), watched.target.clone());
        async move {
            while Instant::now() < end {
                let (lines, reached) = {
                    let mut store = store.borrow_mut();
                    store.tick();
                    (lines(&store, &target, after), store.version())
                };
                if !lines.is_empty() {
                    return Some((Ok(Bytes::from(lines)), reached));
                }
                tokio::time::sleep(LOOK).await;
            }
            None
        }
    }))
}

fn lines(store: &Store, target: &Target, after: u64) -> String {
    let mut lines = String::new();
    for change in store.changes_after(after) {
        let matches = |object: &Value| !object.is_null() && target.selects(&change.key, object);
        let (what, object) = match (matches(&change.before), matches(&change.after)) {
            (false, true) => ("ADDED", &change.after),
            (true, true) => ("MODIFIED", &change.after),
            (true, false) => ("DELETED", &change.before),
            (false, false) => continue,
        };
        let mut object = object.clone();
        object["metadata"]["resourceVersion"] = json!(change.version.to_string());
        lines.push_str(&json!({"type": what, "object": object}).to_string());
        lines.push('\n');
    }
    lines
}
