//! A CronJob with everything that its nested templates have.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::{image, name, text, words};

pub(crate) fn make(dice: &mut Dice) -> Value {
    json!({"spec": {
        "schedule": dice.pick(&["*/5 * * * *", "@hourly", "0 3 * * 0"]),
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "suspend": dice.chance(20),
        "successfulJobsHistoryLimit": 1,
        "jobTemplate": {
            "metadata": {"labels": words(dice)},
            "spec": {
                "backoffLimit": 2,
                "ttlSecondsAfterFinished": 3600,
                "template": {
                    "metadata": {"annotations": words(dice)},
                    "spec": {
                        "restartPolicy": "OnFailure",
                        "serviceAccountName": name(dice),
                        "containers": [{
                            "name": "backup",
                            "image": image(dice),
                            "args": ["--to", text(dice), "--verbose"],
                            "envFrom": [{"secretRef": {"name": name(dice)}}],
                            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        }],
                        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name(dice)}}],
                    },
                },
            },
        },
    }})
}
