//! Inventories whose root is gone. Owns finding out that a set had one, and rebuilding it from the marks on its members; what
//! such a run may do is the plan's business (nothing is pruned).

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _};
use krm::ObjectKey;
use serde_json::Value;

use super::{READS_IN_FLIGHT, is_general};
use crate::cluster::client::Cluster;
use crate::cluster::discovery::Discovery;
use crate::cluster::endpoint::Endpoint;
use crate::cluster::error::ClusterError;
use crate::cluster::query::{Extent, ListQuery};
use crate::cluster::transport::Transport;
use crate::inventory::{Entry, Inventory, InventoryId, RootRef, State, marks};
use crate::plan::{Desired, Observation};

/// The id that desired objects carry of an inventory that exists no more: exactly one, surely without a root, and minted for
/// this very root. Another set's lost members are not ours to take, however many of them this set desires.
pub fn lost_inventory(desired: &[Desired], observation: &Observation, root: &RootRef) -> Option<InventoryId> {
    if !observation.roots_complete {
        return None;
    }
    let mut ids: BTreeSet<InventoryId> = BTreeSet::new();
    for object in desired {
        let observed = observation.get(&object.key);
        let owner = observed.live().and_then(|live| live.owner()).and_then(|owner| owner.parse().ok());
        ids.extend(owner.filter(|id: &InventoryId| id.was_minted_for(root) && !observation.roots.contains_key(id)));
    }
    if ids.len() == 1 { ids.pop_first() } else { None }
}

/// The inventory that members carry the marks of, found by a LIST of every kind. Kinds that cannot be listed are left out:
/// nothing is deleted on the strength of a rebuilt inventory.
pub async fn rebuild<T: Transport>(
    cluster: &Cluster<T>,
    discovery: &Discovery,
    id: InventoryId,
    root: RootRef,
) -> Result<Inventory, ClusterError> {
    let mut inventory = Inventory::new(id, root);
    inventory.rebuilt = true;
    let selector = &format!("{}={}", marks::MEMBER_LABEL, id.short());
    let kinds = discovery.kinds().filter(|(_, served)| served.preferred().can("list"));
    let endpoints: Vec<Endpoint> = kinds.map(|(kind, served)| Endpoint::new(kind, served.preferred())).collect();
    let list = |endpoint: Endpoint| async move {
        let query = ListQuery::of(&endpoint).labelled(selector).extent(Extent::Metadata);
        cluster.list_kept(&query, |object| is_member(&object, &id).then(|| entry(&endpoint, &object))).await
    };
    let mut lists = stream::iter(endpoints).map(list).buffer_unordered(READS_IN_FLIGHT);
    while let Some(result) = lists.next().await {
        match result {
            Ok(entries) => inventory.entries.extend(entries),
            Err(error) if is_general(&error) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(inventory)
}

fn entry(endpoint: &Endpoint, object: &Value) -> (ObjectKey, Entry) {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    let entry = Entry {
        uid: Some(text("uid").to_owned()),
        state: State::Intent,
        adopted: marks::annotation(object, marks::ADOPTED_ANNOTATION).is_some(),
        ..Entry::intent(applied_version(object).unwrap_or_else(|| endpoint.version.clone()))
    };
    (endpoint.key(text("namespace"), text("name")), entry)
}

/// Marked as ours, applied by us, and not made by a controller that copies marks.
fn is_member(object: &Value, id: &InventoryId) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let controlled = owners.into_iter().flatten().any(|owner| owner["controller"] == Value::Bool(true));
    let marked = marks::annotation(object, marks::OWNER_ANNOTATION) == Some(id.to_string().as_str());
    marked && !controlled && applied_version(object).is_some()
}

/// The version in which our field manager applied it; none if it did not.
fn applied_version(object: &Value) -> Option<String> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let ours = entries.into_iter().flatten().find(|entry| {
        entry["manager"] == marks::FIELD_MANAGER && entry["operation"] == "Apply" && entry.get("subresource").is_none()
    })?;
    let api_version = ours["apiVersion"].as_str()?;
    Some(api_version.rsplit('/').next().unwrap_or(api_version).to_owned())
}
