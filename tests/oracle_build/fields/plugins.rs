//! `generators`, `transformers`, `validators` with the built-in kinds.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::fields::configurations::field_spec;
use crate::fields::{generators, images, replacements};
use crate::grow::Known;
use crate::model::Layer;
use crate::objects::{NAMES, words};
use crate::patch;
use crate::render::{FILE, INLINE};

const PATHS: [&str; 6] = [
    "metadata/name",
    "metadata/labels",
    "metadata/annotations",
    "spec/template/metadata/labels",
    "spec/name",
    "metadata/namespace",
];

pub(crate) fn add_generator(dice: &mut Dice, layer: &mut Layer, known: &mut Known) {
    let secret = dice.chance(40);
    let mut config = generators::entry(dice, secret, known);
    let name = config["name"].clone();
    config.as_object_mut().expect("it is a map").shift_remove("name");
    let kind = if secret { "SecretGenerator" } else { "ConfigMapGenerator" };
    let mut head = json!({"apiVersion": "builtin", "kind": kind, "metadata": {"name": name}});
    head.as_object_mut().expect("it is a map").extend(config.as_object().expect("it is a map").clone());
    if dice.chance(15) {
        head["metadata"]["namespace"] = json!("one");
    }
    layer.push("generators", json!([place(dice, &head)]));
}

pub(crate) fn add_transformer(dice: &mut Dice, layer: &mut Layer, known: &Known) {
    if let Some(config) = transformer(dice, known) {
        layer.push("transformers", json!([place(dice, &config)]));
    }
}

pub(crate) fn add_validator(dice: &mut Dice, layer: &mut Layer, known: &Known) {
    if let Some(config) = transformer(dice, known) {
        layer.push("validators", json!([place(dice, &config)]));
    }
}

/// Written out, or in a file of its own.
fn place(dice: &mut Dice, config: &Value) -> Value {
    if dice.chance(50) { json!({INLINE: config}) } else { json!({FILE: config}) }
}

fn transformer(dice: &mut Dice, known: &Known) -> Option<Value> {
    let (kind, fields) = match dice.roll(14) {
        0 => (
            "AnnotationsTransformer",
            json!({"annotations": words(dice), "fieldSpecs": specs(dice, "metadata/annotations")}),
        ),
        1 => ("LabelTransformer", json!({"labels": words(dice), "fieldSpecs": specs(dice, "metadata/labels")})),
        2 => ("PrefixTransformer", json!({"prefix": "t-", "fieldSpecs": specs(dice, "metadata/name")})),
        3 => ("SuffixTransformer", json!({"suffix": "-t", "fieldSpecs": specs(dice, "metadata/name")})),
        4 => (
            "ImageTagTransformer",
            json!({"imageTag": images::rule(dice), "fieldSpecs": specs(dice, "spec/template/spec/containers[]/image")}),
        ),
        5 => (
            "ReplicaCountTransformer",
            json!({"replica": {"name": dice.pick(&NAMES), "count": 3}, "fieldSpecs": specs(dice, "spec/replicas")}),
        ),
        6 => ("HashTransformer", json!({})),
        7 if dice.chance(10) => {
            ("SortOrderTransformer", json!({"sortOptions": {"order": dice.pick(&["legacy", "fifo"])}}))
        }
        8 => return Some(namespace(dice)),
        9 => ("ValueAddTransformer", value_add(dice)),
        10 => ("ReplacementTransformer", json!({"replacements": [replacements::entry(dice, known)?]})),
        11 => {
            let victim = victim(dice, known)?;
            let legacy = patch::legacy_merge(dice, &victim);
            ("PatchStrategicMergeTransformer", json!({"paths": [legacy]}))
        }
        12 => {
            let victim = victim(dice, known)?;
            let mut entry = patch::json_patch(dice, &victim);
            let operations = entry.as_object_mut().expect("it is a map").shift_remove("patch");
            if let Some(operations) = operations {
                entry["jsonOp"] = operations;
            }
            ("PatchJson6902Transformer", entry)
        }
        _ => {
            let victim = victim(dice, known)?;
            let entry =
                if dice.chance(50) { patch::merge_patch(dice, &victim) } else { patch::json_patch(dice, &victim) };
            ("PatchTransformer", entry)
        }
    };
    let mut config = json!({"apiVersion": "builtin", "kind": kind, "metadata": {"name": "plugin"}});
    config.as_object_mut().expect("it is a map").extend(fields.as_object().expect("it is a map").clone());
    Some(config)
}

fn victim(dice: &mut Dice, known: &Known) -> Option<Value> {
    (!known.objects.is_empty()).then(|| dice.pick(&known.objects))
}

fn specs(dice: &mut Dice, usual: &str) -> Value {
    let mut specs = vec![json!({"path": usual, "create": dice.chance(70)})];
    if dice.chance(40) {
        specs.push(field_spec(dice, &PATHS));
    }
    json!(specs)
}

fn namespace(dice: &mut Dice) -> Value {
    let mut config = json!({
        "apiVersion": "builtin", "kind": "NamespaceTransformer", "metadata": {"name": "plugin", "namespace": "made"},
        "fieldSpecs": specs(dice, "metadata/namespace"),
    });
    if dice.chance(40) {
        config["unsetOnly"] = json!(dice.chance(70));
    }
    if dice.chance(40) {
        config["setRoleBindingSubjects"] = json!(dice.pick(&["none", "allServiceAccounts", "defaultOnly", "other"]));
    }
    config
}

fn value_add(dice: &mut Dice) -> Value {
    let targets = dice.some(2, |dice, _| {
        let mut target = json!({"fieldPath": dice.pick(&["metadata/labels/app", "spec/name", "metadata/namespace", "spec/template/spec/containers/image"])});
        if dice.chance(60) {
            target["selector"] = json!({"kind": dice.pick(&["Deployment", "Thing", "ConfigMap", ".*"])});
        }
        if dice.chance(40) {
            target["filePathPosition"] = json!(dice.pick(&[1, 2, 3]));
        }
        target
    });
    let mut fields = json!({"targets": targets});
    if dice.chance(80) {
        fields["value"] = json!(dice.pick(&["added", "1"]));
    }
    fields
}
