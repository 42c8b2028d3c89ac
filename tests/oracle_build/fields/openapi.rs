//! `openapi`: a schema of the user's, which gives lists their merge keys.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::model::Layer;
use crate::render::FILE;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer) {
    let value = match dice.roll(10) {
        0 => json!({"version": "v1.21.2"}),
        1 if dice.risk(100) => json!({"version": dice.pick(&["v1.20.4", "1.21", ""])}),
        _ => json!({"path": {FILE: schema(dice)}}),
    };
    layer.push("openapi", value);
}

fn schema(dice: &mut Dice) -> Value {
    let (group, version, kind) = dice.pick(&[
        ("example.com", "v1", "Thing"),
        ("argoproj.io", "v1alpha1", "Rollout"),
        ("apps", "v1", "Deployment"),
        ("serving.knative.dev", "v1", "Service"),
    ]);
    let key = dice.pick(&["name", "image", "z"]);
    let items = json!({"type": "object", "properties": {"name": {"type": "string"}, "image": {"type": "string"}}});
    let mut list = json!({"type": "array", "items": items, "x-kubernetes-patch-merge-key": key, "x-kubernetes-patch-strategy": "merge"});
    if dice.chance(20) {
        list["x-kubernetes-patch-strategy"] = json!(dice.pick(&["replace", "merge,retainKeys"]));
    }
    let pod = json!({"type": "object", "properties": {"containers": list}});
    let spec = json!({"type": "object", "properties": {
        "containers": list,
        "list": list,
        "template": {"type": "object", "properties": {"spec": if dice.chance(50) { json!({"$ref": "#/definitions/example.PodSpec"}) } else { pod.clone() }}},
    }});
    let mut top = json!({
        "type": "object",
        "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, "spec": spec},
        "x-kubernetes-group-version-kind": [{"group": group, "version": version, "kind": kind}],
    });
    if dice.chance(10) {
        top.as_object_mut().expect("it is a map").remove("x-kubernetes-group-version-kind");
    }
    json!({"definitions": {"example.Top": top, "example.PodSpec": pod}})
}
