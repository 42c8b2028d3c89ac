//! An operator as its scaffolding tool lays it out: definitions, roles, manager, webhooks, certificates and metrics, each a
//! layer, and one above that wires them by patches, variables or replacements.

use serde_json::{Value, json};

use super::{files, layers, object, patch, push_merge};
use crate::dice::Dice;
use crate::model::Layer;
use crate::render::{FILE, KEYED, TEXT};

const CERTIFICATES: &str = "cert-manager.io/v1";

pub(crate) fn make(dice: &mut Dice) -> Vec<Layer> {
    let group = dice.pick(&["infrastructure.cluster.example.io", "apps.example.com", "batch.tutorial.example.org"]);
    let kinds: Vec<&str> = if dice.chance(50) { vec!["Machine", "Cluster"] } else { vec!["Widget"] };
    let replace = dice.chance(50);
    let mut all = vec![
        top(dice, replace),
        definitions(dice, group, &kinds),
        roles(dice, group),
        manager(dice),
        webhook(dice, group, &kinds),
        certificates(dice),
        monitor(dice),
    ];
    if replace {
        all[0].push("replacements", replacements(dice));
    } else {
        all[0].push("vars", variables(dice));
    }
    if dice.chance(30) {
        // The layer above the layer above, as a release has it.
        let top = all[0].clone();
        all.push(top);
        let mut release = Layer::default();
        release.push("resources", layers(&[all.len() - 1]));
        release.push(
            "images",
            json!([{"name": "controller", "newName": "registry.example.io/op/controller", "newTag": "v1.2.3"}]),
        );
        if dice.chance(50) {
            release.push("namespace", json!("op-system"));
        }
        all[0] = release;
    }
    all
}

fn top(dice: &mut Dice, replace: bool) -> Layer {
    let mut layer = Layer::default();
    layer.push("namespace", json!("op-system"));
    layer.push("namePrefix", json!("op-"));
    match dice.roll(3) {
        0 => layer.push("commonLabels", json!({"cluster.example.io/provider": "op"})),
        1 => layer.push("labels", json!([{"includeSelectors": true, "pairs": {"control-plane": "op"}}])),
        _ => {}
    }
    let field = if dice.chance(30) { "bases" } else { "resources" };
    layer.push(field, layers(&[1, 2, 3, 4, 5, 6]));
    let changes = [
        json!({
            "metadata": {"namespace": "system"},
            "spec": {"template": {"spec": {"containers": [
                {"name": "proxy", "image": "gcr.io/kubebuilder/kube-rbac-proxy:v0.8.0", "args": ["--secure-listen-address=0.0.0.0:8443", "--upstream=http://127.0.0.1:8080/", "--v=10"], "ports": [{"containerPort": 8443, "protocol": "TCP", "name": "https"}]},
                {"name": "manager", "args": ["--metrics-addr=127.0.0.1:8080", "--leader-elect"]},
            ]}}},
        }),
        json!({
            "metadata": {"namespace": "system"},
            "spec": {"template": {"spec": {
                "containers": [{"name": "manager", "ports": [{"containerPort": 9443, "name": "webhook-server", "protocol": "TCP"}], "volumeMounts": [{"mountPath": "/tmp/k8s-webhook-server/serving-certs", "name": "cert", "readOnly": true}]}],
                "volumes": [{"name": "cert", "secret": {"defaultMode": 420, "secretName": "webhook-server-cert"}}],
            }}},
        }),
    ];
    for change in changes {
        push_merge(dice, &mut layer, object("apps/v1", "Deployment", "controller-manager", change));
    }
    let inject =
        if replace { "CERTIFICATE_NAMESPACE/CERTIFICATE_NAME" } else { "$(CERTIFICATE_NAMESPACE)/$(CERTIFICATE_NAME)" };
    for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
        push_merge(
            dice,
            &mut layer,
            object(
                "admissionregistration.k8s.io/v1",
                kind,
                &format!("{}-webhook-configuration", if kind.starts_with('M') { "mutating" } else { "validating" }),
                json!({
                    "metadata": {"annotations": {"cert-manager.io/inject-ca-from": inject}},
                }),
            ),
        );
    }
    if dice.chance(40) {
        layer.push("patches", json!([patch(dice, json!([{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--diagnostics-address=${DIAGNOSTICS:=:8443}"}]), Some(json!({"kind": "Deployment", "name": "controller-manager"})))]));
    }
    layer
}

fn variables(dice: &mut Dice) -> Value {
    let certificate =
        json!({"kind": "Certificate", "group": "cert-manager.io", "version": "v1", "name": "serving-cert"});
    let service = json!({"kind": "Service", "version": "v1", "name": "webhook-service"});
    let mut all = vec![
        json!({"name": "CERTIFICATE_NAMESPACE", "objref": certificate, "fieldref": {"fieldpath": "metadata.namespace"}}),
        json!({"name": "CERTIFICATE_NAME", "objref": certificate}),
        json!({"name": "SERVICE_NAMESPACE", "objref": service, "fieldref": {"fieldpath": "metadata.namespace"}}),
        json!({"name": "SERVICE_NAME", "objref": service}),
    ];
    if dice.chance(8) {
        all.remove(dice.roll(4));
    }
    json!(all)
}

fn replacements(dice: &mut Dice) -> Value {
    let certificate =
        json!({"kind": "Certificate", "group": "cert-manager.io", "version": "v1", "name": "serving-cert"});
    let annotated = |index: usize| -> Value {
        ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "CustomResourceDefinition"]
            .iter()
            .map(|kind| {
                json!({
                    "select": {"kind": kind},
                    "fieldPaths": [".metadata.annotations.[cert-manager.io/inject-ca-from]"],
                    "options": {"delimiter": "/", "index": index, "create": true},
                })
            })
            .collect()
    };
    let create = dice.chance(90);
    let names = |index: usize| {
        json!([{"select": {"kind": "Certificate", "group": "cert-manager.io", "version": "v1"},
            "fieldPaths": [".spec.dnsNames.0", ".spec.dnsNames.1"],
            "options": {"delimiter": ".", "index": index, "create": create}}])
    };
    let service = json!({"kind": "Service", "version": "v1", "name": "webhook-service"});
    let with = |source: &Value, path: &str| {
        let mut source = source.clone();
        source["fieldPath"] = json!(path);
        source
    };
    json!([
        {"source": with(&certificate, ".metadata.namespace"), "targets": annotated(0)},
        {"source": with(&certificate, ".metadata.name"), "targets": annotated(1)},
        {"source": with(&service, ".metadata.name"), "targets": names(0)},
        {"source": with(&service, ".metadata.namespace"), "targets": names(1)},
    ])
}

fn definitions(dice: &mut Dice, group: &str, kinds: &[&str]) -> Layer {
    let mut layer = Layer::default();
    let all: Vec<Value> = kinds.iter().map(|kind| definition(dice, group, kind)).collect();
    layer.push("resources", files(dice, all));
    for kind in kinds {
        let name = format!("{}s.{group}", kind.to_lowercase());
        let hook = object(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            &name,
            json!({"spec": {"conversion": {
                "strategy": "Webhook",
                "webhook": {"clientConfig": {"service": {"namespace": "system", "name": "webhook-service", "path": "/convert"}}, "conversionReviewVersions": ["v1"]},
            }}}),
        );
        push_merge(dice, &mut layer, hook);
        let inject = object(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            &name,
            json!({
                "metadata": {"annotations": {"cert-manager.io/inject-ca-from": "$(CERTIFICATE_NAMESPACE)/$(CERTIFICATE_NAME)"}},
            }),
        );
        push_merge(dice, &mut layer, inject);
    }
    let spec = |path: &str| json!({"kind": "CustomResourceDefinition", "version": "v1", "group": "apiextensions.k8s.io", "path": path});
    layer.push("configurations", json!([{FILE: {
        "nameReference": [{"kind": "Service", "version": "v1", "fieldSpecs": [spec("spec/conversion/webhook/clientConfig/service/name")]}],
        "namespace": [{"kind": "CustomResourceDefinition", "version": "v1", "group": "apiextensions.k8s.io", "path": "spec/conversion/webhook/clientConfig/service/namespace", "create": false}],
        "varReference": [{"path": "metadata/annotations"}],
    }}]));
    if dice.chance(40) {
        layer.push("commonLabels", json!({format!("{group}/v1beta1"): "v1beta1"}));
    }
    layer
}

fn definition(dice: &mut Dice, group: &str, kind: &str) -> Value {
    let (plural, singular) = (format!("{}s", kind.to_lowercase()), kind.to_lowercase());
    let version = |name: &str, storage: bool| {
        json!({"name": name, "served": true, "storage": storage, "subresources": {"status": {}},
        "additionalPrinterColumns": [{"jsonPath": ".status.phase", "name": "Phase", "type": "string", "description": "Current phase, e.g. \"Ready\": see docs"}],
        "schema": {"openAPIV3Schema": {"type": "object", "description": format!("{kind} is the Schema for the {plural} API."), "properties": {
            "apiVersion": {"type": "string", "description": "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values.\nMore info: https://git.example.io/conventions#resources"},
            "kind": {"type": "string"}, "metadata": {"type": "object"},
            "spec": {"type": "object", "required": ["replicas"], "properties": {
                "replicas": {"type": "integer", "format": "int32", "default": 1, "minimum": 0},
                "template": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "selector": {"type": "object", "properties": {"matchLabels": {"type": "object", "additionalProperties": {"type": "string"}}}},
                "labels": {"type": "object"}, "image": {"type": "string"},
                "on": {"type": "string", "enum": ["yes", "no", "On"], "pattern": "^\\d+$"},
            }},
        }}}})
    };
    object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &format!("{plural}.{group}"),
        json!({
            "metadata": {"annotations": {"controller-gen.kubebuilder.io/version": "v0.4.1"}, "creationTimestamp": null},
            "spec": {"group": group, "scope": "Namespaced",
                "names": {"kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": singular},
                "versions": if dice.chance(50) { json!([version("v1alpha1", false), version("v1beta1", true)]) } else { json!([version("v1beta1", true)]) }},
            "status": {"acceptedNames": {"kind": "", "plural": ""}, "conditions": [], "storedVersions": []},
        }),
    )
}

fn roles(dice: &mut Dice, group: &str) -> Layer {
    let mut layer = Layer::default();
    let subject =
        json!([{"kind": "ServiceAccount", "name": dice.pick(&["manager", "default"]), "namespace": "system"}]);
    let rbac = "rbac.authorization.k8s.io/v1";
    let bind = |kind: &str, name: &str| json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}, "subjects": subject});
    let all = vec![
        object("v1", "ServiceAccount", "manager", json!({"metadata": {"namespace": "system"}})),
        object(
            rbac,
            "ClusterRole",
            "manager-role",
            json!({"metadata": {"creationTimestamp": null}, "rules": [
                {"apiGroups": [group], "resources": ["machines", "machines/status"], "verbs": ["create", "get", "patch"]},
                {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["webhook-server-cert"], "verbs": ["get"]},
            ]}),
        ),
        object(rbac, "ClusterRoleBinding", "manager-rolebinding", bind("ClusterRole", "manager-role")),
        object(
            rbac,
            "Role",
            "leader-election-role",
            json!({"rules": [{"apiGroups": ["", "coordination.k8s.io"], "resources": ["configmaps", "leases"], "verbs": ["*"]}]}),
        ),
        object(rbac, "RoleBinding", "leader-election-rolebinding", bind("Role", "leader-election-role")),
        object(
            "v1",
            "Service",
            "controller-manager-metrics-service",
            json!({
                "metadata": {"labels": {"control-plane": "controller-manager"}, "namespace": "system"},
                "spec": {"ports": [{"name": "https", "port": 8443, "targetPort": "https"}], "selector": {"control-plane": "controller-manager"}},
            }),
        ),
    ];
    layer.push("resources", files(dice, all));
    layer
}

fn manager(dice: &mut Dice) -> Layer {
    let mut layer = Layer::default();
    let labels = json!({"control-plane": "controller-manager"});
    let all = vec![
        object("v1", "Namespace", "system", json!({"metadata": {"labels": labels}})),
        object(
            "apps/v1",
            "Deployment",
            "controller-manager",
            json!({
                "metadata": {"namespace": "system", "labels": labels},
                "spec": {"selector": {"matchLabels": labels}, "replicas": 1, "template": {
                    "metadata": {"labels": labels, "annotations": {"kubectl.kubernetes.io/default-container": "manager"}},
                    "spec": {
                        "containers": [{
                            "command": ["/manager"], "args": ["--leader-elect", "--feature-gates=MachinePool=${EXP_MACHINE_POOL:=false}"],
                            "image": "controller:latest", "name": "manager",
                            "env": [{"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}, {"name": "CONFIG", "valueFrom": {"configMapKeyRef": {"name": "manager-config", "key": "level"}}}],
                            "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8081}, "initialDelaySeconds": 15},
                            "resources": {"limits": {"cpu": "100m", "memory": "30Mi"}, "requests": {"cpu": "100m"}},
                        }],
                        "serviceAccountName": "manager",
                        "terminationGracePeriodSeconds": 10,
                        "tolerations": [{"effect": "NoSchedule", "key": "node-role.kubernetes.io/master"}],
                        "volumes": [{"name": "manager-config", "configMap": {"name": "manager-config"}}],
                    },
                }},
            }),
        ),
    ];
    layer.push("resources", files(dice, all));
    layer.push("generatorOptions", json!({"disableNameSuffixHash": dice.chance(50)}));
    layer.push("configMapGenerator", json!([{"name": "manager-config", "literals": ["level=debug"], "files": [{KEYED: ["controller_manager_config.yaml", {TEXT: "apiVersion: controller-runtime.example.io/v1alpha1\nkind: ControllerManagerConfig\nhealth:\n  healthProbeBindAddress: :8081\n"}]}]}]));
    if dice.chance(60) {
        layer.push(
            "images",
            json!([{"name": "controller", "newName": "example.com/op", "newTag": dice.pick(&["0.0.1", "v2", "1e3"])}]),
        );
    }
    layer
}

fn webhook(dice: &mut Dice, group: &str, kinds: &[&str]) -> Layer {
    let mut layer = Layer::default();
    let hooks = |kind: &str| -> Value {
        kinds.iter().map(|each| json!({
            "name": format!("{}.{}.{group}", if kind == "mutate" { "default" } else { "validation" }, each.to_lowercase()),
            "admissionReviewVersions": ["v1", "v1beta1"], "failurePolicy": "Fail", "matchPolicy": "Equivalent", "sideEffects": "None",
            "clientConfig": {"caBundle": "Cg==", "service": {"name": "webhook-service", "namespace": "system", "path": format!("/{kind}-{}", each.to_lowercase())}},
            "rules": [{"apiGroups": [group], "apiVersions": ["v1beta1"], "operations": ["CREATE", "UPDATE"], "resources": [format!("{}s", each.to_lowercase())]}],
        })).collect()
    };
    let api = "admissionregistration.k8s.io/v1";
    let all = vec![
        object(
            api,
            "MutatingWebhookConfiguration",
            "mutating-webhook-configuration",
            json!({"metadata": {"creationTimestamp": null}, "webhooks": hooks("mutate")}),
        ),
        object(
            api,
            "ValidatingWebhookConfiguration",
            "validating-webhook-configuration",
            json!({"webhooks": hooks("validate")}),
        ),
        object(
            "v1",
            "Service",
            "webhook-service",
            json!({"metadata": {"namespace": "system"}, "spec": {"ports": [{"port": 443, "targetPort": dice.pick(&["webhook-server", "9443"])}], "selector": {"control-plane": "controller-manager"}}}),
        ),
    ];
    layer.push("resources", files(dice, all));
    let specs = |field: &str, create: bool| -> Value {
        ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"].iter().map(|kind| {
            let mut spec = json!({"kind": kind, "group": "admissionregistration.k8s.io", "path": format!("webhooks/clientConfig/service/{field}")});
            if create {
                spec["create"] = json!(true);
            }
            spec
        }).collect()
    };
    layer.push(
        "configurations",
        json!([{FILE: {
            "nameReference": [{"kind": "Service", "version": "v1", "fieldSpecs": specs("name", false)}],
            "namespace": specs("namespace", true),
            "varReference": [{"path": "metadata/annotations"}],
        }}]),
    );
    layer
}

fn certificates(dice: &mut Dice) -> Layer {
    let mut layer = Layer::default();
    let variables = dice.chance(70);
    let host = if variables { "$(SERVICE_NAME).$(SERVICE_NAMESPACE)" } else { "SERVICE_NAME.SERVICE_NAMESPACE" };
    let all = vec![
        object(
            CERTIFICATES,
            "Issuer",
            "selfsigned-issuer",
            json!({"metadata": {"namespace": "system"}, "spec": {"selfSigned": {}}}),
        ),
        object(
            CERTIFICATES,
            "Certificate",
            "serving-cert",
            json!({"metadata": {"namespace": "system"}, "spec": {
                "dnsNames": [format!("{host}.svc"), format!("{host}.svc.cluster.local")],
                "issuerRef": {"kind": "Issuer", "name": "selfsigned-issuer"},
                "secretName": "webhook-server-cert",
            }}),
        ),
    ];
    layer.push("resources", files(dice, all));
    layer.push("configurations", json!([{FILE: {
        "nameReference": [{"kind": "Issuer", "group": "cert-manager.io", "fieldSpecs": [{"kind": "Certificate", "group": "cert-manager.io", "path": "spec/issuerRef/name"}]}],
        "varReference": [{"kind": "Certificate", "group": "cert-manager.io", "path": "spec/commonName"}, {"kind": "Certificate", "group": "cert-manager.io", "path": "spec/dnsNames"}],
    }}]));
    layer
}

fn monitor(dice: &mut Dice) -> Layer {
    let mut layer = Layer::default();
    let all = vec![object(
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        "controller-manager-metrics-monitor",
        json!({
            "metadata": {"labels": {"control-plane": "controller-manager"}, "namespace": "system"},
            "spec": {"endpoints": [{"path": "/metrics", "port": "https", "scheme": "https", "tlsConfig": {"insecureSkipVerify": true, "serverName": "$(SERVICE_NAME)"}}],
                "selector": {"matchLabels": {"control-plane": "controller-manager"}}},
        }),
    )];
    layer.push("resources", files(dice, all));
    layer
}
