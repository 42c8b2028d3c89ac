//! An Ingress with several hosts, and annotations that hold more than words.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::name;

pub(crate) fn make(dice: &mut Dice) -> Value {
    let path = |dice: &mut Dice, path: &str| {
        let port = if dice.chance(50) { json!({"name": "http"}) } else { json!({"number": 80}) };
        json!({"path": path, "pathType": "Prefix", "backend": {"service": {"name": name(dice), "port": port}}})
    };
    json!({"spec": {
        "ingressClassName": "traefik",
        "defaultBackend": {"service": {"name": name(dice), "port": {"number": 80}}},
        "tls": [{"hosts": ["a.example.com", "*.example.com"], "secretName": name(dice)}],
        "rules": [
            {"host": "a.example.com", "http": {"paths": [path(dice, "/"), path(dice, "/api")]}},
            {"host": "b.example.com", "http": {"paths": [
                {"path": "/static", "pathType": "ImplementationSpecific", "backend": {"resource": {"apiGroup": "k8s.example.com", "kind": "Bucket", "name": name(dice)}}},
            ]}},
        ],
    }})
}
