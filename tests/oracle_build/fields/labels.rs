//! `labels` and the fields of old: `commonLabels`, `commonAnnotations`.

use serde_json::json;

use crate::dice::Dice;
use crate::fields::configurations::field_spec;
use crate::model::Layer;
use crate::objects::words;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer) {
    let mut entry = json!({"pairs": words(dice)});
    if dice.chance(40) {
        entry["includeSelectors"] = json!(dice.chance(70));
    }
    if dice.chance(40) {
        entry["includeTemplates"] = json!(dice.chance(70));
    }
    if dice.chance(25) {
        let paths = [
            "spec/labels",
            "spec/template/labels",
            "spec/list[]/map",
            "metadata/other",
            "spec/template/metadata/annotations",
            "spec/volumeClaimTemplates[]/metadata/labels",
        ];
        entry["fields"] = json!(dice.some(2, |dice, _| field_spec(dice, &paths)));
    }
    layer.push("labels", json!([entry]));
}

pub(crate) fn add_common(dice: &mut Dice, layer: &mut Layer) {
    let field = dice.pick(&["commonLabels", "commonAnnotations"]);
    layer.push(field, words(dice));
}
