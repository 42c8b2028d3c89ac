//! A HorizontalPodAutoscaler with metrics and behaviour.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::{name, words};

pub(crate) fn make(dice: &mut Dice) -> Value {
    json!({"spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": dice.pick(&["Deployment", "StatefulSet", "Rollout"]), "name": name(dice)},
        "minReplicas": 1,
        "maxReplicas": 5,
        "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}},
            {"type": "External", "external": {"metric": {"name": "queue", "selector": {"matchLabels": words(dice)}}, "target": {"type": "Value", "value": "30"}}},
            {"type": "Object", "object": {"metric": {"name": "rps"}, "describedObject": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": name(dice)}, "target": {"type": "Value", "value": "10k"}}},
        ],
        "behavior": {"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}], "stabilizationWindowSeconds": 0}},
    }})
}
