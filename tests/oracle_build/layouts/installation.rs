//! An installation as projects publish it: parts with their accounts and roles, definitions apart, one layer for a cluster,
//! one for a namespace, one for high availability with many patches.

use serde_json::{Value, json};

use super::{files, layers, object, patch, push_merge};
use crate::dice::Dice;
use crate::model::Layer;
use crate::render::{FILE, RAW};

const PARTS: [&str; 4] = ["application-controller", "repo-server", "server", "redis"];

pub(crate) fn make(dice: &mut Dice) -> Vec<Layer> {
    let mut all = vec![Layer::default(), Layer::default(), definitions(dice), configuration(dice)];
    for name in PARTS {
        let part = part(dice, name);
        all.push(part);
    }
    let mut base = Layer::default();
    let parts: Vec<usize> = (4..8).collect();
    base.push("resources", layers(&parts));
    base.push("resources", layers(&[3]));
    if dice.chance(60) {
        base.push(
            "images",
            json!([{"name": "quay.example.io/argo/argo", "newName": "quay.example.io/argo/argo", "newTag": "v2.8.4"}]),
        );
    }
    all[1] = base;
    let mut top = Layer::default();
    if dice.chance(60) {
        top.push("namespace", json!("argo"));
    }
    top.push("resources", layers(if dice.chance(70) { &[2, 1] } else { &[1] }));
    for _ in 0..=dice.roll(4) {
        availability(dice, &mut top);
    }
    if dice.chance(30) {
        top.push(
            "labels",
            json!([{"pairs": {"app.kubernetes.io/managed-by": "kustomize"}, "includeSelectors": false}]),
        );
    }
    all[0] = top;
    all
}

fn labels(name: &str) -> Value {
    json!({"app.kubernetes.io/name": format!("argo-{name}"), "app.kubernetes.io/part-of": "argo", "app.kubernetes.io/component": name})
}

fn part(dice: &mut Dice, name: &str) -> Layer {
    let mut layer = Layer::default();
    let (full, marks) = (format!("argo-{name}"), labels(name));
    let select = json!({"app.kubernetes.io/name": full});
    let workload = if name == "application-controller" { "StatefulSet" } else { "Deployment" };
    let mut spec = json!({"selector": {"matchLabels": select}, "template": {"metadata": {"labels": select}, "spec": {
        "serviceAccountName": full,
        "containers": [{
            "name": full, "image": if name == "redis" { "redis:7.0.11-alpine" } else { "quay.example.io/argo/argo:latest" }, "imagePullPolicy": "Always",
            "args": [format!("/usr/local/bin/argo-{name}"), "--redis", "argo-redis:6379"],
            "env": [
                {"name": "RECONCILIATION_TIMEOUT", "valueFrom": {"configMapKeyRef": {"name": "argo-cm", "key": "timeout.reconciliation", "optional": true}}},
                {"name": "REDIS_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "argo-secret", "key": "auth"}}},
                {"name": "HELM_CACHE_HOME", "value": "/helm-working-dir"},
            ],
            "ports": [{"containerPort": 8082}, {"containerPort": 8084, "name": "metrics"}],
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8082}},
            "securityContext": {"capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true},
            "volumeMounts": [{"name": "tls-certs", "mountPath": "/app/config/tls"}, {"mountPath": "/tmp", "name": "tmp"}],
        }],
        "initContainers": [{"name": "copyutil", "image": "quay.example.io/argo/argo:latest", "command": ["sh", "-c", "cp -n /bin/a /shared && /bin/ln -s /shared/a /shared/b"]}],
        "volumes": [
            {"configMap": {"name": "argo-tls-certs-cm"}, "name": "tls-certs"}, {"emptyDir": {}, "name": "tmp"},
            {"name": "repo-tls", "secret": {"secretName": "argo-repo-server-tls", "optional": true, "items": [{"key": "tls.crt", "path": "tls.crt"}]}},
        ],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 5, "podAffinityTerm": {"labelSelector": {"matchLabels": {"app.kubernetes.io/part-of": "argo"}}, "topologyKey": "kubernetes.io/hostname"}}]}},
    }}});
    if workload == "StatefulSet" {
        spec["serviceName"] = json!(full);
        spec["replicas"] = json!(1);
    }
    let rbac = "rbac.authorization.k8s.io/v1";
    let mut all = vec![
        object("apps/v1", workload, &full, json!({"metadata": {"labels": marks}, "spec": spec})),
        object("v1", "ServiceAccount", &full, json!({"metadata": {"labels": marks}})),
        object(
            rbac,
            "Role",
            &full,
            json!({"metadata": {"labels": marks}, "rules": [{"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get", "list", "watch"]}]}),
        ),
        object(
            rbac,
            "RoleBinding",
            &full,
            json!({"metadata": {"labels": marks}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": full}, "subjects": [{"kind": "ServiceAccount", "name": full}]}),
        ),
        object(
            "v1",
            "Service",
            &full,
            json!({"metadata": {"labels": marks}, "spec": {"ports": [{"name": "server", "port": 8081, "protocol": "TCP", "targetPort": 8081}, {"name": "metrics", "port": 8084}], "selector": select}}),
        ),
        object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            &full,
            json!({"spec": {"podSelector": {"matchLabels": select}, "ingress": [{"from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "argo-server"}}}], "ports": [{"port": 8081}]}, {"from": [{"namespaceSelector": {}}]}]}}),
        ),
    ];
    if dice.chance(30) {
        all.push(object(rbac, "ClusterRole", &full, json!({"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}]})));
        all.push(object(rbac, "ClusterRoleBinding", &full, json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": full}, "subjects": [{"kind": "ServiceAccount", "name": full, "namespace": dice.pick(&["argo", "default"])}]})));
    }
    layer.push("resources", files(dice, all));
    layer
}

fn configuration(dice: &mut Dice) -> Layer {
    let mut layer = Layer::default();
    let mut all = vec![
        object("v1", "Secret", "argo-secret", json!({"metadata": {"labels": labels("secret")}, "type": "Opaque"})),
        object("v1", "ConfigMap", "argo-cm", json!({"metadata": {"labels": labels("cm")}})),
        object("v1", "ConfigMap", "argo-tls-certs-cm", json!({})),
        object(
            "v1",
            "ConfigMap",
            "argo-ssh-known-hosts-cm",
            json!({"data": {"ssh_known_hosts": "[ssh.example.com]:443 ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=\nexample.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO\n"}}),
        ),
        object(
            "v1",
            "ConfigMap",
            "config-observability",
            json!({"data": {"_example": "################################\n#                              #\n#    EXAMPLE CONFIGURATION     #\n#                              #\n################################\n\n# This block is not actually functional configuration,\n# but serves to illustrate.\n\n    # indented: \"yes\"\nmetrics.backend-destination: prometheus\n", "enabled": format!("{RAW}\"false\""), "resource.exclusions": "- apiGroups:\n  - cilium.io\n  kinds:\n  - \"*\"\n"}}),
        ),
    ];
    if dice.chance(40) {
        all = vec![json!({"apiVersion": "v1", "kind": "List", "items": all})];
    }
    layer.push("resources", files(dice, all));
    layer
}

fn definitions(dice: &mut Dice) -> Layer {
    let mut layer = Layer::default();
    let one = |kind: &str| {
        object(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            &format!("{}s.argo.example.io", kind.to_lowercase()),
            json!({
                "metadata": {"labels": labels(&kind.to_lowercase())},
                "spec": {"group": "argo.example.io", "names": {"kind": kind, "plural": format!("{}s", kind.to_lowercase()), "shortNames": ["app", "apps"]}, "scope": "Namespaced",
                    "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {"project": {"description": "Project is a reference to the project this application belongs to.\nThe empty string means that application belongs to the 'default' project.", "type": "string"}, "image": {"type": "string"}, "name": {"type": "string"}}}}}}}]},
            }),
        )
    };
    let all = vec![one("Application"), one("AppProject")];
    layer.push("resources", files(dice, all));
    layer
}

/// One of the changes that make the small installation a large one.
fn availability(dice: &mut Dice, layer: &mut Layer) {
    match dice.roll(9) {
        0 => push_merge(dice, layer, object("apps/v1", "Deployment", "argo-server", json!({"spec": {"replicas": 2, "template": {"spec": {
            "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"labelSelector": {"matchLabels": {"app.kubernetes.io/name": "argo-server"}}, "topologyKey": "kubernetes.io/hostname"}]}},
            "containers": [{"name": "argo-server", "env": [{"name": "ARGO_API_SERVER_REPLICAS", "value": format!("{RAW}'2'")}], "args": ["/usr/local/bin/argo-server", "--redis", "argo-redis-ha-haproxy:6379"]}],
        }}}}))),
        1 => push_merge(dice, layer, object("apps/v1", "Deployment", "argo-redis", json!({"$patch": "delete"}))),
        2 => {
            let operations = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "quay.example.io/other/argo:v9"}, {"op": "remove", "path": "/spec/template/spec/initContainers"}]);
            layer.push("patches", json!([patch(dice, operations, Some(json!({"group": "apps", "kind": "Deployment", "name": "argo-(repo-)?server"})))]));
        }
        3 => {
            let merge = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "not-used"}, "spec": {"template": {"spec": {
                "containers": [{"$patch": "delete", "name": "absent"}], "volumes": [{"name": "tmp", "$patch": "delete"}, {"name": "cache", "emptyDir": {}}], "tolerations": [{"operator": "Exists"}]}}}});
            layer.push("patches", json!([patch(dice, merge, Some(json!({"kind": "Deployment", "labelSelector": "app.kubernetes.io/part-of=argo,app.kubernetes.io/component in (server,redis)"})))]));
        }
        4 => layer.push("replicas", json!([{"name": "argo-repo-server", "count": 3}])),
        5 => layer.push("patchesJson6902", json!([{"target": {"group": "apps", "version": "v1", "kind": "StatefulSet", "name": "argo-application-controller"}, "path": {FILE: [{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "REPLICAS", "value": "3"}}]}}])),
        6 => layer.push("configMapGenerator", json!([{"name": "argo-cm", "behavior": "merge", "literals": ["timeout.reconciliation=60s", "url=https://argo.example.com"]}])),
        7 => layer.push("replacements", json!([{"source": {"kind": "ConfigMap", "name": "argo-cm", "fieldPath": "metadata.name"}, "targets": [{"select": {"kind": "Deployment"}, "reject": [{"name": "argo-redis"}], "fieldPaths": ["spec.template.spec.containers.*.env.[name=HELM_CACHE_HOME].value"]}]}])),
        _ => push_merge(dice, layer, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argo-cm", "annotations": {"note": "multi\nline\n"}}, "data": {"dex.config": "connectors:\n- type: github\n  id: github\n  config:\n    clientID: $dex.github.clientID\n", "exec.enabled": "true"}})),
    }
}
