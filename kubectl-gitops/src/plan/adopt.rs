//! Taking over what existed before us. Owns the list of managers that are the user's own hands, and the hand-over of their
//! fields. Must not send anything.

use serde_json::{Map, Value, json};

use super::live::{Live, Manager};
use crate::inventory::marks;

/// Managers whose work is the user's own, or of the tools we replace: their objects may be adopted, their changes are drift.
pub(super) fn is_users_hand(manager: &str) -> bool {
    // Our own name stands here for what we created by other means than apply: a namespace for `--create-namespace`.
    matches!(manager, marks::FIELD_MANAGER | marks::RELOAD_MANAGER | "kubectl")
        || manager.starts_with("kubectl-")
        || matches!(manager, "before-first-apply" | "kustomize-controller" | "kustomizer" | "k9s" | "node-fetch")
}

/// Managers that are parts of Kubernetes and own fields of everybody's objects.
fn is_cluster_part(manager: &str) -> bool {
    manager.starts_with("kube-")
        || matches!(manager, "k3s" | "kubelet" | "cloud-controller-manager" | "k3s-supervisor@k3s")
}

/// Managers of the object itself (subresources aside) that decide about its adoption: those that are no part of
/// Kubernetes, in order, each once.
pub(super) fn deciding_managers(live: &Live) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for manager in live.managers() {
        let decides = manager.subresource.is_empty() && !manager.is_ours() && !is_cluster_part(manager.name);
        if decides && !names.iter().any(|name| name == manager.name) {
            names.push(manager.name.to_owned());
        }
    }
    names
}

/// May `--adopt=auto` take it? All who decide must be the user's hands; with none on record it must carry kubectl's
/// annotation, or be our own work without marks (a namespace of `--create-namespace`).
pub(super) fn is_adoptable(live: &Live) -> bool {
    let deciding = deciding_managers(live);
    if deciding.is_empty() {
        let applied = live.annotation("kubectl.kubernetes.io/last-applied-configuration").is_some();
        return applied || live.our_fields().is_some();
    }
    deciding.iter().all(|name| is_users_hand(name))
}

/// Is there anything to hand over?
pub(super) fn needs_hand_over(live: &Live) -> bool {
    live.managers().iter().any(hands_over)
}

fn hands_over(manager: &Manager<'_>) -> bool {
    manager.subresource.is_empty() && !manager.is_ours() && is_users_hand(manager.name)
}

/// The object's `metadata.managedFields` with the fields of the user's hands under our name, so that an apply afterwards
/// removes what is no longer in the manifest. Send it as a merge patch with uid and resourceVersion.
///
/// Entries in another API version than the manifest's stay: their paths do not mean the same.
pub fn handed_over(live: &Live, api_version: &str) -> Value {
    let mut ours = Map::new();
    let mut time = "";
    let mut rest = Vec::new();
    let entries = live.object().pointer("/metadata/managedFields").and_then(Value::as_array);
    for (entry, manager) in entries.into_iter().flatten().zip(live.managers()) {
        let taken = (manager.is_ours() || hands_over(&manager)) && manager.api_version == api_version;
        if taken {
            merge(&mut ours, manager.fields);
            time = time.max(manager.time);
        } else {
            rest.push(entry.clone());
        }
    }
    let mut entry = json!({
        "manager": marks::FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": ours,
    });
    if !time.is_empty() {
        entry["time"] = json!(time);
    }
    rest.insert(0, entry);
    Value::Array(rest)
}

/// Union of two field sets.
fn merge(into: &mut Map<String, Value>, from: &Value) {
    for (step, below) in from.as_object().into_iter().flatten() {
        let slot = into.entry(step).or_insert_with(|| json!({}));
        if let Some(slot) = slot.as_object_mut() {
            merge(slot, below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(managed: &Value) -> Live {
        Live::new(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": "a", "namespace": "b", "uid": "u", "resourceVersion": "1", "managedFields": managed}}))
        .unwrap()
    }

    fn entry(manager: &str, operation: &str, subresource: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "subresource": subresource, "apiVersion": "v1",
            "time": format!("2026-01-0{}T00:00:00Z", manager.len() % 9), "fieldsV1": fields})
    }

    #[test]
    fn only_the_users_own_hands_are_adopted_without_asking() {
        let none = json!({});
        for (name, managed, adoptable) in [
            ("kubectl apply", json!([entry("kubectl-client-side-apply", "Update", "", &none)]), true),
            (
                "kubectl apply, scheduled",
                json!([
                    entry("kubectl-client-side-apply", "Update", "", &none),
                    entry("kube-controller-manager", "Update", "", &none)
                ]),
                true,
            ),
            ("flux", json!([entry("kustomize-controller", "Apply", "", &none)]), true),
            (
                "terraform, then kubectl edit",
                json!([entry("Terraform", "Update", "", &none), entry("kubectl-edit", "Update", "", &none)]),
                false,
            ),
            ("an operator", json!([entry("cert-manager", "Apply", "", &none)]), false),
            (
                "an operator's status only",
                json!([entry("kubectl", "Apply", "", &none), entry("my-operator", "Update", "status", &none)]),
                true,
            ),
            ("a controller of Kubernetes", json!([entry("kube-controller-manager", "Update", "", &none)]), false),
            ("nobody on record", json!([]), false),
            ("ourselves without marks", json!([entry("kubectl-gitops", "Apply", "", &none)]), true),
        ] {
            assert_eq!(is_adoptable(&live(&managed)), adoptable, "{name}");
        }
    }

    #[test]
    fn a_hand_over_unites_field_sets_and_leaves_others_alone() {
        let before = live(&json!([
            entry("kubectl-client-side-apply", "Update", "", &json!({"f:data": {".": {}, "f:a": {}}})),
            entry("kubectl", "Apply", "", &json!({"f:data": {"f:b": {}}})),
            entry("kubectl-edit", "Update", "status", &json!({"f:status": {}})),
            entry("other", "Update", "", &json!({"f:data": {"f:c": {}}})),
        ]));
        let after = handed_over(&before, "v1");
        let names: Vec<&str> = after.as_array().unwrap().iter().map(|e| e["manager"].as_str().unwrap()).collect();
        assert_eq!(names, ["kubectl-gitops", "kubectl-edit", "other"]);
        assert_eq!(after[0]["operation"], "Apply");
        assert_eq!(after[0]["fieldsV1"], json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}}));
        assert!(needs_hand_over(&before));
    }

    #[test]
    fn fields_in_another_version_are_not_handed_over() {
        let before = live(&json!([entry("kubectl", "Apply", "", &json!({"f:data": {}}))]));
        let after = handed_over(&before, "v2");
        assert_eq!(after[0]["fieldsV1"], json!({}));
        assert_eq!(after[1]["manager"], "kubectl");
    }
}
