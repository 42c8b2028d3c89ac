//! What has to be read before planning. Owns [`needs`]; must not read.

use std::collections::{BTreeMap, BTreeSet};

use krm::{GroupKind, ObjectKey, Text};

use super::depends;
use super::desired::Desired;
use crate::inventory::Inventory;

/// Everything a plan over these inputs looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Kinds to LIST by our label, each in the version to list it in: the manifests' where there are any (paths of
    /// managedFields are bound to it), else the one it was applied in.
    pub kinds: BTreeMap<GroupKind, Text>,
    /// Every key of desired ∪ inventory: to be found in a LIST, or read by GET.
    pub keys: BTreeSet<ObjectKey>,
    /// Objects that others depend on and that are not in the set: read by GET; no member by that.
    pub dependencies: BTreeSet<ObjectKey>,
    /// Namespaces that desired objects live in and that the set does not bring, and those that it brings.
    pub namespaces: BTreeSet<Text>,
    /// Namespaces that leave the set: search them for what others have in them.
    pub content_of: BTreeSet<ObjectKey>,
    /// CustomResourceDefinitions that leave the set: search for instances that are not ours.
    pub instances_of: BTreeSet<ObjectKey>,
    /// Some desired workload sets `spec.replicas`: LIST HorizontalPodAutoscalers in these namespaces.
    pub autoscalers_in: BTreeSet<Text>,
}

/// Derives them from the set and the inventory alone.
pub fn needs(desired: &[Desired], inventory: &Inventory) -> Needs {
    let mut needs = Needs::default();
    let wanted: BTreeSet<&ObjectKey> = desired.iter().map(|object| &object.key).collect();
    for object in desired {
        needs.keys.insert(object.key.clone());
        let version = needs.kinds.entry(object.key.group_kind()).or_insert_with(|| object.gvk.version.clone());
        // Two versions of one kind in a set: one LIST, in the smaller name, whatever the order of the input.
        if object.gvk.version < *version {
            version.clone_from(&object.gvk.version);
        }
        if !object.key.namespace.is_empty() {
            needs.namespaces.insert(object.key.namespace.clone());
            if object.manifest.scales() {
                needs.autoscalers_in.insert(object.key.namespace.clone());
            }
        }
        let named = depends::read(&object.manifest).unwrap_or_default();
        needs.dependencies.extend(named.into_iter().filter(|key| !wanted.contains(key)));
    }
    for (key, entry) in &inventory.entries {
        needs.keys.insert(key.clone());
        needs.kinds.entry(key.group_kind()).or_insert_with(|| entry.version.as_str().into());
        if wanted.contains(key) {
            continue;
        }
        match (key.group.as_str(), key.kind.as_str()) {
            ("", "Namespace") => needs.content_of.insert(key.clone()),
            ("apiextensions.k8s.io", "CustomResourceDefinition") => needs.instances_of.insert(key.clone()),
            _ => false,
        };
    }
    needs
}
