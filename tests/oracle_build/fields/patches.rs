//! `patches` and the two older fields.

use serde_json::json;

use crate::dice::Dice;
use crate::grow::Known;
use crate::model::Layer;
use crate::patch;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer, known: &Known) {
    if known.objects.is_empty() {
        return;
    }
    for _ in 0..dice.roll(3) {
        let victim = dice.pick(&known.objects);
        match dice.roll(12) {
            0 => layer.push("patchesStrategicMerge", json!([patch::legacy_merge(dice, &victim)])),
            1 => {
                let mut patch = patch::json_patch(dice, &victim);
                patch["target"]["name"] = victim["metadata"]["name"].clone();
                layer.push("patchesJson6902", json!([patch]));
            }
            2..=5 => layer.push("patches", json!([patch::json_patch(dice, &victim)])),
            _ => layer.push("patches", json!([patch::merge_patch(dice, &victim)])),
        }
    }
}
