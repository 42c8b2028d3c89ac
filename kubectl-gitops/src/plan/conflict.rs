//! Which fields of an apply would collide with other managers. Owns the prediction from managedFields, which holds for
//! exactly the resourceVersion it was made at; the server's 409 is the judge.

use std::collections::BTreeMap;

use serde_json::Value;

use super::adopt::is_users_hand;
use super::live::{Live, Manager};
use super::path;
use super::reason::Reason;
use crate::inventory::digest::fieldsv1_child;

/// Fields listed in one message; more are counted by the server's own words.
const FIELDS_MAX: usize = 5;

/// What an apply of `manifest` would meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Nothing to take from anybody.
    Clear,
    /// Only drift: changes by Update managers or by the user's own hands.
    Drift {
        /// Who made them.
        by: Vec<String>,
    },
    /// Another Apply manager wants other values.
    Conflict(Reason),
}

/// Looks ahead.
pub(super) fn outlook(manifest: &Value, live: &Live) -> Outlook {
    let mut drift: Vec<String> = Vec::new();
    let mut conflicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for manager in live.managers() {
        if manager.is_ours() || manager.subresource == "status" {
            continue;
        }
        let mut fields = Vec::new();
        collide(manager.fields, Some(manifest), Some(live.object()), "", &mut fields);
        if fields.is_empty() {
            continue;
        }
        if is_drift(&manager) {
            if !drift.iter().any(|name| name == manager.name) {
                drift.push(manager.name.to_owned());
            }
        } else {
            conflicts.entry(manager.name.to_owned()).or_default().extend(fields);
        }
    }
    match conflicts.into_iter().next() {
        Some((manager, mut fields)) => {
            fields.truncate(FIELDS_MAX);
            Outlook::Conflict(Reason::Conflict { manager, fields })
        }
        None if drift.is_empty() => Outlook::Clear,
        None => Outlook::Drift { by: drift },
    }
}

/// Changes by hand and by scripts are corrected; other appliers are asked first.
pub(super) fn is_drift(manager: &Manager<'_>) -> bool {
    !manager.applies || is_users_hand(manager.name)
}

/// Collects paths that the other manager owns and on which `wanted` has another value than `live`.
fn collide(fields: &Value, wanted: Option<&Value>, live: Option<&Value>, at: &str, found: &mut Vec<String>) {
    let (Some(fields), Some(wanted)) = (fields.as_object(), wanted) else { return };
    for (step, below) in fields {
        if step == "." {
            continue;
        }
        let wanted_child = fieldsv1_child(wanted, step);
        let live_child = live.and_then(|live| fieldsv1_child(live, step));
        let here = path::fieldsv1_step(at, step);
        if below.as_object().is_some_and(|map| !map.is_empty()) {
            collide(below, wanted_child, live_child, &here, found);
        } else if let (Some(wanted_child), Some(live_child)) = (wanted_child, live_child)
            && wanted_child != live_child
            && !is_empty(live_child)
        {
            found.push(here);
        }
    }
}

/// An owned empty map or list is only its presence: members that we add to it are other paths.
fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// Who changed what we own or want since our own last apply: for the reason of a correction.
pub(super) fn drifted_by(manifest: &Value, live: &Live) -> Vec<String> {
    match outlook(manifest, live) {
        Outlook::Drift { by } => by,
        Outlook::Conflict(Reason::Conflict { manager, .. }) => vec![manager],
        Outlook::Clear | Outlook::Conflict(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live(managed: &Value) -> Live {
        Live::new(json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "uid": "u", "resourceVersion": "1",
            "managedFields": managed},
            "spec": {"replicas": 5, "args": ["a"], "dir": {}, "items": [{"name": "w", "image": "i:2"}]}}))
        .unwrap()
    }

    fn entry(manager: &str, operation: &str, subresource: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": operation, "subresource": subresource, "fieldsV1": {"f:spec": fields}})
    }

    #[test]
    fn what_an_apply_would_meet() {
        let wanted =
            json!({"spec": {"replicas": 3, "args": ["b"], "dir": {"x": 1}, "items": [{"name": "w", "image": "i:1"}]}});
        let image = json!({"f:items": {"k:{\"name\":\"w\"}": {".": {}, "f:image": {}}}});
        let conflict = |manager: &str, fields: &[&str]| {
            Outlook::Conflict(Reason::Conflict {
                manager: manager.into(),
                fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            })
        };
        for (name, managed, expected) in [
            ("nobody", json!([]), Outlook::Clear),
            (
                "our own fields",
                json!([entry("kubectl-gitops", "Apply", "", &json!({"f:replicas": {}}))]),
                Outlook::Clear,
            ),
            (
                "edited by hand",
                json!([entry("kubectl-edit", "Update", "", &json!({"f:replicas": {}}))]),
                Outlook::Drift { by: vec!["kubectl-edit".into()] },
            ),
            (
                "scaled",
                json!([entry("kube-controller-manager", "Update", "scale", &json!({"f:replicas": {}}))]),
                Outlook::Drift { by: vec!["kube-controller-manager".into()] },
            ),
            ("a status writer", json!([entry("x", "Apply", "status", &json!({"f:replicas": {}}))]), Outlook::Clear),
            (
                "another applier",
                json!([entry("operator", "Apply", "", &image)]),
                conflict("operator", &["spec.items[name=w].image"]),
            ),
            (
                "another applier of an atomic list",
                json!([entry("operator", "Apply", "", &json!({"f:args": {}}))]),
                conflict("operator", &["spec.args"]),
            ),
            (
                "another applier of an empty map",
                json!([entry("operator", "Apply", "", &json!({"f:dir": {}}))]),
                Outlook::Clear,
            ),
            (
                "another applier of other fields",
                json!([entry("operator", "Apply", "", &json!({"f:other": {}}))]),
                Outlook::Clear,
            ),
            (
                "kubectl apply --server-side",
                json!([entry("kubectl", "Apply", "", &image)]),
                Outlook::Drift { by: vec!["kubectl".into()] },
            ),
        ] {
            assert_eq!(outlook(&wanted, &live(&managed)), expected, "{name}");
        }
    }

    #[test]
    fn equal_values_are_shared_in_peace() {
        let managed = json!([entry("operator", "Apply", "", &json!({"f:replicas": {}}))]);
        assert_eq!(outlook(&json!({"spec": {"replicas": 5}}), &live(&managed)), Outlook::Clear);
    }
}
