//! Charts that K3s installs itself: taken up by its controller, and not given up.

use serde_json::Value;

use super::read::{Condition, condition};
use super::{Health, generic};

pub(super) fn of(object: &Value) -> Health {
    if let Some(failed) = condition(object, "Failed").filter(Condition::is_true) {
        return Health::Failed(failed.why("the chart cannot be installed"));
    }
    // Older releases of K3s write the name of the Job that installs it, and no conditions.
    let written = object.get("status").and_then(Value::as_object).is_some_and(|status| !status.is_empty());
    if written { Health::Current } else { generic::unwritten() }
}
