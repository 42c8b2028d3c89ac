//! `images`, and its old name `imageTags`.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::model::Layer;
use crate::objects::image;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer) {
    let field = if dice.chance(12) { "imageTags" } else { "images" };
    let rules = dice.some(2, |dice, _| rule(dice));
    layer.push(field, json!(rules));
}

pub(crate) fn rule(dice: &mut Dice) -> Value {
    let whole = image(dice);
    let name = whole.split_once('@').map_or(whole.as_str(), |(name, _)| name);
    let name = if dice.chance(90) { name.trim_end_matches(":1").trim_end_matches(":v1.2-rc") } else { name };
    let mut rule = json!({"name": name});
    for (field, value) in [("newTag", "9"), ("newName", "other/name"), ("digest", "sha256:new"), ("tagSuffix", "-x")] {
        if dice.chance(if field == "tagSuffix" { 8 } else { 40 }) {
            rule[field] = json!(value);
        }
    }
    rule
}
