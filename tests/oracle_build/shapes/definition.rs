//! A CustomResourceDefinition with a schema and a conversion webhook.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::name;
use crate::render::RAW;

pub(crate) fn make(dice: &mut Dice) -> Value {
    let mut spec = json!({
        "group": "example.com",
        "scope": dice.pick(&["Namespaced", "Cluster"]),
        "names": {"kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing", "shortNames": ["th"], "categories": ["all"]},
        "versions": [{
            "name": "v1",
            "served": true,
            "storage": true,
            "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}},
            "additionalPrinterColumns": [{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}],
            "schema": {"openAPIV3Schema": {
                "type": "object",
                "description": "A thing: it's \"described\" at length, so that the line is longer than eighty columns and has to be folded somewhere.",
                "required": ["spec"],
                "properties": {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    "metadata": {"type": "object"},
                    "spec": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": true,
                        "properties": {
                            "replicas": {"type": "integer", "minimum": 0, "default": format!("{RAW}1.0")},
                            "on": {"type": "boolean", "default": format!("{RAW}yes")},
                            "image": {"type": "string", "pattern": "^[a-z0-9:/.-]+$", "example": "nginx"},
                            "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                        },
                    },
                },
            }},
        }],
    });
    if dice.chance(40) {
        spec["conversion"] = json!({"strategy": "Webhook", "webhook": {
            "conversionReviewVersions": ["v1"],
            "clientConfig": {"service": {"name": name(dice), "namespace": dice.pick(&["one", "default"]), "path": "/convert"}},
        }});
    }
    json!({"spec": spec})
}
