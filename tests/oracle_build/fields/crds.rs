//! `crds`: OpenAPI definitions that say which fields of a kind are names, labels and references.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::model::Layer;
use crate::render::FILE;

pub(crate) fn add(dice: &mut Dice, layer: &mut Layer) {
    layer.push("crds", json!([{FILE: definitions(dice)}]));
}

fn definitions(dice: &mut Dice) -> Value {
    let name =
        dice.pick(&["github.com/example/v1.Thing", "Thing", "com.example.Rollout", "x.CustomResourceDefinition"]);
    let spec = format!("{name}Spec");
    let mut properties = json!({
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": {"$ref": &spec},
    });
    if dice.chance(8) {
        properties.as_object_mut().expect("it is a map").remove("kind");
    }
    let fields: serde_json::Map<String, Value> = dice
        .some(4, |dice, _| {
            (dice.pick(&["name", "image", "labels", "map", "list", "template"]).to_owned(), property(dice))
        })
        .into_iter()
        .collect();
    json!({
        name: {"Schema": {"type": "object", "properties": properties}, "Dependencies": [&spec]},
        &spec: {"Schema": {"type": "object", "properties": fields}, "Dependencies": []},
    })
}

fn property(dice: &mut Dice) -> Value {
    match dice.roll(5) {
        0 => json!({"type": "object", "x-kubernetes-annotation": ""}),
        1 => json!({"type": "object", "x-kubernetes-label-selector": ""}),
        2 => json!({"type": "string", "x-kubernetes-identity": ""}),
        3 => json!({"type": "string"}),
        _ => {
            let mut reference = json!({
                "type": "object",
                "x-kubernetes-object-ref-api-version": "v1",
                "x-kubernetes-object-ref-kind": dice.pick(&["ConfigMap", "Secret", "Service"]),
            });
            if dice.chance(40) {
                reference["x-kubernetes-object-ref-name-key"] = json!(dice.pick(&["name", "image"]));
            }
            reference
        }
    }
}
