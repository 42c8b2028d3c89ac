//! `configMapGenerator`, `secretGenerator`, `generatorOptions`.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::grow::Known;
use crate::model::Layer;
use crate::objects::words;
use crate::render::{BINARY, KEYED, TEXT};

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer, known: &mut Known) {
    for field in ["configMapGenerator", "secretGenerator"] {
        if dice.chance(25) {
            let entry = entry(dice, field == "secretGenerator", known);
            layer.push(field, json!([entry]));
        }
    }
    if dice.chance(8) {
        let mut options = options(dice);
        options["annotations"] = words(dice);
        layer.push("generatorOptions", options);
    }
}

/// The arguments of one generator.
pub(crate) fn entry(dice: &mut Dice, secret: bool, known: &mut Known) -> Value {
    let name = dice.pick(&["web", "db", "gen", "cfg"]);
    let mut entry = json!({"name": name, "literals": dice.some(3, literal)});
    let kind = if secret { "Secret" } else { "ConfigMap" };
    let made = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "data": {"k": "v"}});
    if known.has_bare(&made) && !dice.risk(5) {
        entry["behavior"] = json!(dice.pick(&["merge", "merge", "replace"]));
    }
    if dice.chance(30) {
        entry["files"] = json!(dice.some(2, file));
    }
    if dice.chance(20) {
        entry[dice.pick(&["envs", "envs", "env"])] =
            json!({TEXT: dice.pick(&["E=1\n# c\nF=x=y\n", "G=\"q\"\n\n", "H= x \n", "I\n"])});
        if let Some(file) = entry.get("envs").cloned() {
            entry["envs"] = json!([file]);
        }
    }
    if dice.chance(30) {
        entry["options"] = options(dice);
    }
    if dice.risk(10) {
        entry["namespace"] = json!("one");
    }
    if secret && dice.chance(20) {
        entry["type"] = json!(dice.pick(&["Opaque", "kubernetes.io/tls"]));
    }
    known.objects.push(made);
    entry
}

fn literal(dice: &mut Dice, index: usize) -> Value {
    let key = dice.pick(&["a", "B", "c.d"]);
    json!(format!("{key}{index}={}", dice.pick(&["1", "x y", "", "\"q\"", "a=b", "'s'", "$(A)", "é"])))
}

fn file(dice: &mut Dice, index: usize) -> Value {
    let content = if dice.chance(20) {
        // Not UTF-8, or with a byte that no text has.
        json!({BINARY: dice.pick(&["/wABAg==", "AAAA", "w7zDvA==", "gIGC"])})
    } else {
        json!({TEXT: dice.pick(&["text\n", "", "a\nb", "  x\n", "tab\t\n", "line one\nline two\n\n", "a: b\r\n", "trailing \nx\n"])})
    };
    if dice.chance(30) { content } else { json!({KEYED: [format!("file{index}.txt"), content]}) }
}

fn options(dice: &mut Dice) -> Value {
    let mut options = json!({"disableNameSuffixHash": dice.chance(50)});
    if dice.chance(50) {
        options["labels"] = words(dice);
    }
    if dice.chance(30) {
        options["annotations"] = words(dice);
    }
    if dice.chance(20) {
        options["immutable"] = json!(dice.chance(80));
    }
    options
}
