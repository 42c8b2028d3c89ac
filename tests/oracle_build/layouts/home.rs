//! The applications of a home cluster: releases with values in generated maps, ingresses, volumes, scheduled jobs, secrets
//! from elsewhere; a component that gives an application backups; a layer for the cluster that names them all.

use serde_json::json;

use super::{files, layers, object, patch};
use crate::dice::Dice;
use crate::model::Layer;
use crate::render::{FILE, KEYED, RAW, TEXT};

pub(crate) fn make(dice: &mut Dice) -> Vec<Layer> {
    let apps: Vec<&str> =
        dice.pick(&[vec!["jellyfin", "grafana"], vec!["home-assistant"], vec!["photos", "jellyfin", "vault"]]);
    let mut all = vec![Layer::default(), backups(dice), alerts(dice)];
    for name in &apps {
        let app = app(dice, name);
        all.push(app);
    }
    let below: Vec<usize> = (3..all.len()).collect();
    let mut top = Layer::default();
    if dice.chance(70) {
        top.push("namespace", json!("media"));
    }
    let space = object(
        "v1",
        "Namespace",
        "media",
        json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}, "annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}}),
    );
    top.push("resources", files(dice, vec![space]));
    top.push("resources", layers(&below));
    if dice.chance(60) {
        top.push("components", layers(&[2]));
    }
    for _ in 0..dice.roll(3) {
        change(dice, &mut top);
    }
    all[0] = top;
    all
}

fn app(dice: &mut Dice, name: &str) -> Layer {
    let mut layer = Layer::default();
    let values = format!("{name}-values");
    let claim = object(
        "v1",
        "PersistentVolumeClaim",
        name,
        json!({"metadata": {"labels": {"app.kubernetes.io/name": name}}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}, "storageClassName": "ceph-block"}}),
    );
    let mut all = vec![
        object(
            "helm.toolkit.fluxcd.io/v2",
            "HelmRelease",
            name,
            json!({"spec": {
                "interval": "30m", "chart": {"spec": {"chart": "app-template", "version": "3.5.1", "sourceRef": {"kind": "HelmRepository", "name": "bjw-s", "namespace": "flux-system"}}},
                "install": {"remediation": {"retries": 3}}, "valuesFrom": [{"kind": "ConfigMap", "name": values}, {"kind": "Secret", "name": format!("{name}-secret")}],
                "values": {"controllers": {"main": {"annotations": {"reloader.stakater.com/auto": "true"}, "containers": {"app": {"image": {"repository": format!("ghcr.io/onedr0p/{name}"), "tag": "1.40.4@sha256:abc"}, "env": {"TZ": "Europe/Berlin", "PORT": format!("{RAW}&port 8096"), "SAME": format!("{RAW}*port"), "ON": true}}}}}},
            }}),
        ),
        object(
            "external-secrets.io/v1beta1",
            "ExternalSecret",
            name,
            json!({"spec": {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "onepassword"}, "target": {"name": format!("{name}-secret"), "template": {"engineVersion": "v2", "data": {"URL": "postgres://{{ .USER }}:{{ .PASS }}@db/app?sslmode=disable"}}}, "dataFrom": [{"extract": {"key": name}}]}}),
        ),
        claim,
        object(
            "networking.k8s.io/v1",
            "Ingress",
            name,
            json!({"metadata": {"annotations": {"nginx.ingress.kubernetes.io/configuration-snippet": "proxy_set_header Accept-Encoding \"\";\nsub_filter '</head>' '<link rel=\"stylesheet\">';\n", "hajimari.io/enable": "true", "external-dns.alpha.kubernetes.io/target": "ext.${SECRET_DOMAIN}"}}, "spec": {"ingressClassName": "nginx", "rules": [{"host": format!("{name}.${{SECRET_DOMAIN}}"), "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": 8096}}}}]}}], "tls": [{"hosts": [format!("{name}.${{SECRET_DOMAIN}}")], "secretName": format!("{name}-tls")}]}}),
        ),
        object(
            "batch/v1",
            "CronJob",
            &format!("{name}-cleanup"),
            json!({"spec": {"schedule": "0 4 * * *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "cleanup", "image": "docker.io/library/alpine:3.19", "command": ["/bin/sh", "-ec", "find /data -mtime +30 \\\n  -delete\n"], "envFrom": [{"secretRef": {"name": format!("{name}-secret")}}, {"configMapRef": {"name": values}}], "volumeMounts": [{"name": "data", "mountPath": "/data"}]}], "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}]}}}}}}),
        ),
        object(
            "v1",
            "Service",
            name,
            json!({"spec": {"type": "LoadBalancer", "loadBalancerIP": "192.168.1.50", "externalTrafficPolicy": "Local", "ports": [{"name": "http", "port": 8096, "targetPort": "http"}], "selector": {"app.kubernetes.io/name": name}}}),
        ),
    ];
    all.retain(|_| dice.chance(85));
    let claimed = all.iter().any(|object| object["kind"] == "PersistentVolumeClaim");
    let all = if all.is_empty() { vec![object("v1", "ServiceAccount", name, json!({}))] } else { all };
    layer.push("resources", files(dice, all));
    layer.push("configMapGenerator", json!([{"name": values, "files": [{KEYED: ["values.yaml", {TEXT: "---\n# values\ncontrollers:\n  main:\n    type: statefulset\n    strategy: \"\"\n    args: [\"--a\", '--b']\n"}]}, {KEYED: ["config.ini", {TEXT: "[section]\r\nkey = value ; comment\r\n\tindented=1\r\n"}]}]}]));
    if dice.chance(60) {
        layer.push("configurations", json!([{FILE: {"nameReference": [{"kind": "ConfigMap", "version": "v1", "fieldSpecs": [{"path": "spec/valuesFrom/name", "kind": "HelmRelease"}]}, {"kind": "Secret", "version": "v1", "fieldSpecs": [{"path": "spec/target/name", "kind": "ExternalSecret"}]}]}}]));
    }
    if dice.chance(40) {
        layer.push("generatorOptions", json!({"disableNameSuffixHash": true, "annotations": {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}}));
    }
    match dice.roll(3) {
        0 => layer.push("commonLabels", json!({"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name})),
        1 => layer
            .push("labels", json!([{"pairs": {"app.kubernetes.io/name": name}, "includeSelectors": dice.chance(50)}])),
        _ => {}
    }
    if claimed && dice.chance(50) {
        layer.push("components", layers(&[1]));
    }
    layer
}

/// A component that adds a backup for the claim, whatever it is called.
fn backups(dice: &mut Dice) -> Layer {
    let mut layer = Layer { component: true, ..Layer::default() };
    let source = object(
        "volsync.backube/v1alpha1",
        "ReplicationSource",
        "APP",
        json!({"spec": {"sourcePVC": "APP", "trigger": {"schedule": "0 7 * * *"}, "restic": {"copyMethod": "Snapshot", "pruneIntervalDays": 10, "repository": "APP-volsync-secret", "retain": {"hourly": 24}, "moverSecurityContext": {"runAsUser": 568}}}}),
    );
    // Every application that uses it in one build needs a name of its own.
    layer.push("resources", json!([{FILE: [source]}]));
    let from = json!({"kind": "PersistentVolumeClaim", "fieldPath": "metadata.name"});
    layer.push("replacements", json!([{"source": from, "targets": [
        {"select": {"kind": "ReplicationSource"}, "fieldPaths": ["metadata.name", "spec.sourcePVC"]},
        {"select": {"kind": "ReplicationSource"}, "fieldPaths": ["spec.restic.repository"], "options": {"delimiter": "-", "index": 0}},
        {"select": {"kind": "ReplicationSource"}, "fieldPaths": [dice.pick(&["metadata.labels.app", "spec.restic.cacheStorageClassName", "spec.restic.retain.tag"])], "options": {"create": true}},
    ]}]));
    layer
}

fn alerts(dice: &mut Dice) -> Layer {
    let mut layer = Layer { component: true, ..Layer::default() };
    let all = vec![
        object(
            "monitoring.coreos.com/v1",
            "PrometheusRule",
            "media-rules",
            json!({"spec": {"groups": [{"name": "media.rules", "rules": [{"alert": "PvcFull", "annotations": {"summary": "{{ $labels.persistentvolumeclaim }} is {{ $value | humanizePercentage }} full"}, "expr": "kubelet_volume_stats_available_bytes{namespace=\"media\"}\n  / kubelet_volume_stats_capacity_bytes\n  < 0.1\n", "for": "15m", "labels": {"severity": "critical"}}]}]}}),
        ),
        object(
            "notification.toolkit.fluxcd.io/v1beta3",
            "Alert",
            "media",
            json!({"spec": {"providerRef": {"name": "alert-manager"}, "eventSeverity": "error", "eventSources": [{"kind": "HelmRelease", "name": "*"}], "exclusionList": ["error.*lookup github\\.com", "waiting.*socket"]}}),
        ),
    ];
    layer.push("resources", files(dice, all));
    layer
}

fn change(dice: &mut Dice, layer: &mut Layer) {
    match dice.roll(5) {
        0 => {
            let merge = json!({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "any"}, "spec": {"interval": "1h", "install": {"crds": "CreateReplace", "remediation": {"retries": 5}}, "valuesFrom": [{"kind": "ConfigMap", "name": "common"}]}});
            layer.push("patches", json!([patch(dice, merge, Some(json!({"kind": "HelmRelease", "group": "helm.toolkit.fluxcd.io"})))]));
        }
        1 => {
            let operations = json!([{"op": "add", "path": "/metadata/annotations/kustomize.toolkit.fluxcd.io~1prune", "value": "disabled"}]);
            layer.push("patches", json!([patch(dice, operations, Some(json!({"kind": "Namespace"})))]));
        }
        2 => layer.push("secretGenerator", json!([{"name": "common", "literals": ["TOKEN=a=b==", "EMPTY="], "options": {"immutable": true}}])),
        3 => layer.push("images", json!([{"name": "docker.io/library/alpine", "newTag": "3.20"}, {"name": "alpine", "newName": "mirror/alpine"}])),
        _ => layer.push("transformers", json!([{FILE: [{"apiVersion": "builtin", "kind": "LabelTransformer", "metadata": {"name": "l"}, "labels": {"cluster": "home"}, "fieldSpecs": [{"path": "metadata/labels", "create": true}, {"path": "spec/template/metadata/labels", "kind": "Deployment", "create": true}]}]}])),
    }
}
