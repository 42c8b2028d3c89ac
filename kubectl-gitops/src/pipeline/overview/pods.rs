//! The pods of a set's workloads: one list for each namespace that has any. Owns which pod is whose.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::session::Session;
use crate::cluster::{Endpoint, ListQuery};
use crate::health::{self, Facts};
use crate::inventory::Inventory;
use crate::plan::Observation;
use crate::report::PodLine;

/// By namespace.
#[derive(Default)]
pub(super) struct Pods(BTreeMap<String, Vec<Value>>);

/// Reads them. Where that is forbidden the set is shown without.
pub(super) async fn of_members(session: &Session, inventory: &Inventory, seen: &Observation) -> Pods {
    let makes_pods = |object: &Value| health::cause::pod_selector(object).is_some();
    let members =
        inventory.entries.keys().filter(|key| seen.get(key).live().is_some_and(|live| makes_pods(live.object())));
    let namespaces: BTreeSet<&str> = members.map(|key| key.namespace.as_str()).collect();
    let (mut found, endpoint) = (Pods::default(), Endpoint::pods());
    for namespace in namespaces {
        let mut pods = Vec::new();
        let query = ListQuery::of(&endpoint).within(namespace);
        // Other people's pods are many: only what somebody controls is kept.
        let listed = session.cluster.list(&query, |pod| pods.extend(controller(&pod).is_some().then_some(pod))).await;
        match listed {
            Ok(()) => drop(found.0.insert(namespace.to_owned(), pods)),
            Err(error) => session.story.warn(&format!("pods are not shown: {error}")),
        }
    }
    found
}

impl Pods {
    /// Those that were made for this object, what is not ready first.
    pub(super) fn of(&self, owner: &Value, facts: &Facts) -> Vec<PodLine> {
        let namespace = owner["metadata"]["namespace"].as_str().unwrap_or_default();
        let own = self.0.get(namespace).into_iter().flatten().filter(|pod| is_made_for(pod, owner));
        let mut lines: Vec<PodLine> = own.map(|pod| line(pod, facts)).collect();
        lines.sort_by(|a, b| (a.ready, &a.name).cmp(&(b.ready, &b.name)));
        lines
    }
}

fn controller(pod: &Value) -> Option<&Value> {
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().find(|owner| owner["controller"] == true)
}

/// A Deployment's pods belong to one of its ReplicaSets, whose names end with the hash that their pods carry.
fn is_made_for(pod: &Value, owner: &Value) -> bool {
    let Some(controller) = controller(pod) else { return false };
    if controller["uid"] == owner["metadata"]["uid"] {
        return true;
    }
    let name = owner["metadata"]["name"].as_str().unwrap_or_default();
    let hash = match owner["kind"].as_str() {
        Some("Deployment") => &pod["metadata"]["labels"]["pod-template-hash"],
        Some("Rollout") => &pod["metadata"]["labels"]["rollouts-pod-template-hash"],
        _ => return false,
    };
    let made = hash.as_str().map(|hash| format!("{name}-{hash}"));
    controller["kind"] == "ReplicaSet" && controller["name"].as_str() == made.as_deref()
}

fn line(pod: &Value, facts: &Facts) -> PodLine {
    let health = health::of(pod, facts);
    let statuses = pod.pointer("/status/containerStatuses").and_then(Value::as_array).into_iter().flatten();
    PodLine {
        name: pod["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        node: pod["spec"]["nodeName"].as_str().unwrap_or_default().to_owned(),
        health: health.word().to_owned(),
        ready: health.is_current(),
        message: health.message().to_owned(),
        restarts: statuses.filter_map(|status| status["restartCount"].as_u64()).sum(),
        started: pod["status"]["startTime"].as_str().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(controller: &str, name: &str, hash: &str) -> Value {
        json!({"metadata": {"name": "p", "namespace": "n", "labels": {"pod-template-hash": hash},
            "ownerReferences": [{"kind": controller, "name": name, "uid": "r", "controller": true}]},
            "status": {"phase": "Running", "containerStatuses": [{"restartCount": 2}, {"restartCount": 1}]}})
    }

    #[test]
    fn a_pod_belongs_to_what_made_it_and_not_to_what_is_called_alike() {
        let web = json!({"kind": "Deployment", "metadata": {"name": "web", "namespace": "n", "uid": "d"}});
        assert!(is_made_for(&pod("ReplicaSet", "web-6d8f", "6d8f"), &web));
        assert!(!is_made_for(&pod("ReplicaSet", "web-api-6d8f", "6d8f"), &web));
        assert!(!is_made_for(&pod("ReplicaSet", "web-6d8f", "other"), &web));
        let set = json!({"kind": "StatefulSet", "metadata": {"name": "db", "namespace": "n", "uid": "r"}});
        assert!(is_made_for(&pod("StatefulSet", "db", ""), &set));
        assert_eq!(line(&pod("StatefulSet", "db", ""), &Facts::default()).restarts, 3);
    }
}
