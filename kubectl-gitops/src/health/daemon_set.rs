//! DaemonSets: a ready pod of the newest template on every node that should have one.

use serde_json::Value;

use super::read::{count, number, text};
use super::{Health, generic};

pub(super) fn of(object: &Value) -> Health {
    if number(object, "/status/observedGeneration").is_none() {
        return generic::unwritten();
    }
    let Some(wanted) = number(object, "/status/desiredNumberScheduled") else {
        return Health::InProgress("the number of its nodes is not known yet".to_owned());
    };
    // With OnDelete, pods are replaced by hand: an old template is no unfinished rollout.
    let by_hand = text(object, "/spec/updateStrategy/type") == "OnDelete";
    for (field, what) in [
        ("currentNumberScheduled", "scheduled"),
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
        ("numberReady", "ready"),
    ] {
        let have = count(object, &format!("/status/{field}"));
        if have < wanted && !(by_hand && field == "updatedNumberScheduled") {
            return Health::InProgress(format!("{have} of {wanted} {what}"));
        }
    }
    Health::Current
}
