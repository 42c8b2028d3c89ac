//! Reading ConfigMaps and Secrets that a set uses and does not bring. Owns these requests: a few are read one by one, many of a
//! namespace in one LIST, of which only what was asked for is kept.

use std::collections::{BTreeMap, BTreeSet};

use krm::{GroupKind, ObjectKey, Text};

use super::client::Cluster;
use super::discovery::Lookup;
use super::endpoint::Endpoint;
use super::error::ClusterError;
use super::query::{Extent, ListQuery};
use super::transport::Transport;
use crate::plan::{Live, Observed};

/// Up to so many of one kind in one namespace are read one by one.
const GETS_MAX: usize = 4;

impl<T: Transport> Cluster<T> {
    /// Each of these ConfigMaps and Secrets as it is now. What may not be listed is read one by one.
    ///
    /// # Errors
    /// The cluster as a whole cannot be read.
    pub async fn sources(&self, keys: &BTreeSet<ObjectKey>) -> Result<BTreeMap<ObjectKey, Observed>, ClusterError> {
        self.read_sources(keys, Extent::Whole).await
    }

    /// The versions of these; empty for what is not there or may not be read.
    ///
    /// # Errors
    /// The cluster as a whole cannot be read.
    pub async fn versions_of(&self, keys: &BTreeSet<ObjectKey>) -> Result<BTreeMap<ObjectKey, String>, ClusterError> {
        let version = |observed: &Observed| observed.live().map(|live| live.resource_version().to_owned());
        let found = self.read_sources(keys, Extent::Metadata).await?;
        Ok(found.into_iter().map(|(key, observed)| (key, version(&observed).unwrap_or_default())).collect())
    }

    async fn read_sources(
        &self,
        keys: &BTreeSet<ObjectKey>,
        extent: Extent,
    ) -> Result<BTreeMap<ObjectKey, Observed>, ClusterError> {
        let mut places: BTreeMap<(Text, Text), BTreeSet<&ObjectKey>> = BTreeMap::new();
        for key in keys {
            places.entry((key.kind.clone(), key.namespace.clone())).or_default().insert(key);
        }
        let mut found = BTreeMap::new();
        for ((kind, namespace), keys) in places {
            let endpoint = if kind == "Secret" { Endpoint::secrets() } else { Endpoint::config_maps() };
            let mut listed = false;
            if keys.len() > GETS_MAX {
                let query = ListQuery::of(&endpoint).within(&namespace).extent(extent);
                let list = self.list(&query, |object| {
                    let name = object["metadata"]["name"].as_str().unwrap_or_default();
                    if let Some(key) = keys.get(&endpoint.key(&namespace, name))
                        && let Ok(live) = Live::new(object)
                    {
                        found.insert((*key).clone(), Observed::Present(live));
                    }
                });
                listed = list.await.is_ok();
            }
            for key in keys {
                if listed {
                    found.entry(key.clone()).or_insert(Observed::Absent);
                } else {
                    let observed = self.observe_key_as(&endpoint, key, extent).await?;
                    found.insert(key.clone(), observed);
                }
            }
        }
        Ok(found)
    }

    /// One live object in the version that is asked for, where it is served; none if it is not there or cannot be read.
    ///
    /// # Errors
    /// The cluster as a whole cannot be read.
    pub async fn live(&self, key: &ObjectKey, version: &str) -> Result<Option<Live>, ClusterError> {
        let discovery = self.discover().await?;
        let kind: GroupKind = key.group_kind();
        let Lookup::Served(served) = discovery.lookup(&kind) else { return Ok(None) };
        let endpoint = Endpoint::new(&kind, served.version(version).unwrap_or_else(|| served.preferred()));
        match self.observe_key(&endpoint, key).await? {
            Observed::Present(live) => Ok(Some(live)),
            Observed::Absent | Observed::NotServed | Observed::Unreadable { .. } => Ok(None),
        }
    }
}
