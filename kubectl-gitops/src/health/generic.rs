//! Rules for objects of every kind. Owns what comes before a kind's own rule.

use serde_json::Value;

use super::Health;
use super::read::{Condition, condition, number, text};

/// Being deleted, or not yet seen by its controller: whatever else it says is of the past.
pub(super) fn unseen(object: &Value) -> Option<Health> {
    if !text(object, "/metadata/deletionTimestamp").is_empty() {
        return Some(Health::Terminating(holders(object)));
    }
    let generation = number(object, "/metadata/generation");
    let observed = number(object, "/status/observedGeneration");
    if let (Some(generation), Some(observed)) = (generation, observed)
        && generation != observed
    {
        return Some(unseen_generation(generation));
    }
    None
}

/// What is said of an older generation is not about this one.
pub(super) fn past(object: &Value) -> Health {
    unseen_generation(number(object, "/metadata/generation").unwrap_or_default())
}

fn unseen_generation(generation: i64) -> Health {
    Health::InProgress(format!("its controller has not seen generation {generation} yet"))
}

/// Of an object whose controller writes a status in any case: there is none.
pub(super) fn unwritten() -> Health {
    Health::InProgress("its controller has written no status yet".to_owned())
}

/// What the conditions say that are made for it.
pub(super) fn said(object: &Value) -> Option<Health> {
    // What stalled an older generation may be what this one is for.
    if let Some(stalled) = condition(object, "Stalled").filter(|stalled| stalled.is_true() && !stalled.is_past) {
        return Some(Health::Failed(stalled.why("stalled")));
    }
    let reconciling = condition(object, "Reconciling").filter(Condition::is_true)?;
    Some(Health::InProgress(reconciling.why("reconciling")))
}

/// What keeps it from going.
fn holders(object: &Value) -> String {
    let finalizers = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let names: Vec<&str> = finalizers.into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { "being deleted".to_owned() } else { format!("waits for finalizers: {}", names.join(", ")) }
}
