//! PersistentVolumeClaims: bound, unless their class binds only when a pod asks.

use serde_json::Value;

use super::read::text;
use super::{Facts, Health};

pub(super) fn of(object: &Value, facts: &Facts) -> Health {
    match text(object, "/status/phase") {
        "Bound" => Health::Current,
        "Lost" => Health::Failed("its volume is lost".to_owned()),
        // A pod that uses it waits for it, and says so itself.
        _ if facts.claim_binds_late => Health::Current,
        _ => match text(object, "/spec/storageClassName") {
            "" => Health::InProgress("not bound; it names no storage class".to_owned()),
            class => Health::InProgress(format!("not bound by storage class {class}")),
        },
    }
}
