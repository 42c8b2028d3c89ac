//! StatefulSets: all replicas ready and of the newest revision, as far as the update strategy moves them.

use serde_json::Value;

use super::read::{count, number, text};
use super::{Health, generic};

pub(super) fn of(object: &Value) -> Health {
    if number(object, "/status/observedGeneration").is_none() {
        return generic::unwritten();
    }
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Health::Current;
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let status = |field: &str| count(object, &format!("/status/{field}"));
    let waits = |what: &str, have: i64, of: i64| Health::InProgress(format!("{have} of {of} {what}"));
    if status("replicas") < wanted {
        return waits("created", status("replicas"), wanted);
    }
    if status("readyReplicas") < wanted {
        return waits("ready", status("readyReplicas"), wanted);
    }
    if status("replicas") > wanted {
        return Health::InProgress(format!("{} pods too many", status("replicas") - wanted));
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    if partition > 0 {
        let moving = (wanted - partition).max(0);
        let updated = status("updatedReplicas");
        return if updated < moving { waits("updated", updated, moving) } else { Health::Current };
    }
    if status("currentReplicas") < wanted {
        return waits("updated", status("updatedReplicas"), wanted);
    }
    if text(object, "/status/currentRevision") != text(object, "/status/updateRevision") {
        return waits("updated", status("updatedReplicas"), wanted);
    }
    Health::Current
}
