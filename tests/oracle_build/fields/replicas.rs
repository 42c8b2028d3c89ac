//! `replicas`: mostly of a workload that is there, since all else is an error.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::grow::Known;
use crate::model::Layer;
use crate::objects::NAMES;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer, known: &Known) {
    let scalable = |object: &&Value| matches!(object["kind"].as_str(), Some("Deployment" | "StatefulSet"));
    let mut names: Vec<Value> =
        known.objects.iter().filter(scalable).map(|object| object["metadata"]["name"].clone()).collect();
    if dice.chance(5) {
        names.push(json!(dice.pick(&NAMES)));
    }
    if !names.is_empty() {
        layer.push("replicas", json!([{"name": dice.pick(&names), "count": dice.roll(9)}]));
    }
}
