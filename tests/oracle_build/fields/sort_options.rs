//! `sortOptions`.

use serde_json::json;

use crate::dice::Dice;
use crate::model::Layer;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer) {
    let order = match dice.roll(4) {
        0 => json!({"order": "fifo"}),
        1 => json!({"order": "legacy"}),
        2 => json!({"order": "legacy", "legacySortOptions": {"orderFirst": ["Deployment"], "orderLast": []}}),
        _ => {
            json!({"order": "legacy", "legacySortOptions": {"orderFirst": ["Secret", "Thing"], "orderLast": ["Namespace", "Pod"]}})
        }
    };
    layer.push("sortOptions", order);
}
