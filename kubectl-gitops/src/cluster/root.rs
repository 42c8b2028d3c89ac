//! Inventory roots and shards on the wire. Owns the order of their requests: shards before the root that names them, and the
//! root only by compare-and-swap. Must not decide what an inventory says.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::client::Cluster;
use super::endpoint::{DryRun, Endpoint, Guard};
use super::error::{ClusterError, Code};
use super::query::{Extent, ListQuery};
use super::transport::Transport;
use crate::inventory::codec::{self, DecodeError, EncodeError, Encoded};
use crate::inventory::{Inventory, RootRef, marks};

/// Shards read or written at a time.
const SHARDS_IN_FLIGHT: usize = 8;
/// A shard that is missing may have been collected by a run that settled between our two reads: read again so often.
const READS_MAX: usize = 3;
/// The same for one that is there, and then is not.
const PUTS_MAX: usize = 3;

/// A root as it is stored, with what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRoot {
    /// The ConfigMap; its resourceVersion is what the next write is compared with.
    pub object: Value,
    /// Its content.
    pub inventory: Inventory,
}

impl StoredRoot {
    /// `metadata.resourceVersion`
    pub fn resource_version(&self) -> &str {
        resource_version(&self.object)
    }
}

/// An inventory could not be read or written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RootError {
    /// A request failed.
    #[error("the inventory could not be reached")]
    Request(#[source] ClusterError),
    /// It is stored in a form that cannot be used. Never to be taken for an empty one.
    #[error("the inventory cannot be used")]
    Decode(#[source] DecodeError),
    /// It cannot be stored.
    #[error("the inventory cannot be stored")]
    Encode(#[source] EncodeError),
}

impl RootError {
    /// Did somebody else write the root since it was read (or make it, or remove it)?
    pub fn is_lost_race(&self) -> bool {
        matches!(self, Self::Request(error) if matches!(error.code, Code::Conflict | Code::AlreadyExists | Code::NotFound))
    }
}

impl From<ClusterError> for RootError {
    fn from(error: ClusterError) -> Self {
        Self::Request(error)
    }
}

impl<T: Transport> Cluster<T> {
    /// Reads a root and the shards it names, verified. `None` only if a GET answered 404.
    pub async fn read_root(&self, root: &RootRef) -> Result<Option<StoredRoot>, RootError> {
        let endpoint = Endpoint::config_maps();
        for attempt in 1.. {
            let object = match self.get(&endpoint, &root.namespace, &root.name, Extent::Whole).await {
                Ok(object) => object,
                Err(error) if error.code == Code::NotFound => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            match self.decode_root(&object).await {
                Ok(inventory) => return Ok(Some(StoredRoot { object, inventory })),
                Err(RootError::Decode(DecodeError::MissingShard { .. })) if attempt < READS_MAX => {}
                Err(error) => return Err(error),
            }
        }
        unreachable!("the loop returns at its last attempt")
    }

    /// Reads the shards that a root names, and decodes both.
    pub async fn decode_root(&self, object: &Value) -> Result<Inventory, RootError> {
        let endpoint = &Endpoint::config_maps();
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
        let fetch = |name: String| async move {
            match self.get(endpoint, namespace, &name, Extent::Whole).await {
                Ok(shard) => Ok(Some((name, shard))),
                Err(error) if error.code == Code::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        };
        let names = codec::shards(object).map_err(RootError::Decode)?.into_iter().map(|shard| shard.name);
        let fetched = stream::iter(names).map(fetch).buffered(SHARDS_IN_FLIGHT);
        let stored: BTreeMap<String, Value> =
            fetched.try_filter_map(|shard| async move { Ok(shard) }).try_collect().await?;
        codec::decode(object, &stored).map_err(RootError::Decode)
    }

    /// All roots in one namespace, or in all of them. As they are stored: reading their shards is the caller's choice.
    pub async fn list_roots(&self, namespace: Option<&str>) -> Result<Vec<Value>, ClusterError> {
        let endpoint = Endpoint::config_maps();
        let selector = format!("{}=true", marks::ROOT_LABEL);
        let query = ListQuery::of(&endpoint).within(namespace.unwrap_or_default()).labelled(&selector);
        let mut roots = Vec::new();
        self.list(&query, |root| roots.push(root)).await?;
        Ok(roots)
    }

    /// Writes an inventory over `previous` (or as a new one), shards first. A compare-and-swap: it fails if anybody wrote the
    /// root in between, and an answer that was lost is found out by reading.
    pub async fn write_root(&self, inventory: &Inventory, previous: Option<&Value>) -> Result<Value, RootError> {
        let encoded = match previous {
            Some(previous) => codec::encode_over(inventory, previous),
            None => codec::encode(inventory),
        };
        let Encoded { root, shards } = encoded.map_err(RootError::Encode)?;
        let endpoint = Endpoint::config_maps();
        let known: BTreeSet<String> = previous.map(shard_names).unwrap_or_default();
        let fresh = shards.iter().filter(|shard| !known.contains(&shard.name)).map(|shard| &shard.config_map);
        stream::iter(fresh)
            .map(|shard| async { self.put_shard(shard).await })
            .buffer_unordered(SHARDS_IN_FLIGHT)
            .try_collect::<()>()
            .await?;
        let written = match previous {
            Some(_) => self.replace(&endpoint, &root).await,
            None => self.create(&endpoint, &root, DryRun::No).await,
        };
        match written {
            Ok(object) => Ok(object),
            Err(error) if matches!(error.code, Code::Conflict | Code::AlreadyExists) => {
                self.own_write(&root, error).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The conflict may be with our own write whose answer was lost. Equal content says so: it names run and holder.
    async fn own_write(&self, wanted: &Value, conflict: ClusterError) -> Result<Value, RootError> {
        let text = |field: &str| wanted["metadata"][field].as_str().unwrap_or_default();
        let now = self.get(&Endpoint::config_maps(), text("namespace"), text("name"), Extent::Whole).await?;
        if now.get("data") == wanted.get("data") { Ok(now) } else { Err(conflict.into()) }
    }

    /// Content-addressed: one that exists already is the same. But it may be garbage, and its deletion by an earlier run under
    /// way: a new version of it is none that such a deletion is about.
    async fn put_shard(&self, shard: &Value) -> Result<(), ClusterError> {
        for attempt in 1.. {
            match self.create(&Endpoint::config_maps(), shard, DryRun::No).await {
                Ok(_) => return Ok(()),
                Err(error) if error.code == Code::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            match self.renew_shard(shard).await {
                Err(error) if attempt < PUTS_MAX && matches!(error.code, Code::NotFound | Code::Conflict) => {}
                // It exists, and may be read: good enough for an account that may not touch it.
                Err(error) if error.code == Code::Forbidden => return Ok(()),
                other => return other,
            }
        }
        unreachable!("the loop returns at its last attempt")
    }

    async fn renew_shard(&self, shard: &Value) -> Result<(), ClusterError> {
        let endpoint = Endpoint::config_maps();
        let text = |object: &Value, field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let key = endpoint.key(&text(shard, "namespace"), &text(shard, "name"));
        let now = self.get(&endpoint, &key.namespace, &key.name, Extent::Metadata).await?;
        let version = text(&now, "resourceVersion");
        let patch = json!({"metadata": {"annotations": {marks::REUSED_ANNOTATION: version}}});
        self.merge_inventory(&key, &patch, &Guard::exactly(&text(&now, "uid"), &version)).await.map(|_| ())
    }

    /// Shards of `inventory` that `root` does not name: name, uid, version.
    async fn stray_shards(
        &self,
        inventory: &Inventory,
        root: &Value,
    ) -> Result<Vec<(String, String, String)>, ClusterError> {
        let endpoint = Endpoint::config_maps();
        let selector = format!("{}={}", marks::SHARD_LABEL, inventory.id.short());
        let query =
            ListQuery::of(&endpoint).within(&inventory.root.namespace).labelled(&selector).extent(Extent::Metadata);
        let named = shard_names(root);
        let mut garbage = Vec::new();
        self.list(&query, |shard| {
            let text = |field: &str| shard["metadata"][field].as_str().unwrap_or_default().to_owned();
            if !named.contains(&text("name")) {
                garbage.push((text("name"), text("uid"), text("resourceVersion")));
            }
        })
        .await?;
        Ok(garbage)
    }

    /// Is there any?
    pub async fn has_stray_shards(&self, inventory: &Inventory, root: &Value) -> Result<bool, ClusterError> {
        Ok(!self.stray_shards(inventory, root).await?.is_empty())
    }

    /// Deletes shards of `inventory` that `root` does not name. Only under its lock.
    pub async fn collect_shards(&self, inventory: &Inventory, root: &Value) -> Result<usize, ClusterError> {
        let endpoint = Endpoint::config_maps();
        let garbage = self.stray_shards(inventory, root).await?;
        for (name, uid, resource_version) in &garbage {
            let guard = Guard::exactly(uid, resource_version);
            let deleted = self.delete(&endpoint, &inventory.root.namespace, name, &guard, DryRun::No).await;
            if let Err(error) = deleted
                && !matches!(error.code, Code::NotFound | Code::Conflict)
            {
                return Err(error);
            }
        }
        Ok(garbage.len())
    }

    /// Deletes a root, exactly the one that was read.
    pub async fn delete_root(&self, root: &Value) -> Result<(), ClusterError> {
        let text = |field: &str| root["metadata"][field].as_str().unwrap_or_default();
        let guard = Guard::exactly(text("uid"), text("resourceVersion"));
        let endpoint = Endpoint::config_maps();
        match self.delete(&endpoint, text("namespace"), text("name"), &guard, DryRun::No).await {
            Err(error) if error.code != Code::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// `metadata.resourceVersion`
pub fn resource_version(object: &Value) -> &str {
    object.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default()
}

/// Names of the shards that a root refers to; none if it cannot be read, which is found out elsewhere.
fn shard_names(root: &Value) -> BTreeSet<String> {
    codec::shards(root).map(|shards| shards.into_iter().map(|shard| shard.name).collect()).unwrap_or_default()
}
