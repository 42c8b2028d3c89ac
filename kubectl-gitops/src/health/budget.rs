//! PodDisruptionBudgets: seen by their controller.

use serde_json::Value;

use super::Health;
use super::read::number;

pub(super) fn of(object: &Value) -> Health {
    // A generation that differs was judged before this.
    if number(object, "/status/observedGeneration").is_some() {
        Health::Current
    } else {
        Health::InProgress("its controller has written no status yet".to_owned())
    }
}
