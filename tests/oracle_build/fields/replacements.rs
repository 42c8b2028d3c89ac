//! `replacements`: from a field of one object into fields of others.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::grow::Known;
use crate::model::Layer;
use crate::pointer;
use crate::render::FILE;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer, known: &Known) {
    if let Some(entry) = entry(dice, known) {
        layer.push("replacements", json!([entry]));
    }
}

/// An entry: written out, or in a file of its own.
pub(crate) fn entry(dice: &mut Dice, known: &Known) -> Option<Value> {
    if known.objects.is_empty() {
        return None;
    }
    Some(match dice.roll(8) {
        0 => json!({"path": {FILE: replacement(dice, known)}}),
        // One document that is a list of them.
        1 => json!({"path": {FILE: [json!(dice.some(2, |dice, _| replacement(dice, known)))]}}),
        _ => replacement(dice, known),
    })
}

fn replacement(dice: &mut Dice, known: &Known) -> Value {
    let targets = dice.some(2, |dice, _| target(dice, known));
    if dice.chance(12) {
        return json!({"sourceValue": dice.pick(&["value", "1", "true", "a:b", "9.0"]), "targets": targets});
    }
    json!({"source": source(dice, known), "targets": targets})
}

fn source(dice: &mut Dice, known: &Known) -> Value {
    let object = dice.pick(&known.objects);
    let mut source = json!({"kind": object["kind"], "name": object["metadata"]["name"]});
    if let Some(namespace) = object["metadata"].get("namespace").filter(|_| dice.chance(50)) {
        source["namespace"] = namespace.clone();
    }
    if dice.chance(15) {
        source["version"] = json!("v1");
    }
    if dice.chance(80) {
        let leaves = pointer::leaves(&object);
        let mut way = dice.pick(&leaves);
        if dice.chance(15) {
            way.pop();
        }
        let stars = dice.chance(3);
        source["fieldPath"] = json!(pointer::dotted(dice, &object, &way, stars));
    }
    if dice.chance(20) {
        source["options"] = options(dice);
    }
    source
}

fn target(dice: &mut Dice, known: &Known) -> Value {
    let object = dice.pick(&known.objects);
    let mut select = json!({"kind": object["kind"]});
    if dice.chance(85) {
        select["name"] = object["metadata"]["name"].clone();
    }
    if dice.chance(5) {
        select = json!({dice.pick(&["labelSelector", "annotationSelector"]): dice.pick(&["app", "app=x", "tier!=y"])});
    }
    let create = dice.chance(35);
    let mut leaves = pointer::leaves(&object);
    // Of other kinds the real tool hashes where in which file each value stands, and it trips over a version with a slash.
    leaves.retain(|way| !matches!(way[0].as_str(), "kind" | "apiVersion"));
    let paths = dice.some(2, |dice, _| {
        let way = dice.pick(&leaves);
        let stars = !create || dice.chance(5);
        let mut path = pointer::dotted(dice, &object, &way, stars);
        match dice.roll(10) {
            0 if dice.chance(20) => path.push_str(".new"),
            0 | 1 if create => "metadata.annotations.new".clone_into(&mut path),
            2 if matches!(object["kind"].as_str(), Some("Deployment" | "StatefulSet" | "Rollout")) => {
                "spec.template.spec.containers.*.image".clone_into(&mut path);
            }
            _ => {}
        }
        path
    });
    let mut target = json!({"select": select, "fieldPaths": paths});
    if dice.chance(20) {
        target["reject"] = json!([{"name": dice.pick(&known.objects)["metadata"]["name"]}]);
    }
    if dice.chance(30) {
        target["options"] = options(dice);
    }
    if create {
        target["options"]["create"] = json!(true);
    }
    target
}

fn options(dice: &mut Dice) -> Value {
    let mut options = json!({});
    if dice.chance(50) {
        options["create"] = json!(dice.chance(80));
    }
    if dice.chance(40) {
        options["delimiter"] = json!(dice.pick(&[":", "/", "-", "."]));
    }
    if dice.chance(35) {
        options["index"] = json!(dice.pick(&[0, 1, 2, -1, 9]));
    }
    if dice.chance(4) {
        options["encoding"] = json!(dice.pick(&["base64", "hex"]));
    }
    options
}
