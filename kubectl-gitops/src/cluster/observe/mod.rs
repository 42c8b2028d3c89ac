//! One read pass over everything a plan needs. Owns which requests are sent for it and what their failures mean:
//! a key is absent only if a GET of it, or a complete LIST of its kind, said so. Must not judge what it sees.

mod facts;
mod kinds;
mod lost;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures::stream::{self, StreamExt as _};
use krm::{GroupKind, ObjectKey};

use super::client::Cluster;
use super::discovery::{Discovery, Lookup};
use super::endpoint::Endpoint;
use super::error::{ClusterError, Code};
use super::query::Freshness;
use super::transport::Transport;
use crate::inventory::Inventory;
use crate::plan::{Desired, Needs, Observation, Observed, Scope, needs};

pub use lost::{lost_inventory, rebuild};

/// LISTs and GETs at a time.
pub(super) const READS_IN_FLIGHT: usize = 8;

/// What was seen, with the discovery it was seen by.
#[derive(Debug)]
pub struct Seen {
    /// For the plan.
    pub observation: Observation,
    /// For the executor.
    pub discovery: Rc<Discovery>,
}

/// What to look at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The set as Git wants it, marked with the inventory's id.
    pub desired: &'a [Desired],
    /// The set as it is on record.
    pub inventory: &'a Inventory,
    /// Does the inventory's root exist? If not, no object can carry its label yet.
    pub recorded: bool,
}

impl Look<'_> {
    /// Every key to read, with the version to read it in (as desired, else as recorded), and whether it is desired.
    fn keys<'k>(&'k self, needs: &'k Needs) -> BTreeMap<&'k ObjectKey, (Option<&'k str>, bool)> {
        let mut keys: BTreeMap<&ObjectKey, (Option<&str>, bool)> =
            needs.dependencies.iter().map(|key| (key, (None, false))).collect();
        keys.extend(self.inventory.entries.iter().map(|(key, entry)| (key, (Some(entry.version.as_str()), false))));
        keys.extend(self.desired.iter().map(|desired| (&desired.key, (Some(desired.gvk.version.as_str()), true))));
        keys
    }
}

impl<T: Transport> Cluster<T> {
    /// Reads everything once. An error means that the cluster as a whole could not be read; what concerns single kinds or
    /// objects is in the observation.
    pub async fn observe(&self, look: &Look<'_>) -> Result<Seen, ClusterError> {
        let discovery = self.discover().await?;
        let needs = needs(look.desired, look.inventory);
        let mut observation = Observation::default();
        let mut groups = sort_out(&look.keys(&needs), &discovery, &mut observation);
        groups.extend(left_kinds(look.inventory, &discovery, &groups));
        let reads = stream::iter(groups).map(|group| self.read_group(look, group, Freshness::Cached));
        let reads = reads.buffer_unordered(READS_IN_FLIGHT);
        let read: Vec<Result<BTreeMap<ObjectKey, Observed>, ClusterError>> = reads.collect().await;
        for objects in read {
            observation.objects.extend(objects?);
        }
        // Asked by runs that may be spared the build: what is built knows its sources itself.
        if look.desired.is_empty() && !look.inventory.sources.is_empty() {
            let keys = look.inventory.sources.keys().cloned().collect();
            observation.sources = self.versions_of(&keys).await?;
        }
        self.add_facts(look, &needs, &discovery, &mut observation).await?;
        Ok(Seen { observation, discovery })
    }
}

impl<T: Transport> Cluster<T> {
    /// Reads keys again, as of now. The first pass takes members from the API server's cache: what would be written because
    /// of it should be sure, or the second of two runs would write for nothing. Says whether anything was different.
    pub async fn observe_again(
        &self,
        look: &Look<'_>,
        keys: &BTreeSet<ObjectKey>,
        seen: &mut Seen,
    ) -> Result<bool, ClusterError> {
        let needs = needs(look.desired, look.inventory);
        let wanted = look.keys(&needs).into_iter().filter(|(key, _)| keys.contains(*key)).collect();
        // Kinds and scopes are known already.
        let groups = sort_out(&wanted, &seen.discovery, &mut Observation::default());
        let mut changed = false;
        for group in groups {
            let asked = group.keys.clone();
            let objects = if asked.len() > kinds::GETS_MAX {
                self.read_group(look, group, Freshness::Now).await?
            } else {
                self.read_group(&Look { recorded: false, ..*look }, group, Freshness::Now).await?
            };
            for (key, now) in objects.into_iter().filter(|(key, _)| asked.contains(key)) {
                let before = seen.observation.objects.get(&key);
                let version = |observed: Option<&Observed>| {
                    observed.and_then(Observed::live).map(|live| live.resource_version().to_owned())
                };
                changed |= version(before) != version(Some(&now));
                seen.observation.objects.insert(key, now);
            }
        }
        Ok(changed)
    }
}

/// Keys of one kind in one version.
#[derive(Debug)]
struct Group {
    endpoint: Endpoint,
    keys: BTreeSet<ObjectKey>,
}

/// Groups the keys by kind and version; what cannot be read at all is entered at once.
fn sort_out(
    keys: &BTreeMap<&ObjectKey, (Option<&str>, bool)>,
    discovery: &Discovery,
    observation: &mut Observation,
) -> Vec<Group> {
    let mut groups: BTreeMap<(GroupKind, String), Group> = BTreeMap::new();
    for (key, (version, desired)) in keys {
        let key = *key;
        let kind = key.group_kind();
        let served = match discovery.lookup(&kind) {
            Lookup::Served(served) => served,
            Lookup::NotServed => {
                observation.objects.insert(key.clone(), Observed::NotServed);
                if !discovery.has_group(&kind.group) {
                    observation.groups_absent.insert(kind.group.clone());
                }
                continue;
            }
            Lookup::Unknown => {
                let reason = format!("the API server behind group {} does not answer", kind.group);
                observation.objects.insert(key.clone(), Observed::Unreadable { reason });
                continue;
            }
        };
        let scope = if served.namespaced() { Scope::Namespaced } else { Scope::Cluster };
        observation.scopes.insert(kind.clone(), scope);
        let wanted = version.and_then(|version| served.version(version));
        if wanted.is_none() && *desired {
            observation.objects.insert(key.clone(), Observed::NotServed);
            continue;
        }
        let endpoint = Endpoint::new(&kind, wanted.unwrap_or_else(|| served.preferred()));
        if endpoint.namespaced == key.namespace.is_empty() {
            // The plan refuses it: there is no such place to read.
            observation.objects.insert(key.clone(), Observed::Absent);
            continue;
        }
        let group = groups.entry((kind, endpoint.version.clone()));
        let group = group.or_insert_with(|| Group { endpoint, keys: BTreeSet::new() });
        group.keys.insert(key.clone());
    }
    groups.into_values().collect()
}

/// Kinds of no member any more: what a request made that arrived after its run was over is found by its marks.
fn left_kinds(inventory: &Inventory, discovery: &Discovery, groups: &[Group]) -> Vec<Group> {
    let is_read = |kind: &GroupKind| groups.iter().any(|group| group.endpoint.group_kind() == *kind);
    let left = inventory.left.kinds.iter().filter(|(kind, _)| !is_read(kind));
    let group = |(kind, version): (&GroupKind, &String)| {
        let served = discovery.served(kind)?;
        let endpoint = Endpoint::new(kind, served.version(version).unwrap_or_else(|| served.preferred()));
        Some(Group { endpoint, keys: BTreeSet::new() })
    };
    left.filter_map(group).collect()
}

/// Does this failure concern the whole cluster, and not one kind or object?
fn is_general(error: &ClusterError) -> bool {
    match error.code {
        Code::Unreachable | Code::Timeout | Code::Unauthorized | Code::TooManyRequests | Code::Interrupted => true,
        Code::Forbidden
        | Code::NotFound
        | Code::NotServed
        | Code::Conflict
        | Code::AlreadyExists
        | Code::Invalid
        | Code::NamespaceTerminating
        | Code::NamespaceMissing
        | Code::Gone
        | Code::Unavailable
        | Code::Garbled
        | Code::LeaseLost => false,
    }
}
