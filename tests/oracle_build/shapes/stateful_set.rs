//! A StatefulSet with claims of its own.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::{image, name, text, words};

pub(crate) fn make(dice: &mut Dice) -> Value {
    let labels = words(dice);
    let mut claim = json!({
        "metadata": {"name": "data", "labels": words(dice)},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": name(dice), "resources": {"requests": {"storage": "10Gi"}}},
    });
    if dice.chance(30) {
        claim["apiVersion"] = json!("v1");
        claim["kind"] = json!("PersistentVolumeClaim");
    }
    json!({"spec": {
        "serviceName": name(dice),
        "replicas": dice.roll(4),
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"},
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "containers": [{
                    "name": "main",
                    "image": image(dice),
                    "command": ["postgres", "-c", text(dice)],
                    "env": [{"name": "PGDATA", "value": "/data/pg"}, {"name": "A", "value": text(dice)}],
                    "ports": [{"containerPort": 5432, "name": "pg"}],
                    "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "data", "mountPath": "/backup", "subPath": "backup"}],
                }],
            },
        },
        "volumeClaimTemplates": [claim],
    }})
}
