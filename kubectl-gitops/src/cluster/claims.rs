//! What the health of claims depends on besides the claims: classes that bind only when a pod asks, and the pods that do. Owns these
//! two reads, which are sent only where a set has claims.

use std::collections::BTreeSet;

use krm::GroupKind;
use serde_json::Value;

use super::client::Cluster;
use super::discovery::Discovery;
use super::endpoint::Endpoint;
use super::query::ListQuery;
use super::transport::Transport;
use crate::health::Facts;

/// Pods that run have their volumes.
const WAITING: &str = "status.phase=Pending";

/// What was read of classes and pods. Empty where nothing was, or may be: then a claim is awaited like any other object.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// Classes that bind a claim only when a pod uses it.
    late: BTreeSet<String>,
    /// Namespaces and names of claims of pods that are to start.
    used: BTreeSet<(String, String)>,
}

impl Claims {
    /// `facts`, with what is known of this object.
    pub fn facts(&self, object: &Value, facts: Facts) -> Facts {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.late.is_empty() || object["kind"] != "PersistentVolumeClaim" {
            return facts;
        }
        Facts {
            claim_binds_late: self.late.contains(&text("/spec/storageClassName")),
            claim_is_used: self.used.contains(&(text("/metadata/namespace"), text("/metadata/name"))),
            ..facts
        }
    }
}

impl<T: Transport> Cluster<T> {
    /// What is to be known of the claims in these namespaces.
    pub async fn claims(&self, discovery: &Discovery, namespaces: &BTreeSet<&str>) -> Claims {
        let mut claims = Claims::default();
        let kind = GroupKind::new("storage.k8s.io", "StorageClass");
        let Some(served) = discovery.served(&kind).filter(|_| !namespaces.is_empty()) else { return claims };
        let classes = Endpoint::new(&kind, served.preferred());
        let query = ListQuery::of(&classes);
        let listed = self.list(&query, |class| {
            if class["volumeBindingMode"] == "WaitForFirstConsumer"
                && let Some(name) = class.pointer("/metadata/name").and_then(Value::as_str)
            {
                claims.late.insert(name.to_owned());
            }
        });
        if listed.await.is_err() || claims.late.is_empty() {
            return claims;
        }
        let pods = Endpoint::pods();
        for namespace in namespaces {
            let query = ListQuery::of(&pods).within(namespace).matching(WAITING);
            let listed = self.list(&query, |pod| {
                let names = names_used(&pod).map(|name| ((*namespace).to_owned(), name.to_owned()));
                claims.used.extend(names);
            });
            // Who may not see pods is told less.
            drop(listed.await);
        }
        claims
    }
}

/// The claims of a pod that is not about to go.
fn names_used(pod: &Value) -> impl Iterator<Item = &str> {
    let stays = pod.pointer("/metadata/deletionTimestamp").is_none();
    let volumes = pod.pointer("/spec/volumes").filter(|_| stays).and_then(Value::as_array);
    volumes.into_iter().flatten().filter_map(|volume| volume.pointer("/persistentVolumeClaim/claimName")?.as_str())
}

#[cfg(test)]
mod tests {
    use krm::ObjectKey;
    use serde_json::json;

    use super::*;
    use crate::cluster::Patience;
    use crate::cluster::scripted::{Fault, Scripted};
    use crate::health;

    fn claim(name: &str, class: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"storageClassName": class}, "status": {"phase": "Pending"}})
    }

    fn wire() -> Scripted {
        let wire = Scripted::new();
        for (name, mode) in [("late", "WaitForFirstConsumer"), ("early", "Immediate")] {
            let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, "volumeBindingMode": mode});
            wire.store.borrow_mut().put(ObjectKey::new("storage.k8s.io", "StorageClass", "", name), class);
        }
        for (name, claim, gone) in [("web", "used", Value::Null), ("old", "free", json!("2026-01-01T00:00:00Z"))] {
            let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
                "spec": {"volumes": [{"name": "x", "emptyDir": {}}, {"name": "y", "persistentVolumeClaim": {"claimName": claim}}]},
                "status": {"phase": "Pending"}});
            if gone.is_string() {
                pod["metadata"]["deletionTimestamp"] = gone;
            }
            wire.store.borrow_mut().put(ObjectKey::new("", "Pod", "shop", name), pod);
        }
        wire.clear_hook();
        wire
    }

    fn verdicts(wire: &Scripted) -> Vec<String> {
        let cluster = Cluster::new(wire.clone(), Patience::default(), Box::new(|_| {}));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let claims = runtime.expect("a runtime without I/O can always be made").block_on(async {
            let discovery = cluster.discover().await.expect("it answers");
            cluster.claims(&discovery, &["shop"].into()).await
        });
        let told = |claim: Value| health::of(&claim, &claims.facts(&claim, Facts::default())).to_string();
        [claim("free", "late"), claim("used", "late"), claim("free", "early")].map(told).to_vec()
    }

    #[test]
    fn a_claim_whose_class_waits_is_well_until_a_pod_waits_for_it() {
        let waits = "InProgress: not bound by storage class";
        let used = format!("{waits} late; a pod that uses it has no node yet");
        assert_eq!(verdicts(&wire()), ["Current", &used, &format!("{waits} early")]);
    }

    #[test]
    fn what_may_not_be_read_is_not_guessed() {
        let waits = "InProgress: not bound by storage class";
        let forbidden = |what: &'static str| {
            let wire = wire();
            wire.set_hook(move |request, _, _| request.path.contains(what).then_some(Fault::Status(403)));
            verdicts(&wire)
        };
        assert_eq!(forbidden("/pods"), ["Current", "Current", &format!("{waits} early")]);
        assert_eq!(forbidden("/storageclasses"), ["late", "late", "early"].map(|class| format!("{waits} {class}")));
    }
}
