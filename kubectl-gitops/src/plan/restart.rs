//! Which pods a plan restarts. Owns the rule: a workload restarts when its pod template changes and its strategy rolls.

use krm::ObjectKey;
use serde_json::Value;

use super::diff::{Change, Diff};
use crate::inventory::marks;

/// A workload whose pods are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// The workload.
    pub key: ObjectKey,
    /// Why, most telling first: `image`, `Secret db changed`, `env MODE`.
    pub why: Vec<String>,
}

/// Does this change restart pods of the object? `after` is the object as it will be.
pub fn restart(key: &ObjectKey, after: &Value, diff: &Diff) -> Option<Restart> {
    let rolls = match (key.group.as_str(), key.kind.as_str()) {
        ("apps", "Deployment") => after.pointer("/spec/paused") != Some(&Value::Bool(true)),
        ("apps", "StatefulSet" | "DaemonSet") => {
            after.pointer("/spec/updateStrategy/type").and_then(Value::as_str) != Some("OnDelete")
        }
        _ => false,
    };
    if !rolls || after.pointer("/spec/replicas").and_then(Value::as_i64) == Some(0) {
        return None;
    }
    let mut why: Vec<String> = Vec::new();
    for change in &diff.changes {
        for reason in reasons(change) {
            if !why.contains(&reason) {
                why.push(reason);
            }
        }
    }
    // Images first: that is what a reader looks for.
    why.sort_by_key(|reason| !reason.starts_with("image"));
    (!why.is_empty()).then(|| Restart { key: key.clone(), why })
}

/// A workload of nobody of ours that rolls because these annotations of its pod template get another hash.
pub fn restart_of_others(key: &ObjectKey, annotations: &[String]) -> Restart {
    let mut why: Vec<String> = annotations.iter().map(|name| annotation_reason(name)).collect();
    why.push("in no set".to_owned());
    Restart { key: key.clone(), why }
}

/// A workload that is deleted and made again, and its pods with it.
pub fn restart_by_recreation(key: &ObjectKey) -> Option<Restart> {
    let runs = matches!(key.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet") && key.group == "apps";
    runs.then(|| Restart { key: key.clone(), why: vec!["made again".to_owned()] })
}

fn reasons(change: &Change) -> Vec<String> {
    let path = change.path.as_str();
    if path == "spec" || path == "spec.template" {
        return vec!["pod template".to_owned()];
    }
    let Some(inside) = path.strip_prefix("spec.template.") else { return Vec::new() };
    if let Some(annotation) = inside.strip_prefix("metadata.annotations") {
        return vec![annotation_reason(annotation)];
    }
    if let Some((_, variable)) = inside.split_once(".env[name=") {
        let name = variable.split(']').next().unwrap_or(variable);
        return vec![format!("env {name}")];
    }
    // The last step, without the identity of an item: `image`, `volumes`.
    let tail = inside.rsplit('.').next().unwrap_or(inside);
    vec![tail.split('[').next().unwrap_or(tail).to_owned()]
}

/// `[kubectl-gitops.dev/hash.secret.db]` reads `Secret db changed`.
fn annotation_reason(bracketed: &str) -> String {
    let name = bracketed.trim_start_matches(['[', '.']).trim_end_matches(']');
    let Some(rest) = name.strip_prefix(marks::HASH_PREFIX) else { return "annotations".to_owned() };
    match rest.split_once(['.', '-']) {
        Some(("secret", object)) => format!("Secret {object} changed"),
        Some(("configmap", object)) => format!("ConfigMap {object} changed"),
        _ => format!("{rest} changed"),
    }
}
