//! Jobs: healthy when they are done.

use serde_json::Value;

use super::Health;
use super::read::{Condition, condition, count};

pub(super) fn of(object: &Value) -> Health {
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Health::Current;
    }
    if condition(object, "Complete").is_some_and(|condition| condition.is_true()) {
        return Health::Current;
    }
    if let Some(failed) = condition(object, "Failed").filter(Condition::is_true) {
        let reason = if failed.reason.is_empty() { String::new() } else { format!("{}: ", failed.reason) };
        return Health::Failed(format!("{reason}{}", failed.why("the job failed")));
    }
    // Said as soon as it is certain, before the last pods have ended.
    if let Some(failing) = condition(object, "FailureTarget").filter(Condition::is_true) {
        return Health::Failed(failing.why("the job is failing"));
    }
    let (active, failed) = (count(object, "/status/active"), count(object, "/status/failed"));
    let attempts = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    if active > 0 {
        Health::InProgress(format!("{active} running{attempts}"))
    } else {
        Health::InProgress(format!("not started{attempts}"))
    }
}
