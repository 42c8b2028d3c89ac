//! Kinds without a rule of their own: what their conditions say. Owns the list of kinds that are known to write conditions,
//! so that one of them without a status is not taken for healthy.

use serde_json::Value;

use super::Health;
use super::read::{condition, has_conditions};

/// Groups whose kinds report by a `Ready` condition, so that no status means not looked at yet.
const REPORTING_GROUPS: [&str; 9] = [
    "acme.cert-manager.io",
    "cert-manager.io",
    "external-secrets.io",
    "kustomize.toolkit.fluxcd.io",
    "helm.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
    "serving.knative.dev",
    "postgresql.cnpg.io",
    "monitoring.coreos.com",
];

/// Kinds of those groups that never write a status, or only when something refers to them.
const SILENT: [(&str, &str); 6] = [
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("monitoring.coreos.com", "PodMonitor"),
    ("monitoring.coreos.com", "PrometheusRule"),
    ("monitoring.coreos.com", "Probe"),
    ("monitoring.coreos.com", "ScrapeConfig"),
    ("monitoring.coreos.com", "AlertmanagerConfig"),
];

/// Ready if it says so, or if it is of a kind that says nothing.
pub(super) fn of(group: &str, kind: &str, object: &Value) -> Health {
    if let Some(ready) = condition(object, "Ready") {
        return if ready.is_true() { Health::Current } else { Health::InProgress(ready.why("not ready")) };
    }
    // A kind with `Available` instead of `Ready` (APIService, many operators) means the same by it.
    if let Some(available) = condition(object, "Available") {
        return if available.is_true() { Health::Current } else { Health::InProgress(available.why("not available")) };
    }
    let reports = REPORTING_GROUPS.contains(&group) && !SILENT.contains(&(group, kind));
    if reports && !has_conditions(object) {
        return Health::InProgress("its controller has written no status yet".to_owned());
    }
    Health::Current
}
