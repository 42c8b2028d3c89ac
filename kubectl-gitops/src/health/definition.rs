//! CustomResourceDefinitions: established, so that objects of the kind can be written.

use serde_json::Value;

use super::Health;
use super::read::{Condition, condition};

pub(super) fn of(object: &Value) -> Health {
    if let Some(refused) = condition(object, "NamesAccepted").filter(Condition::is_false) {
        return Health::Failed(refused.why("its names are taken"));
    }
    match condition(object, "Established") {
        Some(established) if established.is_true() => Health::Current,
        Some(established) if established.is_false() && established.reason != "Installing" => {
            Health::Failed(established.why("it cannot be established"))
        }
        Some(_) | None => Health::InProgress("it is not established yet".to_owned()),
    }
}
