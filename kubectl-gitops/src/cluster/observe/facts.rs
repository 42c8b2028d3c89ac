//! What guards need to know besides the objects themselves: namespaces, what others have in those that leave, instances of
//! definitions that leave, what autoscalers scale, who else keeps an inventory. Owns these reads; each is sent only if the
//! set gives a reason to ask.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _};
use krm::{GroupKind, ObjectKey, Text};
use serde_json::Value;

use super::kinds::key_of;
use super::{Look, READS_IN_FLIGHT, is_general};
use crate::cluster::client::Cluster;
use crate::cluster::discovery::{Discovery, Lookup};
use crate::cluster::endpoint::Endpoint;
use crate::cluster::error::{ClusterError, Code};
use crate::cluster::query::{Extent, Freshness, ListQuery};
use crate::cluster::transport::Transport;
use crate::inventory::{InventoryId, RootRef, marks};
use crate::plan::{Foreign, NamespaceState, Needs, Observation, Observed, is_terminating, scale_target};

/// Up to so many namespaces are read one by one; more in one LIST.
const NAMESPACE_GETS_MAX: usize = 4;
/// Named in a message; more add nothing.
const FOREIGN_MAX: usize = 5;
const AUTOSCALING: &str = "autoscaling";
const EXTENSIONS: &str = "apiextensions.k8s.io";
const REGISTRATION: &str = "apiregistration.k8s.io";

impl<T: Transport> Cluster<T> {
    pub(super) async fn add_facts(
        &self,
        look: &Look<'_>,
        needs: &Needs,
        discovery: &Discovery,
        observation: &mut Observation,
    ) -> Result<(), ClusterError> {
        self.add_namespaces(look, observation).await?;
        self.add_scaled(look, discovery, observation).await?;
        self.add_roots(look, observation).await?;
        self.add_kinds_gone(discovery, observation).await?;
        for key in &needs.content_of {
            if observation.get(key).live().is_some() {
                let foreign = self.foreign_content(look, discovery, key.name.as_str()).await?;
                observation.foreign_content.insert(key.clone(), foreign);
            }
        }
        for key in &needs.instances_of {
            let observed = observation.get(key);
            if let Some(live) = observed.live() {
                let foreign = self.foreign_instances(look, discovery, live.object()).await?;
                observation.foreign_instances.insert(key.clone(), foreign);
            }
        }
        Ok(())
    }

    /// Namespaces in which something desired is missing or going away: only there does their state matter.
    async fn add_namespaces(&self, look: &Look<'_>, observation: &mut Observation) -> Result<(), ClusterError> {
        for (key, observed) in &observation.objects {
            if key.group.is_empty() && key.kind == "Namespace" {
                let state = match observed {
                    Observed::Absent => NamespaceState::Absent,
                    Observed::Present(live) => state_of(live.object()),
                    Observed::NotServed | Observed::Unreadable { .. } => continue,
                };
                observation.namespaces.insert(key.name.clone(), state);
            }
        }
        let complete = |key: &ObjectKey| {
            observation
                .objects
                .get(key)
                .and_then(Observed::live)
                .is_some_and(|live| live.deletion_timestamp().is_none())
        };
        let wanted: BTreeSet<Text> = look
            .desired
            .iter()
            .filter(|desired| !desired.key.namespace.is_empty() && !complete(&desired.key))
            .map(|desired| desired.key.namespace.clone())
            .filter(|namespace| !observation.namespaces.contains_key(namespace))
            .collect();
        let endpoint = Endpoint::namespaces();
        let mut to_get = wanted;
        if to_get.len() > NAMESPACE_GETS_MAX {
            let query = ListQuery::of(&endpoint);
            let mut listed = Vec::new();
            match self
                .list(&query, |namespace| listed.push((key_of(&endpoint, &namespace).name, state_of(&namespace))))
                .await
            {
                Ok(()) => {
                    observation.namespaces.extend(to_get.into_iter().map(|name| (name, NamespaceState::Absent)));
                    observation.namespaces.extend(listed);
                    return Ok(());
                }
                Err(error) if is_general(&error) => return Err(error),
                Err(_) => {}
            }
        }
        while let Some(name) = to_get.pop_first() {
            match self.get(&endpoint, "", &name, Extent::Whole).await {
                Ok(namespace) => observation.namespaces.insert(name, state_of(&namespace)),
                Err(error) if error.code == Code::NotFound => {
                    observation.namespaces.insert(name, NamespaceState::Absent)
                }
                Err(error) if is_general(&error) => return Err(error),
                Err(_) => None,
            };
        }
        Ok(())
    }

    /// Targets of autoscalers, if anything desired sets a number of replicas.
    async fn add_scaled(
        &self,
        look: &Look<'_>,
        discovery: &Discovery,
        observation: &mut Observation,
    ) -> Result<(), ClusterError> {
        let keys: BTreeSet<ObjectKey> =
            look.desired.iter().filter(|d| d.manifest.scales()).map(|d| d.key.clone()).collect();
        let kind = GroupKind::new(AUTOSCALING, "HorizontalPodAutoscaler");
        let Some(served) = discovery.served(&kind).filter(|_| !keys.is_empty()) else { return Ok(()) };
        let endpoint = Endpoint::new(&kind, served.preferred());
        let target = |object: Value| {
            let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
            scale_target(&object, namespace)
        };
        let query = ListQuery::of(&endpoint).freshness(Freshness::Cached);
        observation.scaled.extend(self.list_where_allowed(query, &keys, target).await?.kept);
        Ok(())
    }

    /// Other inventories, if some object names one.
    async fn add_roots(&self, look: &Look<'_>, observation: &mut Observation) -> Result<(), ClusterError> {
        let own = look.inventory.id.to_string();
        let foreign =
            |observed: &Observed| observed.live().and_then(|live| live.owner()).is_some_and(|owner| owner != own);
        if !observation.objects.values().any(foreign) {
            return Ok(());
        }
        let roots = match self.list_roots(None).await {
            Ok(roots) => {
                observation.roots_complete = true;
                roots
            }
            Err(error) if is_general(&error) => return Err(error),
            Err(_) => self.list_roots(Some(&look.inventory.root.namespace)).await.unwrap_or_default(),
        };
        for root in &roots {
            let text = |path: &str| root.pointer(path).and_then(Value::as_str).unwrap_or_default();
            if let Ok(id) = text("/data/id").parse::<InventoryId>() {
                let (namespace, name) = (text("/metadata/namespace").to_owned(), text("/metadata/name").to_owned());
                observation.roots.insert(id, RootRef { namespace, name });
            } else {
                // Of a format we do not know: it may own anything.
                observation.roots_complete = false;
            }
        }
        Ok(())
    }

    /// Of the kinds that are not served: those that nothing defines any more.
    async fn add_kinds_gone(&self, discovery: &Discovery, observation: &mut Observation) -> Result<(), ClusterError> {
        let mut unserved: BTreeSet<GroupKind> = BTreeSet::new();
        for (key, observed) in &observation.objects {
            if *observed == Observed::NotServed && discovery.lookup(&key.group_kind()) == Lookup::NotServed {
                unserved.insert(key.group_kind());
            }
        }
        if unserved.is_empty() {
            return Ok(());
        }
        // Named `plural.group` and `version.group`: nothing left in the group means that no such object can exist.
        let Some(definitions) = self.names(discovery, EXTENSIONS, "CustomResourceDefinition").await? else {
            return Ok(());
        };
        let Some(services) = self.names(discovery, REGISTRATION, "APIService").await? else { return Ok(()) };
        let defined = |group: &str| {
            definitions.iter().chain(&services).any(|name| name.split_once('.').is_some_and(|(_, rest)| rest == group))
        };
        observation.kinds_gone = unserved.into_iter().filter(|kind| !defined(&kind.group)).collect();
        Ok(())
    }

    /// Names of all objects of a cluster-scoped kind; none if they cannot all be had.
    async fn names(&self, discovery: &Discovery, group: &str, kind: &str) -> Result<Option<Vec<Text>>, ClusterError> {
        let kind = GroupKind::new(group, kind);
        let Some(served) = discovery.served(&kind) else { return Ok(None) };
        let endpoint = Endpoint::new(&kind, served.preferred());
        let query = ListQuery::of(&endpoint).extent(Extent::Metadata);
        let mut names = Vec::new();
        match self.list(&query, |object| names.push(key_of(&endpoint, &object).name)).await {
            Ok(()) => Ok(Some(names)),
            Err(error) if is_general(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// What others have in a namespace that leaves the set.
    ///
    /// # Errors
    /// The cluster cannot be reached, or does not know us.
    pub async fn foreign_content(
        &self,
        look: &Look<'_>,
        discovery: &Discovery,
        namespace: &str,
    ) -> Result<Foreign, ClusterError> {
        if let Some(group) = discovery.unknown_groups().next() {
            return Ok(Foreign::Unknown { reason: format!("the API server behind group {group} does not answer") });
        }
        let searched = |kind: &GroupKind| {
            // Events and endpoints describe other objects; what is listed under two groups is searched once.
            let skipped = ["Event", "EndpointSlice", "Endpoints"];
            !skipped.contains(&kind.kind.as_str())
        };
        let endpoints: Vec<Endpoint> = discovery
            .kinds()
            .filter(|(kind, served)| served.preferred().namespaced && served.preferred().can("list") && searched(kind))
            .map(|(kind, served)| Endpoint::new(kind, served.preferred()))
            .collect();
        self.search(look, endpoints, namespace).await
    }

    /// Instances of a definition that leaves the set.
    async fn foreign_instances(
        &self,
        look: &Look<'_>,
        discovery: &Discovery,
        definition: &Value,
    ) -> Result<Foreign, ClusterError> {
        let text = |path: &str| definition.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let kind = GroupKind::new(text("/spec/group"), text("/spec/names/kind"));
        match discovery.lookup(&kind) {
            Lookup::Served(served) => self.search(look, vec![Endpoint::new(&kind, served.preferred())], "").await,
            Lookup::NotServed => Ok(Foreign::Unknown { reason: format!("{kind} is defined but not served") }),
            Lookup::Unknown => Ok(Foreign::Unknown { reason: format!("the group of {kind} does not answer") }),
        }
    }

    async fn search(
        &self,
        look: &Look<'_>,
        endpoints: Vec<Endpoint>,
        namespace: &str,
    ) -> Result<Foreign, ClusterError> {
        let list = |endpoint: Endpoint| async move {
            let query = ListQuery::of(&endpoint).within(namespace).extent(Extent::Metadata);
            let mut found = Vec::new();
            let result = self
                .list(&query, |object| {
                    if found.len() < FOREIGN_MAX && is_foreign(look, &endpoint, &object) {
                        found.push(key_of(&endpoint, &object));
                    }
                })
                .await;
            (endpoint, found, result)
        };
        let mut lists = stream::iter(endpoints).map(list).buffer_unordered(READS_IN_FLIGHT);
        let (mut found, mut unknown) = (BTreeSet::new(), BTreeSet::new());
        while let Some((endpoint, keys, result)) = lists.next().await {
            match result {
                Ok(()) => found.extend(keys),
                Err(error) if is_general(&error) => return Err(error),
                // Some kinds are served for writing only, whatever discovery says.
                Err(error) if error.code == Code::NotServed => {}
                Err(_) => {
                    unknown.insert(endpoint.plural);
                }
            }
        }
        Ok(match (found.is_empty(), unknown.into_iter().next()) {
            (false, _) => Foreign::Some(found.into_iter().take(FOREIGN_MAX).collect()),
            (true, Some(plural)) => Foreign::Unknown { reason: format!("{plural} cannot be listed") },
            (true, None) => Foreign::None,
        })
    }
}

/// Made neither by this set nor by the cluster for its own housekeeping, nor owned by anything (then its owner counts).
/// The inventory itself counts: a namespace that holds the memory of the set is not deleted from under it.
fn is_foreign(look: &Look<'_>, endpoint: &Endpoint, object: &Value) -> bool {
    let key = key_of(endpoint, object);
    let housekeeping = key.group.is_empty()
        && ((key.kind == "ConfigMap" && key.name == "kube-root-ca.crt")
            || (key.kind == "ServiceAccount" && key.name == "default"));
    let owned = object.pointer("/metadata/ownerReferences").and_then(Value::as_array).is_some_and(|o| !o.is_empty());
    let ours = marks::annotation(object, marks::OWNER_ANNOTATION) == Some(look.inventory.id.to_string().as_str());
    !(housekeeping || owned || ours)
}

fn state_of(namespace: &Value) -> NamespaceState {
    if is_terminating(namespace) { NamespaceState::Terminating } else { NamespaceState::Active }
}
