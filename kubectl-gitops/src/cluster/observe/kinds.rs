//! Reading the objects of one kind: by label, then by key what the label did not bring; where that is forbidden, namespace by
//! namespace, then key by key. Owns these fallbacks; must not read anything for guards.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt as _};
use krm::ObjectKey;
use serde_json::Value;

use super::{Group, Look, READS_IN_FLIGHT, is_general};
use crate::cluster::client::Cluster;
use crate::cluster::endpoint::Endpoint;
use crate::cluster::error::{ClusterError, Code};
use crate::cluster::query::{Extent, Freshness, ListQuery};
use crate::cluster::transport::Transport;
use crate::inventory::marks;
use crate::plan::{Live, Observed};

/// Up to so many missing keys are read one by one; more are looked for in one LIST of metadata.
pub(super) const GETS_MAX: usize = 8;

type Objects = BTreeMap<ObjectKey, Observed>;

impl<T: Transport> Cluster<T> {
    /// All keys of one group: every one of them is in the answer.
    pub(super) async fn read_group(
        &self,
        look: &Look<'_>,
        group: Group,
        freshness: Freshness,
    ) -> Result<Objects, ClusterError> {
        let Group { endpoint, keys } = group;
        let mut objects = Objects::new();
        if look.recorded {
            let selector = format!("{}={}", marks::MEMBER_LABEL, look.inventory.id.short());
            let query = ListQuery::of(&endpoint).labelled(&selector).freshness(freshness);
            // Of a kind without members, objects may be wherever the set has others.
            let around = if keys.is_empty() { look.inventory.entries.keys().cloned().collect() } else { keys.clone() };
            let id = look.inventory.id.to_string();
            let member = |object: Value| {
                let key = key_of(&endpoint, &object);
                // Controllers copy labels to what they make: only what is marked or asked for concerns this set.
                let marked = marks::annotation(&object, marks::OWNER_ANNOTATION) == Some(id.as_str());
                (marked || keys.contains(&key)).then(|| (key, present(object)))
            };
            objects.extend(self.list_where_allowed(query, &around, member).await?.kept);
        }
        let missing: BTreeSet<ObjectKey> = keys.into_iter().filter(|key| !objects.contains_key(key)).collect();
        self.read_missing(&endpoint, missing, &mut objects).await?;
        Ok(objects)
    }

    /// Not listed is not absent: a third party may have stripped the label.
    async fn read_missing(
        &self,
        endpoint: &Endpoint,
        missing: BTreeSet<ObjectKey>,
        objects: &mut Objects,
    ) -> Result<(), ClusterError> {
        let mut to_get = missing;
        if to_get.len() > GETS_MAX {
            let query = ListQuery::of(endpoint).extent(Extent::Metadata);
            let wanted = |object: Value| Some(key_of(endpoint, &object)).filter(|key| to_get.contains(key));
            let mut listed = self.list_where_allowed(query, &to_get, wanted).await?;
            let there: BTreeSet<ObjectKey> = std::mem::take(&mut listed.kept).into_iter().collect();
            to_get.retain(|key| {
                let absent = listed.covers(key) && !there.contains(key);
                if absent {
                    objects.insert(key.clone(), Observed::Absent);
                }
                !absent
            });
        }
        let reads = stream::iter(to_get).map(|key| self.read_key(endpoint, key)).buffer_unordered(READS_IN_FLIGHT);
        let read: Vec<Result<(ObjectKey, Observed), ClusterError>> = reads.collect().await;
        for result in read {
            let (key, observed) = result?;
            objects.insert(key, observed);
        }
        Ok(())
    }

    async fn read_key(&self, endpoint: &Endpoint, key: ObjectKey) -> Result<(ObjectKey, Observed), ClusterError> {
        let observed = self.observe_key(endpoint, &key).await?;
        Ok((key, observed))
    }

    /// One key by GET.
    pub async fn observe_key(&self, endpoint: &Endpoint, key: &ObjectKey) -> Result<Observed, ClusterError> {
        self.observe_key_as(endpoint, key, Extent::Whole).await
    }

    /// The same, or its metadata only.
    pub(in crate::cluster) async fn observe_key_as(
        &self,
        endpoint: &Endpoint,
        key: &ObjectKey,
        extent: Extent,
    ) -> Result<Observed, ClusterError> {
        match self.get(endpoint, &key.namespace, &key.name, extent).await {
            Ok(object) => Ok(present(object)),
            Err(error) if error.code == Code::NotFound => Ok(Observed::Absent),
            Err(error) if error.code == Code::NotServed => Ok(Observed::NotServed),
            Err(error) if is_general(&error) => Err(error),
            Err(error) => Ok(Observed::Unreadable { reason: error.to_string() }),
        }
    }

    /// A LIST over all namespaces; where that is refused, over each namespace of the keys. Says which namespaces it saw. Of
    /// the objects no more is held than what `keep` makes of them.
    pub(super) async fn list_where_allowed<K>(
        &self,
        query: ListQuery<'_>,
        keys: &BTreeSet<ObjectKey>,
        keep: impl Fn(Value) -> Option<K>,
    ) -> Result<Listed<K>, ClusterError> {
        let mut listed = Listed { kept: Vec::new(), everywhere: false, namespaces: BTreeSet::new() };
        match self.list_kept(&query, &keep).await {
            Ok(kept) => return Ok(Listed { kept, everywhere: true, ..listed }),
            Err(error) if is_general(&error) => return Err(error),
            Err(error) if error.code != Code::Forbidden || !query.is_namespaced() => return Ok(listed),
            Err(_) => {}
        }
        let (namespaces, keep) = (keys.iter().map(|key| key.namespace.as_str()).collect::<BTreeSet<&str>>(), &keep);
        let list = |namespace| async move { (namespace, self.list_kept(&query.within(namespace), keep).await) };
        let mut lists = stream::iter(namespaces).map(list).buffer_unordered(READS_IN_FLIGHT);
        while let Some((namespace, result)) = lists.next().await {
            match result {
                Ok(kept) => {
                    listed.namespaces.insert(namespace.to_owned());
                    listed.kept.extend(kept);
                }
                Err(error) if is_general(&error) => return Err(error),
                // Its keys are read one by one.
                Err(_) => {}
            }
        }
        Ok(listed)
    }
}

/// What LISTs brought, and over what they were complete.
pub(super) struct Listed<K> {
    pub(super) kept: Vec<K>,
    pub(super) everywhere: bool,
    namespaces: BTreeSet<String>,
}

impl<K> Listed<K> {
    /// Would the key be among the objects if it existed?
    fn covers(&self, key: &ObjectKey) -> bool {
        self.everywhere || self.namespaces.contains(key.namespace.as_str())
    }
}

/// Identity of an object as a LIST of `endpoint` brought it.
pub(super) fn key_of(endpoint: &Endpoint, object: &Value) -> ObjectKey {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    endpoint.key(text("namespace"), text("name"))
}

fn present(object: Value) -> Observed {
    match Live::new(object) {
        Ok(live) => Observed::Present(live),
        Err(error) => Observed::Unreadable { reason: error.to_string() },
    }
}
