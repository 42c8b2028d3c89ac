//! Whose is a live object? Owns the reading of every mark of ownership, ours and foreign; must not decide what follows.

use krm::ObjectKey;

use super::live::Live;
use super::observed::Observation;
use super::reason::Reason;
use crate::inventory::marks::{self, Marked};
use crate::inventory::{Entry, Inventory, InventoryId};

/// How we stand to a live object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// Our owner annotation is on it.
    Ours,
    /// It is the very object of our entry, without the annotation and without another owner.
    Unmarked,
    /// Nobody's mark is on it.
    Free,
    /// Another inventory's annotation is on it.
    OtherInventory {
        /// Its root where known, else its id.
        owner: String,
        /// Its root does not exist.
        gone: bool,
    },
    /// Another tool's mark is on it, or a controller made it.
    Foreign(Reason),
}

/// Reads the marks. `entry` is what the inventory remembers of the key.
pub(super) fn standing(
    live: &Live,
    entry: Option<&Entry>,
    inventory: &Inventory,
    observation: &Observation,
) -> Standing {
    // Controllers copy annotations to their children, so this comes before our own mark.
    if let Some(owner) = live.controller_owner() {
        return Standing::Foreign(Reason::ControllerOwned { owner: owner.to_owned() });
    }
    if let Some(addon) = k3s_addon(live) {
        return Standing::Foreign(Reason::K3sAddon { addon });
    }
    match live.owner() {
        Some(owner) if owner == inventory.id.to_string() => Standing::Ours,
        Some(owner) => other_inventory(owner, observation),
        None => match other_tool(live) {
            Some(tool) => Standing::Foreign(Reason::OtherTool { tool }),
            None if entry.is_some_and(|entry| entry.uid.as_deref() == Some(live.uid())) => Standing::Unmarked,
            None => Standing::Free,
        },
    }
}

fn other_inventory(owner: &str, observation: &Observation) -> Standing {
    let root = owner.parse::<InventoryId>().ok().and_then(|id| observation.roots.get(&id));
    match root {
        Some(root) => Standing::OtherInventory { owner: root.to_string(), gone: false },
        None => Standing::OtherInventory { owner: owner.to_owned(), gone: observation.roots_complete },
    }
}

/// An object that K3s applies from its manifests directory at each start.
fn k3s_addon(live: &Live) -> Option<String> {
    let kind = live.annotation("objectset.rio.cattle.io/owner-gvk")?;
    if kind.starts_with("k3s.cattle.io/") && kind.ends_with("Kind=Addon") {
        Some(live.annotation("objectset.rio.cattle.io/owner-name").unwrap_or("unknown").to_owned())
    } else {
        None
    }
}

/// Marks that say who deletes the object when it leaves their set. A label such as `app.kubernetes.io/managed-by: Helm` is
/// none: rendered charts carry it wherever they go.
fn other_tool(live: &Live) -> Option<String> {
    if let Some(release) = live.annotation("meta.helm.sh/release-name") {
        let namespace = live.annotation("meta.helm.sh/release-namespace").unwrap_or_default();
        return Some(format!("Helm release {namespace}/{release}"));
    }
    if let Some(tracking) = live.annotation("argocd.argoproj.io/tracking-id") {
        let application = tracking.split(':').next().unwrap_or(tracking);
        return Some(format!("Argo CD application {application}"));
    }
    if live.managers().iter().any(|manager| manager.name == "argocd-controller") {
        let application = live.label("app.kubernetes.io/instance").or(live.label("argocd.argoproj.io/instance"));
        return Some(format!("Argo CD application {}", application.unwrap_or("unknown")));
    }
    for (annotation, tool) in
        [("config.k8s.io/owning-inventory", "kpt inventory"), ("configsync.gke.io/resource-id", "Config Sync object")]
    {
        if let Some(owner) = live.annotation(annotation) {
            return Some(format!("{tool} {owner}"));
        }
    }
    for (label, tool) in
        [("kapp.k14s.io/app", "kapp application"), ("applyset.kubernetes.io/part-of", "kubectl apply set")]
    {
        if let Some(owner) = live.label(label) {
            return Some(format!("{tool} {owner}"));
        }
    }
    None
}

/// Is the key this inventory's own root or one of its shards, or the manifest any inventory's?
pub(super) fn is_inventory(key: &ObjectKey, object: Option<&impl Marked>, inventory: &Inventory) -> bool {
    if !key.group.is_empty() || key.kind != "ConfigMap" {
        return false;
    }
    let marked = object
        .is_some_and(|object| object.label(marks::ROOT_LABEL).is_some() || object.label(marks::SHARD_LABEL).is_some());
    if marked {
        return true;
    }
    if key.namespace != inventory.root.namespace.as_str() {
        return false;
    }
    let is_shard = |rest: &str| {
        rest.strip_prefix('-').is_some_and(|hash| {
            hash.len() == 12 && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        })
    };
    key.name.strip_prefix(inventory.root.name.as_str()).is_some_and(|rest| rest.is_empty() || is_shard(rest))
}
