//! PersistentVolumeClaims: bound, unless their class binds only when a pod asks and none does.

use serde_json::Value;

use super::read::text;
use super::{Facts, Health};

/// Where the scheduler wants the volume, as soon as it has found a place for a pod that uses the claim.
const CHOSEN_NODE: &str = "/metadata/annotations/volume.kubernetes.io~1selected-node";

pub(super) fn of(object: &Value, facts: &Facts) -> Health {
    match text(object, "/status/phase") {
        "Bound" => return Health::Current,
        "Lost" => return Health::Failed("its volume is lost".to_owned()),
        _ => {}
    }
    let node = text(object, CHOSEN_NODE);
    let waits = match text(object, "/spec/storageClassName") {
        "" => "not bound; it names no storage class".to_owned(),
        class => format!("not bound by storage class {class}"),
    };
    match (facts.claim_binds_late, node, facts.claim_is_used) {
        (false, ..) => Health::InProgress(waits),
        (true, "", false) => Health::Current,
        (true, "", true) => Health::InProgress(format!("{waits}; a pod that uses it has no node yet")),
        (true, node, _) => Health::InProgress(format!("{waits}; a pod waits for it on node {node}")),
    }
}
