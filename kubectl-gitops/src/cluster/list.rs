//! LISTs. Owns their pages, and that of a page no more is held than what is made of its objects: an answer from the API
//! server's cache is one page, however many objects it has.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::client::{Cluster, JSON, Taker};
use super::error::{ClusterError, Code};
use super::items::Items;
use super::query::{Extent, ListQuery};
use super::transport::{Method, Transport, Verb};

/// More pages than this are a server that repeats itself.
const PAGES_MAX: usize = 10_000;
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// A page but for its objects.
#[derive(Deserialize)]
struct Around {
    #[serde(default)]
    metadata: AroundMetadata,
    /// What is left of them is no object.
    #[serde(default)]
    items: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AroundMetadata {
    #[serde(rename = "continue")]
    next: String,
    #[serde(rename = "resourceVersion")]
    version: String,
}

impl<T: Transport> Cluster<T> {
    /// All objects of a query, page by page.
    pub async fn list(&self, query: &ListQuery<'_>, each: impl FnMut(Value)) -> Result<(), ClusterError> {
        self.list_as_of(query, each).await.map(drop)
    }

    /// The same; gives the version that the list is of. Every later change is told by a watch from there.
    pub async fn list_as_of(&self, query: &ListQuery<'_>, mut each: impl FnMut(Value)) -> Result<String, ClusterError> {
        self.list_pages(query, &mut Some, |objects| objects.into_iter().for_each(&mut each)).await
    }

    /// What `keep` makes of the objects of a query. It is called as they arrive, again for those of a page that is read again.
    pub async fn list_kept<K>(
        &self,
        query: &ListQuery<'_>,
        mut keep: impl FnMut(Value) -> Option<K>,
    ) -> Result<Vec<K>, ClusterError> {
        let mut all = Vec::new();
        self.list_pages(query, &mut keep, |kept| if all.is_empty() { all = kept } else { all.extend(kept) }).await?;
        Ok(all)
    }

    async fn list_pages<K>(
        &self,
        query: &ListQuery<'_>,
        keep: &mut dyn FnMut(Value) -> Option<K>,
        mut page: impl FnMut(Vec<K>),
    ) -> Result<String, ClusterError> {
        let endpoint = query.endpoint;
        let what = endpoint.describe(query.namespace, "");
        let accept = if query.extent == Extent::Whole { JSON } else { METADATA_LIST };
        let mut token = String::new();
        for _ in 0..PAGES_MAX {
            let mut complete = |object: Value| keep(endpoint.typed(object));
            let mut taken = Taken { items: Items::default(), keep: &mut complete, kept: Vec::new(), bad: None };
            let request = self.request(Verb::List, Method::Get, query.path(&token), accept);
            self.send_into(request, &what, endpoint.is_secret(), Some(&mut taken)).await?;
            let (kept, around) = taken.end().map_err(|message| {
                let message = format!("the answer is no list: {message}");
                ClusterError::local(Code::Garbled, Verb::List, &what, &message)
            })?;
            page(kept);
            token = around.metadata.next;
            if token.is_empty() {
                return Ok(around.metadata.version);
            }
        }
        Err(ClusterError::local(Code::Garbled, Verb::List, &what, "the list does not end"))
    }
}

/// A page as it arrives.
struct Taken<'k, K> {
    items: Items,
    keep: &'k mut dyn FnMut(Value) -> Option<K>,
    kept: Vec<K>,
    /// Of the first object that is unreadable.
    bad: Option<serde_json::Error>,
}

impl<K> Taker for Taken<'_, K> {
    fn begin(&mut self) {
        (self.items, self.kept, self.bad) = (Items::default(), Vec::new(), None);
    }

    fn take(&mut self, bytes: &[u8]) {
        let Self { items, keep, kept, bad } = self;
        items.feed(bytes, |item| match serde_json::from_slice(item) {
            Ok(object) => kept.extend(keep(object)),
            Err(error) => *bad = bad.take().or(Some(error)),
        });
    }
}

impl<K> Taken<'_, K> {
    /// What was kept, and the page around it. The error shows no content: the list may be of Secrets.
    fn end(self) -> Result<(Vec<K>, Around), String> {
        let unreadable = |error: &serde_json::Error| format!("line {}, column {}", error.line(), error.column());
        if let Some(error) = &self.bad {
            return Err(format!("an object in it is unreadable ({})", unreadable(error)));
        }
        let around: Around = serde_json::from_slice(&self.items.into_around()).map_err(|error| unreadable(&error))?;
        if around.items.as_ref().is_some_and(|rest| !rest.is_empty()) {
            return Err("it has something else than objects".to_owned());
        }
        Ok((self.kept, around))
    }
}
