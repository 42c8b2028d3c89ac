//! Asking what is served. Owns the requests of discovery: two where the server aggregates, one per group version where not.
//! Must not read the documents itself: [`Discovery`] does.

use std::rc::Rc;

use futures::stream::{self, StreamExt as _};
use serde_json::Value;

use super::client::Cluster;
use super::discovery::{Discovery, ReadDiscovery, legacy_groups};
use super::error::{ClusterError, Code};
use super::transport::{Transport, Verb};

const AGGREGATED: &str = concat!(
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,",
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,",
    "application/json"
);
const JSON: &str = "application/json";
/// Group versions asked for at a time where the server does not aggregate.
const LEGACY_IN_FLIGHT: usize = 8;

impl<T: Transport> Cluster<T> {
    /// What the server serves; asked once per run.
    pub async fn discover(&self) -> Result<Rc<Discovery>, ClusterError> {
        let known = self.known_discovery().borrow().clone();
        match known {
            Some(known) => Ok(known),
            None => self.rediscover().await,
        }
    }

    /// What the server serves now: asked again.
    pub async fn rediscover(&self) -> Result<Rc<Discovery>, ClusterError> {
        let (core, groups) = futures::join!(self.document("/api", AGGREGATED), self.document("/apis", AGGREGATED));
        let (core, groups) = (core?, groups?);
        let mut discovery = Discovery::default();
        if is_aggregated(&core) && is_aggregated(&groups) {
            discovery.add_aggregated("/api", &core).map_err(|error| garbled(&error))?;
            discovery.add_aggregated("/apis", &groups).map_err(|error| garbled(&error))?;
        } else {
            self.discover_legacy(&mut discovery, &groups).await?;
        }
        let discovery = Rc::new(discovery);
        *self.known_discovery().borrow_mut() = Some(Rc::clone(&discovery));
        Ok(discovery)
    }

    async fn discover_legacy(&self, discovery: &mut Discovery, groups: &Value) -> Result<(), ClusterError> {
        let mut paths = vec![(String::new(), "/api/v1".to_owned())];
        // An old server may aggregate one of the two documents only: ask for the other form by name.
        let groups = if is_aggregated(groups) { &self.document("/apis", JSON).await? } else { groups };
        for (group, versions) in legacy_groups("/apis", groups).map_err(|error| garbled(&error))? {
            paths.extend(versions.iter().map(|version| (group.clone(), format!("/apis/{group}/{version}"))));
        }
        let fetch = |(group, path): (String, String)| async move {
            let document = self.document(&path, JSON).await;
            (group, path, document)
        };
        let documents: Vec<_> = stream::iter(paths).map(fetch).buffered(LEGACY_IN_FLIGHT).collect().await;
        for (group, path, document) in documents {
            match document {
                Ok(document) => discovery.add_legacy(&path, &document).map_err(|error| garbled(&error))?,
                // An aggregated API server that is down must not take the rest with it.
                Err(error) if matches!(error.code, Code::Unavailable | Code::NotServed | Code::Timeout) => {
                    discovery.add_unknown_group(&group);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_aggregated(document: &Value) -> bool {
    document.get("kind").and_then(Value::as_str) == Some("APIGroupDiscoveryList")
}

fn garbled(error: &ReadDiscovery) -> ClusterError {
    ClusterError::local(Code::Garbled, Verb::Discover, &error.path, &error.reason)
}
