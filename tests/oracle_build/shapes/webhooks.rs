//! Webhook configurations with several webhooks.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::{name, words};

pub(crate) fn make(dice: &mut Dice) -> Value {
    let webhooks = dice.some(2, |dice, index| {
        json!({
            "name": format!("w{index}.example.com"),
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"caBundle": "Cg==", "service": {"name": name(dice), "namespace": dice.pick(&["one", "two", "default"]), "path": "/validate", "port": 443}},
            "rules": [{"apiGroups": ["*"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"], "scope": "*"}],
            "namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}]},
            "objectSelector": {"matchLabels": words(dice)},
            "failurePolicy": "Ignore",
            "sideEffects": "None",
            "timeoutSeconds": 5,
        })
    });
    json!({"webhooks": webhooks})
}
