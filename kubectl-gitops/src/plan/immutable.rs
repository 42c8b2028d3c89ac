//! Fields that an API server never changes. Owns the few that can be compared reliably before anything is sent, so that
//! `diff` can say "must be recreated"; for all others the server's 422 is the judge ([`super::on_immutable`]).

use krm::ObjectKey;
use serde_json::Value;

/// Group, kind, pointers to its immutable fields. Only fields without defaulting inside stand here: a value that the server
/// completes would look changed.
const KNOWN: &[(&str, &str, &[&str])] = &[
    ("apps", "Deployment", &["/spec/selector"]),
    ("apps", "DaemonSet", &["/spec/selector"]),
    ("apps", "ReplicaSet", &["/spec/selector"]),
    ("apps", "StatefulSet", &["/spec/selector", "/spec/serviceName", "/spec/podManagementPolicy"]),
    ("", "Secret", &["/type"]),
    ("", "PersistentVolumeClaim", &["/spec/storageClassName", "/spec/accessModes", "/spec/volumeMode"]),
    ("rbac.authorization.k8s.io", "RoleBinding", &["/roleRef"]),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", &["/roleRef"]),
    ("storage.k8s.io", "StorageClass", &["/provisioner", "/parameters", "/reclaimPolicy", "/volumeBindingMode"]),
    ("scheduling.k8s.io", "PriorityClass", &["/value"]),
    ("networking.k8s.io", "IngressClass", &["/spec/controller"]),
    ("apiextensions.k8s.io", "CustomResourceDefinition", &["/spec/scope", "/spec/names/kind"]),
];

/// The first immutable field that `manifest` sets to another value than the live object has.
pub fn changed(key: &ObjectKey, manifest: &Value, live: &Value) -> Option<String> {
    let known = KNOWN.iter().find(|(group, kind, _)| *group == key.group && *kind == key.kind);
    let fields = known.map_or(&[][..], |(_, _, fields)| fields);
    let differs = |pointer: &&&str| {
        let (wanted, actual) = (manifest.pointer(pointer), live.pointer(pointer));
        wanted.is_some_and(|wanted| !wanted.is_null() && actual.is_some_and(|actual| wanted != actual))
    };
    if let Some(pointer) = fields.iter().find(differs) {
        return Some(dotted(pointer));
    }
    cluster_ip(key, manifest, live).or_else(|| immutable_data(key, manifest, live))
}

fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// A Service's address can be left to the server, but not changed from one to another.
fn cluster_ip(key: &ObjectKey, manifest: &Value, live: &Value) -> Option<String> {
    if !key.group.is_empty() || key.kind != "Service" {
        return None;
    }
    let address = |object: &Value| {
        object.pointer("/spec/clusterIP").and_then(Value::as_str).filter(|ip| !ip.is_empty()).map(str::to_owned)
    };
    let (wanted, actual) = (address(manifest)?, address(live)?);
    (wanted != actual).then(|| "spec.clusterIP".to_owned())
}

/// A ConfigMap or Secret that was made immutable.
fn immutable_data(key: &ObjectKey, manifest: &Value, live: &Value) -> Option<String> {
    let holds_data = key.group.is_empty() && (key.kind == "ConfigMap" || key.kind == "Secret");
    if !holds_data || live.get("immutable") != Some(&Value::Bool(true)) {
        return None;
    }
    if manifest.get("immutable") != Some(&Value::Bool(true)) {
        return Some("immutable".to_owned());
    }
    let text = |object: &Value, field: &str| {
        object.get(field).cloned().filter(|v| v.as_object().is_some_and(|m| !m.is_empty()))
    };
    let same = if key.kind == "Secret" {
        super::secret::data(manifest) == super::secret::data(live)
    } else {
        ["data", "binaryData"].iter().all(|field| text(manifest, field) == text(live, field))
    };
    (!same).then(|| "data".to_owned())
}

/// Does an object say that it may be deleted and made again, and is it of a kind for which that is done?
pub fn may_be_recreated(key: &ObjectKey, manifest: &Value) -> bool {
    super::wishes::may_recreate(manifest) && !is_never_recreated(key)
}

/// Recreation destroys more than the object: never, whatever annotations say.
pub(super) fn is_never_recreated(key: &ObjectKey) -> bool {
    matches!(
        (key.group.as_str(), key.kind.as_str()),
        ("", "PersistentVolumeClaim" | "PersistentVolume" | "Namespace")
            | ("apiextensions.k8s.io", "CustomResourceDefinition")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table")]
    fn changes_that_the_server_would_refuse() {
        let key = |group: &str, kind: &str| ObjectKey::new(group, kind, "n", "x");
        for (name, key, manifest, live, expected) in [
            (
                "selector",
                key("apps", "Deployment"),
                json!({"spec": {"selector": {"matchLabels": {"a": "1"}}}}),
                json!({"spec": {"selector": {"matchLabels": {"a": "2"}}}}),
                Some("spec.selector"),
            ),
            (
                "replicas",
                key("apps", "Deployment"),
                json!({"spec": {"replicas": 1}}),
                json!({"spec": {"replicas": 2}}),
                None,
            ),
            (
                "selector of another group's kind",
                key("x.io", "Deployment"),
                json!({"spec": {"selector": 1}}),
                json!({"spec": {"selector": 2}}),
                None,
            ),
            (
                "address left to the server",
                key("", "Service"),
                json!({"spec": {}}),
                json!({"spec": {"clusterIP": "10.0.0.1"}}),
                None,
            ),
            (
                "address changed",
                key("", "Service"),
                json!({"spec": {"clusterIP": "None"}}),
                json!({"spec": {"clusterIP": "10.0.0.1"}}),
                Some("spec.clusterIP"),
            ),
            (
                "defaulted field left out",
                key("storage.k8s.io", "StorageClass"),
                json!({"provisioner": "p"}),
                json!({"provisioner": "p", "reclaimPolicy": "Delete"}),
                None,
            ),
            (
                "roleRef",
                key("rbac.authorization.k8s.io", "RoleBinding"),
                json!({"roleRef": {"name": "a"}}),
                json!({"roleRef": {"name": "b"}}),
                Some("roleRef"),
            ),
            (
                "frozen data",
                key("", "ConfigMap"),
                json!({"immutable": true, "data": {"a": "1"}}),
                json!({"immutable": true, "data": {"a": "2"}}),
                Some("data"),
            ),
            (
                "frozen data unchanged",
                key("", "ConfigMap"),
                json!({"immutable": true, "data": {"a": "1"}}),
                json!({"immutable": true, "data": {"a": "1"}}),
                None,
            ),
            (
                "thawing",
                key("", "ConfigMap"),
                json!({"data": {"a": "1"}}),
                json!({"immutable": true, "data": {"a": "1"}}),
                Some("immutable"),
            ),
            (
                "frozen secret, other spelling",
                key("", "Secret"),
                json!({"immutable": true, "stringData": {"a": "1"}}),
                json!({"immutable": true, "data": {"a": "MQ=="}}),
                None,
            ),
        ] {
            assert_eq!(changed(&key, &manifest, &live).as_deref(), expected, "{name}");
        }
    }
}
