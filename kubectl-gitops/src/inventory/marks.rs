//! Names of our labels and annotations, and how a member is marked. Owns every `kubectl-gitops.dev/` string.

use krm::{Node, Resource};
use serde_json::{Map, Value};

use super::InventoryId;

/// Our field manager.
pub const FIELD_MANAGER: &str = "kubectl-gitops";
/// Our field manager on workloads of others that are rolled.
pub const RELOAD_MANAGER: &str = "kubectl-gitops-reload";
/// Prefix of all our labels and annotations.
pub const PREFIX: &str = "kubectl-gitops.dev/";
/// Prefix of the names of root ConfigMaps.
pub const ROOT_PREFIX: &str = "gitops-";

/// Label of members: the short inventory id, to LIST by.
pub const MEMBER_LABEL: &str = "kubectl-gitops.dev/inventory";
/// Annotation of members: the full inventory id. The truth about ownership.
pub const OWNER_ANNOTATION: &str = "kubectl-gitops.dev/owner";
/// Annotation of members that existed before us.
pub const ADOPTED_ANNOTATION: &str = "kubectl-gitops.dev/adopted";
/// Annotation of a kustomization: the set's name.
pub const NAME_ANNOTATION: &str = "kubectl-gitops.dev/name";

/// Annotation of an object: `disabled` keeps it when it leaves Git.
pub const PRUNE_ANNOTATION: &str = "kubectl-gitops.dev/prune";
/// Annotation of an object: `enabled` recreates it when an immutable field changes.
pub const FORCE_ANNOTATION: &str = "kubectl-gitops.dev/force";
/// Annotation of an object: `disabled` leaves it alone, `create-only` never changes it once it exists.
pub const RECONCILE_ANNOTATION: &str = "kubectl-gitops.dev/reconcile";
/// Annotation of an object: fields, as JSON pointers, that are left alone once somebody else owns them.
pub const IGNORE_FIELDS_ANNOTATION: &str = "kubectl-gitops.dev/ignore-fields";
/// Annotation of an object: an expression that holds when it is healthy.
pub const HEALTHY_ANNOTATION: &str = "kubectl-gitops.dev/healthy-when";
/// The same for one that will not become so.
pub const FAILED_ANNOTATION: &str = "kubectl-gitops.dev/failed-when";
/// The same for one that is under way, whatever else holds.
pub const PROGRESSING_ANNOTATION: &str = "kubectl-gitops.dev/progressing-when";
/// Annotation of a Secret: values that are made when it is created. What carries it is never changed.
pub const CREATE_ONCE_ANNOTATION: &str = krm_functions::secret::CREATE_ONCE_ANNOTATION;
/// Annotation of an object: other objects it waits for; the value has cli-utils' form.
pub const DEPENDS_ON_ANNOTATION: &str = "config.kubernetes.io/depends-on";
/// Annotation of an object: the set, as `NAME` or `NAMESPACE/NAME`, that it moves here from.
pub const TAKE_FROM_ANNOTATION: &str = "kubectl-gitops.dev/take-from";
/// Annotation of any object of the set: the number of deletions that this set consents to.
pub const ALLOW_PRUNE_ANNOTATION: &str = "kubectl-gitops.dev/allow-prune";

/// Start of the annotations by which content hashes reach a pod template; kind and name follow.
pub const HASH_PREFIX: &str = "kubectl-gitops.dev/hash.";

/// Label of root ConfigMaps.
pub const ROOT_LABEL: &str = "kubectl-gitops.dev/root";
/// Label of shard ConfigMaps: the short id of their inventory.
pub const SHARD_LABEL: &str = "kubectl-gitops.dev/shard-of";
/// Annotation of shard ConfigMaps: the version in which one was found that another run had left.
pub const REUSED_ANNOTATION: &str = "kubectl-gitops.dev/reused";
/// Label of roots: the set's name.
pub const SET_NAME_LABEL: &str = "kubectl-gitops.dev/set";
/// Label of roots: did the last run succeed.
pub const READY_LABEL: &str = "kubectl-gitops.dev/ready";
/// Label of roots: is the set suspended.
pub const SUSPENDED_LABEL: &str = "kubectl-gitops.dev/suspended";
/// Label of roots: the applied revision, cut to the syntax of labels.
pub const REVISION_LABEL: &str = "kubectl-gitops.dev/revision";

/// Label of what runs an installation (a CronJob, its Jobs and pods): the installation's name.
pub const DRIVER_LABEL: &str = "kubectl-gitops.dev/driver";

/// Puts label and owner annotation into a manifest, so that claim and content travel in one request.
pub fn mark_member(manifest: &mut Value, id: &InventoryId) {
    set_metadata(manifest, "labels", MEMBER_LABEL, &id.short());
    set_metadata(manifest, "annotations", OWNER_ANNOTATION, &id.to_string());
}

/// The same on the build side.
pub fn mark_resource(resource: &mut Resource, id: &InventoryId) {
    let Some(root) = resource.node_mut().as_map_mut() else { return };
    let metadata = root.entry_or_insert_with("metadata", Node::map);
    for (field, name, value) in
        [("labels", MEMBER_LABEL, id.short()), ("annotations", OWNER_ANNOTATION, id.to_string())]
    {
        let Some(metadata) = metadata.as_map_mut() else { return };
        if metadata.get(field).is_none_or(Node::is_null) {
            metadata.set(field, Node::map());
        }
        if let Some(map) = metadata.get_mut(field).and_then(Node::as_map_mut) {
            map.set(name, Node::string(value));
        }
    }
}

/// Sets one entry of `metadata.labels` or `metadata.annotations`.
pub fn set_metadata(manifest: &mut Value, field: &str, name: &str, value: &str) {
    let Some(root) = manifest.as_object_mut() else { return };
    let metadata = object_in(root, "metadata");
    insert(object_in(metadata, field), name, Value::String(value.to_owned()));
}

/// Makes no more room than is needed: every object of a set gets marks, and a map that grows doubles.
fn insert(map: &mut Map<String, Value>, name: &str, value: Value) {
    if !map.contains_key(name) {
        let mut larger = Map::with_capacity(map.len() + 1);
        larger.extend(std::mem::take(map));
        *map = larger;
    }
    map.insert(name.to_owned(), value);
}

/// Gives a manifest another name.
pub fn rename(manifest: &mut Value, name: &str) {
    if let Some(root) = manifest.as_object_mut() {
        object_in(root, "metadata").insert("name".to_owned(), Value::String(name.to_owned()));
    }
}

fn object_in<'a>(parent: &'a mut Map<String, Value>, field: &str) -> &'a mut Map<String, Value> {
    if !parent.get(field).is_some_and(Value::is_object) {
        insert(parent, field, Value::Object(Map::new()));
    }
    parent.get_mut(field).and_then(Value::as_object_mut).expect("it was just made an object")
}

/// What has labels and annotations.
pub trait Marked {
    /// One entry of `metadata.annotations`.
    fn annotation(&self, name: &str) -> Option<&str>;
    /// One entry of `metadata.labels`.
    fn label(&self, name: &str) -> Option<&str>;
}

impl Marked for Value {
    fn annotation(&self, name: &str) -> Option<&str> {
        annotation(self, name)
    }

    fn label(&self, name: &str) -> Option<&str> {
        label(self, name)
    }
}

/// One entry of `metadata.annotations`.
pub fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(name)?.as_str()
}

/// One entry of `metadata.labels`.
pub fn label<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get("metadata")?.get("labels")?.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_carries_both_marks() {
        let id = InventoryId::from_bytes([0xab; 16]);
        let mut manifest = json!({"kind": "ConfigMap", "metadata": {"name": "a", "labels": null}});
        mark_member(&mut manifest, &id);
        assert_eq!(label(&manifest, MEMBER_LABEL), Some("abababababababab"));
        assert_eq!(annotation(&manifest, OWNER_ANNOTATION), Some(id.to_string().as_str()));
    }
}
