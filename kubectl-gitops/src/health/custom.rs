//! Kinds without a rule of their own: what their conditions say. Owns the list of kinds that are known to write one in any case,
//! so that an object without it is not taken for healthy.

use serde_json::Value;

use super::read::{condition, text};
use super::{Health, generic};

/// Kinds whose controller writes this condition for every object: group, condition, kinds.
const REPORTING: [(&str, &str, &[&str]); 12] = [
    ("apiregistration.k8s.io", "Available", &["APIService"]),
    ("bitnami.com", "Synced", &["SealedSecret"]),
    ("cert-manager.io", READY, &["Certificate", "CertificateRequest", "Issuer", "ClusterIssuer"]),
    (
        "external-secrets.io",
        READY,
        &["ExternalSecret", "ClusterExternalSecret", "PushSecret", "SecretStore", "ClusterSecretStore"],
    ),
    ("helm.toolkit.fluxcd.io", READY, &["HelmRelease"]),
    ("image.toolkit.fluxcd.io", READY, &["ImagePolicy", "ImageRepository", "ImageUpdateAutomation"]),
    ("kustomize.toolkit.fluxcd.io", READY, &["Kustomization"]),
    ("monitoring.coreos.com", "Available", &["Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler"]),
    ("notification.toolkit.fluxcd.io", READY, &["Receiver"]),
    ("postgresql.cnpg.io", READY, &["Cluster"]),
    ("serving.knative.dev", READY, &["Configuration", "DomainMapping", "Route", "Service"]),
    ("source.toolkit.fluxcd.io", READY, &["Bucket", "GitRepository", "HelmChart", "HelmRepository", "OCIRepository"]),
];

const READY: &str = "Ready";
/// What kinds have instead that mean the same by it.
const AVAILABLE: &str = "Available";

/// Ready if it says so, or if it is of a kind that says nothing.
pub(super) fn of(group: &str, kind: &str, object: &Value) -> Health {
    let row = REPORTING.iter().find(|(of, _, kinds)| *of == group && kinds.contains(&kind));
    let own = row.map(|(_, condition, _)| *condition);
    let told = |kind| Some((kind, condition(object, kind)?));
    let Some((name, told)) = own.and_then(told).or_else(|| told(READY)).or_else(|| told(AVAILABLE)) else {
        return if own.is_some() && !is_at_rest(group, kind, object) { generic::unwritten() } else { Health::Current };
    };
    match told.is_past {
        true => generic::past(object),
        false if told.is_true() => Health::Current,
        false => Health::InProgress(told.why(&format!("not {}", name.to_lowercase()))),
    }
}

/// Flux looks neither at what is suspended nor at a Helm repository of an OCI registry.
fn is_at_rest(group: &str, kind: &str, object: &Value) -> bool {
    let suspended = object.pointer("/spec/suspend") == Some(&Value::Bool(true));
    group.ends_with(".toolkit.fluxcd.io")
        && (suspended || (kind == "HelmRepository" && text(object, "/spec/type") == "oci"))
}
