//! Hashes of ConfigMaps and Secrets that the set uses and does not bring: cert-manager, External Secrets, Sealed Secrets or a person
//! made them. Owns reading them and putting their hashes where the stage puts those of the set's own, so that a workload rolls
//! when one changes. Nothing of their content is kept; what a hash means, and which workload wants one, is the function's business.

use std::collections::{BTreeMap, BTreeSet};

use krm::{Node, ObjectKey};
use krm_functions::ContentHash;
use krm_functions::hash::Use;
use serde_json::Value;

use crate::cluster::{Cluster, Transport};
use crate::error::{CliError, Code, Result};
use crate::plan::{Desired, Observed, is_config};

/// What a set uses and does not bring, each in the version in which its hash was taken; empty where there is none.
pub(super) type Sources = BTreeMap<ObjectKey, String>;

/// Puts the hashes into the pod templates that want them.
pub(super) async fn add<T: Transport>(
    cluster: &Cluster<T>,
    desired: &mut [Desired],
    hashes: &[ContentHash],
    warn: &mut dyn FnMut(String),
) -> Result<Sources> {
    let mut versions = Sources::new();
    for hash in hashes {
        let (places, mut nodes) = workloads(desired);
        let uses = foreign_uses(hash, &nodes, desired);
        let wanted: BTreeSet<ObjectKey> = uses.iter().map(|found| found.source.clone()).collect();
        if wanted.is_empty() {
            continue;
        }
        let mut sources = Vec::new();
        for (key, observed) in cluster.sources(&wanted).await? {
            let version = observed.live().map(|live| live.resource_version().to_owned());
            if let Observed::Unreadable { reason } = &observed {
                warn(format!("{} cannot be read, so its users do not roll when it changes: {reason}", key.short()));
            }
            sources.extend(observed.live().map(|live| krm::yaml::from_json(live.object())));
            versions.insert(key, version.unwrap_or_default());
        }
        let before = nodes.clone();
        let mut items: Vec<&mut Node> = nodes.iter_mut().chain(&mut sources).collect();
        hash.annotate(&mut items).map_err(|error| CliError::new(Code::Function, error))?;
        drop(items);
        drop(sources);
        for ((place, node), _) in places.iter().zip(&nodes).zip(&before).filter(|((_, after), before)| after != before)
        {
            let changed = krm::yaml::to_json(node).map_err(|error| CliError::new(Code::Bug, error))?;
            desired[*place].manifest = changed.into();
        }
        let unknown = uses.iter().filter(|found| versions.get(&found.source).is_none_or(String::is_empty));
        keep(cluster, desired, &places, unknown).await?;
    }
    Ok(versions)
}

/// Objects that may have a pod template, and their places in the set.
fn workloads(desired: &[Desired]) -> (Vec<usize>, Vec<Node>) {
    let may =
        |object: &Desired| !is_config(&object.key) && object.manifest.open().get("spec").is_some_and(Value::is_object);
    let found = desired.iter().enumerate().filter(|(_, object)| may(object));
    found.map(|(place, object)| (place, krm::yaml::from_json(&object.manifest.open()))).unzip()
}

fn foreign_uses(hash: &ContentHash, nodes: &[Node], desired: &[Desired]) -> Vec<Use> {
    let uses = hash.uses(&nodes.iter().collect::<Vec<_>>());
    if uses.is_empty() {
        return uses;
    }
    let own: BTreeSet<&ObjectKey> = desired.iter().map(|object| &object.key).collect();
    uses.into_iter().filter(|found| !own.contains(&found.source)).collect()
}

/// What is not there now, or may not be read, has the hash that its user got last: an operator that makes a Secret anew must not
/// roll its users twice.
async fn keep<T: Transport>(
    cluster: &Cluster<T>,
    desired: &mut [Desired],
    places: &[usize],
    unknown: impl Iterator<Item = &Use>,
) -> Result<()> {
    let mut by_item: BTreeMap<usize, Vec<&Use>> = BTreeMap::new();
    for found in unknown {
        by_item.entry(found.item).or_default().push(found);
    }
    for (item, uses) in by_item {
        let object = &mut desired[places[item]];
        let Some(live) = cluster.live(&object.key, &object.gvk.version).await? else { continue };
        let (live, before) = (krm::yaml::from_json(live.object()), krm::yaml::from_json(&object.manifest.open()));
        let mut node = before.clone();
        for found in uses {
            found.keep(&live, &mut node);
        }
        if node != before {
            object.manifest = krm::yaml::to_json(&node).map_err(|error| CliError::new(Code::Bug, error))?.into();
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
