//! PodDisruptionBudgets: seen by their controller.

use serde_json::Value;

use super::read::number;
use super::{Health, generic};

pub(super) fn of(object: &Value) -> Health {
    // A generation that differs was judged before this.
    if number(object, "/status/observedGeneration").is_some() { Health::Current } else { generic::unwritten() }
}
