//! `buildMetadata`.

use serde_json::json;

use crate::dice::Dice;
use crate::model::Layer;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer) {
    let mut notes = vec!["originAnnotations", "transformerAnnotations", "managedByLabel"];
    notes.retain(|_| dice.chance(50));
    layer.push("buildMetadata", json!(notes));
}
