//! Trees in the shape that public repositories have: an operator with webhooks and certificates, platform components with
//! parameters, an installation in several sizes, the applications of a home cluster. One file each; random in its details.

#![allow(clippy::needless_pass_by_value, reason = "values are written out where they are passed")]

mod home;
mod installation;
mod operator;
mod platform;

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::fields;
use crate::grow::Known;
use crate::model::{Layer, Tree};
use crate::render::{FILE, INLINE, LAYER};

/// A tree of one of the shapes, often with one more layer of random fields on top.
pub(crate) fn tree(dice: &mut Dice) -> Tree {
    let make =
        dice.pick(&[operator::make as fn(&mut Dice) -> Vec<Layer>, platform::make, installation::make, home::make]);
    let mut layers = make(dice);
    for layer in &mut layers {
        if dice.chance(25) && !layer.component {
            sprinkle(dice, layer);
        }
    }
    Tree { layers, style: None }
}

/// Fields that work wherever they stand.
fn sprinkle(dice: &mut Dice, layer: &mut Layer) {
    match dice.roll(9) {
        0 => fields::labels::add(dice, layer),
        1 => fields::labels::add_common(dice, layer),
        2 => fields::sort_options::add(dice, layer),
        3 => fields::build_metadata::add(dice, layer),
        4 => layer.push("namePrefix", json!(dice.pick(&["dev-", "x-"]))),
        5 => layer.push("nameSuffix", json!("-v2")),
        6 => layer.push("namespace", json!("elsewhere")),
        7 => fields::generators::add(dice, layer, &mut Known::default()),
        _ => layer.push("commonAnnotations", json!({"team": "infra", "example.com/note": "a: b"})),
    }
}

/// The field with a path to each layer.
fn layers(indexes: &[usize]) -> Value {
    indexes.iter().map(|index| json!({LAYER: index})).collect()
}

/// Objects, each in a file or all in one.
fn files(dice: &mut Dice, objects: Vec<Value>) -> Value {
    if dice.chance(40) {
        json!([{FILE: objects}])
    } else {
        objects.into_iter().map(|object| json!({FILE: [object]})).collect()
    }
}

/// An entry of `patches`, in a file or written out.
fn patch(dice: &mut Dice, content: Value, target: Option<Value>) -> Value {
    let mut entry =
        if dice.chance(50) { json!({"path": {FILE: content}}) } else { json!({"patch": {INLINE: content}}) };
    if let Some(target) = target {
        entry["target"] = target;
    }
    entry
}

/// A strategic merge in one of the two fields for it.
fn push_merge(dice: &mut Dice, layer: &mut Layer, content: Value) {
    if dice.chance(40) {
        layer.push("patchesStrategicMerge", json!([{FILE: [content]}]));
    } else {
        let entry = patch(dice, content, None);
        layer.push("patches", json!([entry]));
    }
}

/// `{apiVersion, kind, metadata: {name}}` with more.
fn object(api: &str, kind: &str, name: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}});
    for (key, value) in rest.as_object().cloned().unwrap_or_default() {
        match (key.as_str(), value) {
            ("metadata", Value::Object(more)) => {
                object["metadata"].as_object_mut().expect("it is a map").extend(more);
            }
            (key, value) => object[key] = value,
        }
    }
    object
}
