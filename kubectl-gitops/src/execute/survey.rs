//! Which workloads of others an execution would roll: the look of `roll` without its writes.

use std::collections::BTreeMap;

use krm::{Node, ObjectKey};

use super::roll::{present, source, wanted, workloads};
use crate::cluster::{Cluster, ClusterError, Discovery, Transport};
use crate::inventory::Inventory;
use crate::plan::Plan;

/// A workload that nobody of ours owns, and that would roll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WouldRoll {
    /// The workload.
    pub key: ObjectKey,
    /// Annotations of its pod template that would get another hash.
    pub annotations: Vec<String>,
}

/// A namespace in which nobody can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What changes there.
    pub sources: Vec<ObjectKey>,
    /// Why.
    pub error: ClusterError,
}

/// All of them, by namespace.
pub async fn would_roll<T: Transport>(
    cluster: &Cluster<T>,
    discovery: &Discovery,
    plan: &Plan,
    inventory: &Inventory,
) -> (Vec<WouldRoll>, Vec<Unknown>) {
    let mut by_namespace: BTreeMap<&str, Vec<(&ObjectKey, Node)>> = BTreeMap::new();
    for action in &plan.actions {
        let pending = plan.reload.contains(&action.key) || inventory.reload.contains(&action.key);
        if let Some(content) = source(action).filter(|_| pending) {
            by_namespace.entry(&action.key.namespace).or_default().push((&action.key, content));
        }
    }
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for (namespace, changed) in by_namespace {
        let (keys, sources): (Vec<&ObjectKey>, Vec<Node>) = changed.into_iter().unzip();
        match workloads(cluster, discovery, namespace).await {
            Ok(workloads) => {
                let wanted = wanted(&workloads, &sources);
                let rolled = workloads.iter().zip(wanted).filter(|(workload, _)| workload.is_others());
                found.extend(rolled.filter_map(|(workload, hashes)| {
                    let before = present(workload);
                    let changed = hashes?.into_iter().filter(|(name, hash)| before.get(name) != Some(hash));
                    Some(WouldRoll { key: workload.key(), annotations: changed.map(|(name, _)| name).collect() })
                }));
            }
            Err(error) => unknown.push(Unknown { sources: keys.into_iter().cloned().collect(), error }),
        }
    }
    (found, unknown)
}
