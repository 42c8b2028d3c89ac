//! What a LIST asks for. Owns [`ListQuery`] and its URL; must not send anything.

use super::endpoint::{Endpoint, push_query};

/// Objects per page of a LIST: large enough that 1000 objects are two requests, small enough to bound memory.
const PAGE_OBJECTS: usize = 500;

/// How much of an object is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it, managedFields too.
    Whole,
    /// Its metadata.
    Metadata,
}

/// A LIST: of everything of a type, as of now, unless it is narrowed.
#[derive(Debug, Clone, Copy)]
pub struct ListQuery<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) namespace: &'a str,
    pub(super) extent: Extent,
    selector: &'a str,
    fields: &'a str,
    freshness: Freshness,
}

impl<'a> ListQuery<'a> {
    /// Everything of a type, in all namespaces.
    pub fn of(endpoint: &'a Endpoint) -> Self {
        Self { endpoint, namespace: "", selector: "", fields: "", extent: Extent::Whole, freshness: Freshness::Now }
    }

    /// Do objects of the type live in namespaces?
    pub fn is_namespaced(&self) -> bool {
        self.endpoint.namespaced
    }

    /// In one namespace; empty for all.
    #[must_use]
    pub fn within(self, namespace: &'a str) -> Self {
        Self { namespace, ..self }
    }

    /// With this `labelSelector`; empty for none.
    #[must_use]
    pub fn labelled(self, selector: &'a str) -> Self {
        Self { selector, ..self }
    }

    /// With this `fieldSelector`; empty for none.
    #[must_use]
    pub fn matching(self, fields: &'a str) -> Self {
        Self { fields, ..self }
    }

    /// How much of each object.
    #[must_use]
    pub fn extent(self, extent: Extent) -> Self {
        Self { extent, ..self }
    }

    /// How new.
    #[must_use]
    pub fn freshness(self, freshness: Freshness) -> Self {
        Self { freshness, ..self }
    }

    /// Path and query of one page; the first one has no token.
    pub(super) fn path(&self, token: &str) -> String {
        let mut path = self.narrowed();
        match self.freshness {
            Freshness::Now => push_query(&mut path, "limit", &PAGE_OBJECTS.to_string()),
            Freshness::Cached => push_query(&mut path, "resourceVersion", "0"),
        }
        if !token.is_empty() {
            push_query(&mut path, "continue", token);
        }
        path
    }

    /// Path and query of a watch of everything that changes after `version`, for so long.
    pub(super) fn watch_path(&self, version: &str, seconds: u64) -> String {
        let mut path = self.narrowed();
        push_query(&mut path, "watch", "true");
        push_query(&mut path, "allowWatchBookmarks", "true");
        push_query(&mut path, "resourceVersion", version);
        push_query(&mut path, "timeoutSeconds", &seconds.to_string());
        path
    }

    fn narrowed(&self) -> String {
        let mut path = self.endpoint.collection(self.namespace);
        if !self.selector.is_empty() {
            push_query(&mut path, "labelSelector", self.selector);
        }
        if !self.fields.is_empty() {
            push_query(&mut path, "fieldSelector", self.fields);
        }
        path
    }
}

/// How new an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// As of now. On SQLite (K3s) the API server may take half a second to be sure.
    Now,
    /// From the API server's cache, which may be a moment behind. Good where every write that follows is guarded, and where
    /// absence is made sure of by other means. Comes in one page.
    Cached,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_paged_or_cached() {
        let endpoint = Endpoint::config_maps();
        let query = ListQuery::of(&endpoint).within("shop").labelled("a=b");
        assert_eq!(query.path("x"), "/api/v1/namespaces/shop/configmaps?labelSelector=a%3Db&limit=500&continue=x");
        let cached = ListQuery::of(&endpoint).freshness(Freshness::Cached);
        assert_eq!(cached.path(""), "/api/v1/configmaps?resourceVersion=0");
        assert_eq!(
            query.matching("metadata.name=x").watch_path("7", 30),
            "/api/v1/namespaces/shop/configmaps?labelSelector=a%3Db&fieldSelector=metadata.name%3Dx&watch=true\
             &allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=30"
        );
    }
}
