//! `configurations`: files of field specifications.

use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::model::Layer;
use crate::render::FILE;

/// Kinds that specifications aim at.
const KINDS: [&str; 5] = ["Thing", "Deployment", "ConfigMap", "Rollout", "CustomResourceDefinition"];
/// Paths into what `thing` and the workloads hold.
const PATHS: [&str; 12] = [
    "spec/name",
    "spec/list/name",
    "spec/map/name",
    "spec/image",
    "spec/replicas",
    "spec/labels",
    "spec/map/labels",
    "spec/template/spec/containers/image",
    "spec/template/metadata/labels",
    "metadata/annotations/team",
    "data/k",
    "spec/containers/name",
];
const LISTS: [&str; 9] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "templateLabels",
    "commonAnnotations",
    "varReference",
    "images",
    "replicas",
];

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer) {
    let files = dice.some(2, |dice, _| json!({FILE: configuration(dice)}));
    layer.push("configurations", json!(files));
}

fn configuration(dice: &mut Dice) -> Value {
    let mut sections = Map::new();
    for section in dice.some(3, |dice, _| dice.pick(&LISTS)) {
        sections.insert(section.to_owned(), json!(dice.some(2, |dice, _| field_spec(dice, &PATHS))));
    }
    if dice.chance(50) {
        sections.insert("nameReference".to_owned(), json!(dice.some(2, |dice, _| back_reference(dice))));
    }
    Value::Object(sections)
}

fn back_reference(dice: &mut Dice) -> Value {
    let (group, kind) = dice.pick(&[
        ("", "ConfigMap"),
        ("", "Secret"),
        ("example.com", "Thing"),
        ("apps", "Deployment"),
        ("", "Service"),
        ("", "Namespace"),
    ]);
    let mut reference = json!({"kind": kind, "fieldSpecs": dice.some(2, |dice, _| field_spec(dice, &PATHS))});
    if dice.chance(20) {
        reference["group"] = json!(group);
    }
    if dice.chance(50) {
        reference["version"] = json!("v1");
    }
    reference
}

/// A specification of one of `paths`.
pub(crate) fn field_spec(dice: &mut Dice, paths: &[&str]) -> Value {
    let mut spec = json!({"path": dice.pick(paths)});
    if dice.chance(60) {
        spec["kind"] = json!(dice.pick(&KINDS));
    }
    if dice.chance(15) {
        spec["group"] = json!(dice.pick(&["apps", "example.com", "batch"]));
    }
    if dice.chance(15) {
        spec["version"] = json!("v1");
    }
    if dice.risk(40) {
        spec["create"] = json!(dice.chance(70));
    }
    spec
}
