//! Deployments: rolled out when every replica is of the newest template, and available.

use serde_json::Value;

use super::Health;
use super::read::{condition, count, number};

/// The value that means "no deadline".
const NO_DEADLINE: i64 = i32::MAX as i64;

pub(super) fn of(object: &Value) -> Health {
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let progressing = condition(object, "Progressing");
    if let Some(late) = progressing.filter(|condition| condition.reason == "ProgressDeadlineExceeded") {
        return Health::Failed(late.why("its progress deadline is exceeded"));
    }
    if let Some(failure) = condition(object, "ReplicaFailure").filter(super::read::Condition::is_true) {
        // Quota or admission: may pass by itself, so this is no final verdict, but it is the reason to name.
        return Health::InProgress(failure.why("pods cannot be created"));
    }
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Health::InProgress("it is paused".to_owned());
    }
    let status = |field: &str| count(object, &format!("/status/{field}"));
    let (all, updated, ready, available) =
        (status("replicas"), status("updatedReplicas"), status("readyReplicas"), status("availableReplicas"));
    let waits = |what: &str, have: i64| Health::InProgress(format!("{have} of {wanted} {what}"));
    if all < wanted {
        return waits("created", all);
    }
    if updated < wanted {
        return waits("updated", updated);
    }
    if all > wanted {
        return Health::InProgress(format!("{} old pods are still there", all - wanted));
    }
    if available < updated {
        return waits("available", available);
    }
    if ready < wanted {
        return waits("ready", ready);
    }
    let deadline = number(object, "/spec/progressDeadlineSeconds").unwrap_or(NO_DEADLINE);
    let rolled_out =
        progressing.is_some_and(|condition| condition.is_true() && condition.reason == "NewReplicaSetAvailable");
    if deadline != NO_DEADLINE && !rolled_out {
        return Health::InProgress("its rollout is not finished".to_owned());
    }
    match condition(object, "Available") {
        Some(condition) if condition.is_true() => Health::Current,
        Some(condition) => Health::InProgress(condition.why("not available")),
        None => Health::InProgress("its controller has not said that it is available".to_owned()),
    }
}
