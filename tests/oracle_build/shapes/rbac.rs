//! Roles and bindings with several rules and subjects of every kind.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::{name, words};

pub(crate) fn role(dice: &mut Dice) -> Value {
    let mut role = json!({"rules": [
        {"apiGroups": ["", "apps"], "resources": ["deployments", "pods/log"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [name(dice), name(dice)], "verbs": ["get"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]});
    if dice.chance(20) {
        role["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": words(dice)}]});
    }
    role
}

pub(crate) fn binding(dice: &mut Dice) -> Value {
    json!({
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": dice.pick(&["ClusterRole", "Role"]), "name": name(dice)},
        "subjects": [
            {"kind": "ServiceAccount", "name": dice.pick(&["default", "web", "api"]), "namespace": dice.pick(&["one", "two", "default"])},
            {"kind": "ServiceAccount", "name": name(dice), "namespace": "monitoring"},
            {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "jane@example.com"},
            {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:authenticated"},
        ],
    })
}
