//! Field paths, masking, attribution and restarts.

use serde_json::json;

use super::*;
use crate::plan::restart::restart;

fn key(group: &str, kind: &str) -> ObjectKey {
    ObjectKey::new(group, kind, "shop", "web")
}

fn show(diff: &Diff) -> Vec<String> {
    let value = |shown: &Option<Shown>| match shown {
        None => "-".to_owned(),
        Some(Shown::Value(value)) => value.to_string(),
        Some(Shown::Masked { bytes }) => format!("{bytes} bytes"),
    };
    diff.changes
        .iter()
        .map(|change| {
            let drift = change.drift.as_ref().map(|d| format!(" drift: {} {}", d.manager, d.time)).unwrap_or_default();
            format!("{}: {} -> {}{drift}", change.path, value(&change.before), value(&change.after))
        })
        .collect()
}

#[test]
fn fields_are_addressed_by_identity() {
    let before = json!({"spec": {"replicas": 5, "template": {"spec": {"containers": [
        {"name": "sidecar", "image": "s:1"},
        {"name": "web", "image": "w:1", "args": ["a", "b"], "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
         "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}]}]}}},
        "metadata": {"annotations": {"example.com/x": "1"}, "resourceVersion": "1", "generation": 3}, "status": {"replicas": 5}});
    let after = json!({"spec": {"replicas": 3, "template": {"spec": {"containers": [
        {"name": "web", "image": "w:2", "args": ["a", "c"], "env": [{"name": "B", "value": "2"}, {"name": "C", "value": "3"}],
         "ports": [{"containerPort": 80, "protocol": "TCP"}]},
        {"name": "sidecar", "image": "s:1"}]}}},
        "metadata": {"annotations": {"example.com/x": "2", "kubectl-gitops.dev/owner": "ab"}, "resourceVersion": "2"}});
    let diff = diff(&key("apps", "Deployment"), &before, &after);
    let web = "spec.template.spec.containers[name=web]";
    assert_eq!(
        show(&diff),
        [
            "metadata.annotations[example.com/x]: \"1\" -> \"2\"".to_owned(),
            "spec.replicas: 5 -> 3".to_owned(),
            format!("{web}.args: [\"a\",\"b\"] -> [\"a\",\"c\"]"),
            format!("{web}.env[name=A]: {{\"name\":\"A\",\"value\":\"1\"}} -> -"),
            format!("{web}.env[name=C]: - -> {{\"name\":\"C\",\"value\":\"3\"}}"),
            format!("{web}.image: \"w:1\" -> \"w:2\""),
            format!("{web}.ports[containerPort=80,protocol=UDP]: {{\"containerPort\":80,\"protocol\":\"UDP\"}} -> -"),
        ]
    );
    assert_eq!(diff.unchanged, 7);
}

#[test]
fn equal_objects_have_no_differences_whatever_the_server_wrote() {
    let before = json!({"data": {"a": "1"}, "metadata": {"name": "a", "managedFields": [1], "uid": "u", "labels": {"kubectl-gitops.dev/inventory": "x"}}});
    let after = json!({"metadata": {"name": "a"}, "data": {"a": "1"}, "spec": null});
    assert!(diff(&key("", "ConfigMap"), &before, &after).is_empty());
}

#[test]
fn values_of_secrets_are_sizes() {
    let before = json!({"kind": "Secret", "data": {"same": "MQ==", "changed": "aHVudGVyMg==", "gone": "eA=="}});
    let after =
        json!({"kind": "Secret", "stringData": {"same": "1", "changed": "a longer password", "new": "topsecret"}});
    let found = diff(&key("", "Secret"), &before, &after);
    assert_eq!(
        show(&found),
        ["data.changed: 7 bytes -> 17 bytes", "data.gone: 1 bytes -> -", "data.new: - -> 9 bytes"]
    );
    let all_new = diff(&key("", "Secret"), &json!({"kind": "Secret"}), &after);
    assert_eq!(show(&all_new), ["data.changed: - -> 17 bytes", "data.new: - -> 9 bytes", "data.same: - -> 1 bytes"]);
    for text in [format!("{found:?}"), format!("{all_new:?}")] {
        assert!(!text.contains("topsecret") && !text.contains("aHVudGVyMg==") && !text.contains("password"), "{text}");
    }
}

#[test]
fn drift_names_its_maker() {
    let live = Live::new(json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "uid": "u", "resourceVersion": "1", "managedFields": [
            {"manager": "kubectl-gitops", "operation": "Apply", "fieldsV1": {"f:spec": {"f:items": {"k:{\"name\":\"w\"}": {".": {}, "f:image": {}}}}}},
            {"manager": "earlier", "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kubelet", "operation": "Update", "subresource": "status", "time": "2026-01-03T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]},
        "spec": {"replicas": 5, "items": [{"name": "w", "image": "i:1"}]}})).unwrap();
    let after = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"replicas": 3, "items": [{"name": "w", "image": "i:2"}]}});
    let mut found = diff(&key("apps", "Deployment"), live.object(), &after);
    attribute(&mut found, &live);
    assert_eq!(
        show(&found),
        [
            "spec.items[name=w].image: \"i:1\" -> \"i:2\"",
            "spec.replicas: 5 -> 3 drift: kubectl-edit 2026-01-02T00:00:00Z",
        ]
    );
}

#[test]
fn a_restart_tells_why() {
    let workload = |image: &str, hash: &str, mode: &str, replicas: i32| {
        json!({"spec": {"replicas": replicas, "template": {
            "metadata": {"annotations": {"kubectl-gitops.dev/hash.secret.db": hash}},
            "spec": {"containers": [{"name": "web", "image": image, "env": [{"name": "MODE", "value": mode}]}]}}}})
    };
    let before = workload("w:1", "aa", "x", 2);
    let why = |kind: &str, after: &Value| {
        let key = key("apps", kind);
        restart(&key, after, &diff(&key, &before, after)).map(|restart| restart.why.join(", "))
    };
    assert_eq!(
        why("Deployment", &workload("w:2", "bb", "y", 2)).as_deref(),
        Some("image, Secret db changed, env MODE")
    );
    assert_eq!(why("StatefulSet", &workload("w:1", "bb", "x", 2)).as_deref(), Some("Secret db changed"));
    assert_eq!(why("Deployment", &workload("w:1", "aa", "x", 3)), None, "scaling restarts nothing");
    assert_eq!(why("Deployment", &workload("w:2", "aa", "x", 0)), None, "there are no pods");
    assert_eq!(why("CronJob", &workload("w:2", "aa", "x", 2)), None, "the next job has the new template");
    let mut by_hand = workload("w:2", "aa", "x", 2);
    by_hand["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    assert_eq!(why("DaemonSet", &by_hand), None);
}
