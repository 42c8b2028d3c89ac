//! ReplicaSets: as many ready pods as wanted.

use serde_json::Value;

use super::read::{Condition, condition, count, number};
use super::{Health, generic};

pub(super) fn of(object: &Value) -> Health {
    if number(object, "/status/observedGeneration").is_none() {
        return generic::unwritten();
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    if let Some(failure) = condition(object, "ReplicaFailure").filter(Condition::is_true) {
        return Health::InProgress(failure.why("pods cannot be created"));
    }
    for (field, what) in
        [("fullyLabeledReplicas", "labelled"), ("availableReplicas", "available"), ("readyReplicas", "ready")]
    {
        let have = count(object, &format!("/status/{field}"));
        if have < wanted {
            return Health::InProgress(format!("{have} of {wanted} {what}"));
        }
    }
    let all = count(object, "/status/replicas");
    if all > wanted { Health::InProgress(format!("{} pods too many", all - wanted)) } else { Health::Current }
}
