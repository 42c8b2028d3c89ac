//! A Deployment of a web application.

use serde_json::{Value, json};

use crate::dice::Dice;
use crate::objects::{image, name, scalar, text, words};
use crate::render::RAW;

pub(crate) fn make(dice: &mut Dice) -> Value {
    let labels = words(dice);
    json!({"spec": {
        "replicas": dice.roll(4),
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": 600,
        "strategy": strategy(dice),
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels, "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "checksum": text(dice)}},
            "spec": pod(dice),
        },
    }})
}

fn strategy(dice: &mut Dice) -> Value {
    match dice.roll(3) {
        0 => json!({"type": "Recreate"}),
        1 => json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": format!("{RAW}25%"), "maxUnavailable": 0}}),
        _ => json!({"type": "RollingUpdate"}),
    }
}

/// A pod with sidecars, probes and volumes.
pub(crate) fn pod(dice: &mut Dice) -> Value {
    let mut pod = json!({
        "serviceAccountName": name(dice),
        "automountServiceAccountToken": false,
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65534, "fsGroup": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 30,
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": words(dice)}},
        ],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": words(dice)}}},
        ]}},
        "initContainers": [{"name": "migrate", "image": image(dice), "command": ["/bin/sh", "-c", script(dice)], "envFrom": [{"secretRef": {"name": name(dice)}}]}],
        "containers": [main_container(dice), {"name": "proxy", "image": image(dice), "args": ["--upstream=http://127.0.0.1:8080", text(dice)], "ports": [{"name": "https", "containerPort": 8443}]}],
        "volumes": [
            {"name": "config", "configMap": {"name": name(dice), "defaultMode": format!("{RAW}0440"), "items": [{"key": "k", "path": "app.conf"}]}},
            {"name": "tls", "secret": {"secretName": name(dice), "optional": true}},
            {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
            {"name": "all", "projected": {"defaultMode": 292, "sources": [
                {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600, "audience": "vault"}},
                {"configMap": {"name": name(dice)}}, {"secret": {"name": name(dice)}},
                {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
            ]}},
        ],
    });
    if dice.chance(30) {
        pod["tolerations"] =
            json!([{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}]);
    }
    if dice.chance(30) {
        pod["imagePullSecrets"] = json!([{"name": name(dice)}]);
    }
    if dice.chance(20) {
        pod["dnsConfig"] = json!({"options": [{"name": "ndots", "value": "2"}]});
    }
    pod
}

fn main_container(dice: &mut Dice) -> Value {
    json!({
        "name": "main",
        "image": image(dice),
        "imagePullPolicy": "IfNotPresent",
        "command": ["/app"],
        "args": ["serve", "--addr=:8080", text(dice), text(dice)],
        "ports": [
            {"name": "http", "containerPort": 8080, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9090},
            {"name": "dns", "containerPort": 8080, "protocol": "UDP"},
        ],
        "env": [
            {"name": "A", "value": text(dice)},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "B", "valueFrom": {"secretKeyRef": {"name": name(dice), "key": "k", "optional": false}}},
            {"name": "C", "valueFrom": {"configMapKeyRef": {"name": name(dice), "key": "k"}}},
            {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
        ],
        "envFrom": [{"prefix": "X_", "configMapRef": {"name": name(dice)}}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": scalar(dice), "memory": "1Gi"}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "httpHeaders": [{"name": "X", "value": "1"}]}, "initialDelaySeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/app", "readOnly": true},
            {"name": "tls", "mountPath": "/etc/tls"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    })
}

fn script(dice: &mut Dice) -> Value {
    json!(dice.pick(&[
        "set -e\nuntil nc -z db 5432; do sleep 1; done\n./migrate up\n",
        "echo \"$(A)\" && exec ./run",
        "  indented\n\tand tabbed\n",
    ]))
}
