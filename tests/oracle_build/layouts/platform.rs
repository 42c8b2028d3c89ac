//! A component of a machine learning platform: parameters in a file of variables, put into fields by `vars` and lists of
//! places, an overlay for the service mesh, one for an identity provider, shared pieces as components.

use serde_json::json;

use super::{files, layers, object, patch, push_merge};
use crate::dice::Dice;
use crate::model::Layer;
use crate::render::{FILE, KEYED, RAW, TEXT};

pub(crate) fn make(dice: &mut Dice) -> Vec<Layer> {
    let app = dice.pick(&["notebook-controller", "centraldashboard", "pipelines-ui", "jupyter-web-app"]);
    let mut all =
        vec![Layer::default(), base(dice, app), mesh(dice, app), database(dice), resources_component(dice, app)];
    let top = &mut all[0];
    top.push("resources", layers(if dice.chance(50) { &[2, 3] } else { &[2] }));
    if dice.chance(60) {
        top.push("components", layers(&[4]));
    }
    top.push("configMapGenerator", json!([{"name": format!("{app}-parameters"), "behavior": "merge", "literals": ["userid-header=x-auth-user", "LOGO=\"assets/logo.svg\""]}]));
    if dice.chance(60) {
        let target = json!({"kind": "Deployment", "name": app});
        let operations = json!([
            {"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "true"},
            {"op": "add", "path": "/spec/template/metadata/annotations", "value": {"sidecar.istio.io/inject": "false"}},
            {"op": "test", "path": "/spec/template/spec/containers/0/name", "value": app},
        ]);
        top.push("patches", json!([patch(dice, operations, Some(target))]));
    }
    if dice.chance(40) {
        top.push(
            "secretGenerator",
            json!([{"name": "db-secret", "behavior": "merge", "envs": [{TEXT: "username=admin\npassword=\n"}]}]),
        );
        if !top
            .fields()
            .iter()
            .any(|(field, value)| *field == "resources" && value.as_array().is_some_and(|all| all.len() > 1))
        {
            top.push("resources", layers(&[3]));
        }
    }
    all
}

fn base(dice: &mut Dice, app: &str) -> Layer {
    let mut layer = Layer::default();
    let parameters = format!("{app}-parameters");
    layer.push("namespace", json!("kubeflow"));
    layer.push("commonLabels", json!({"app": app, "kustomize.component": app}));
    if dice.chance(40) {
        layer.push("namePrefix", json!(format!("{app}-")));
    }
    let env = vec![
        json!({"name": "USE_ISTIO", "value": "$(USE_ISTIO)"}),
        json!({"name": "GATEWAY", "value": "$(namespace)/$(GATEWAY)"}),
        json!({"name": "PREFIX", "valueFrom": {"configMapKeyRef": {"name": "parameters", "key": "PREFIX"}}}),
        json!({"name": "PORT", "value": format!("{RAW}\"8080\"")}),
    ];
    let all = vec![
        object(
            "apps/v1",
            "Deployment",
            app,
            json!({"spec": {"template": {
                "metadata": {"annotations": {"sidecar.istio.io/inject": "false"}},
                "spec": {"containers": [{
                    "name": app, "image": format!("public.example.io/{app}:v1.3.0"), "imagePullPolicy": "IfNotPresent",
                    "command": ["/manager"], "args": ["--namespace=$(namespace)", "--log=$(LOG)"], "env": env,
                    "volumeMounts": [{"name": "config", "mountPath": "/etc/config"}, {"mountPath": "/src/logos", "name": "logos"}],
                }], "serviceAccountName": "service-account", "volumes": [{"configMap": {"name": "config"}, "name": "config"}, {"configMap": {"name": "logos"}, "name": "logos"}]},
            }}}),
        ),
        object(
            "v1",
            "Service",
            "service",
            json!({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 5000, "protocol": "TCP"}], "type": "ClusterIP"}}),
        ),
        object("v1", "ServiceAccount", "service-account", json!({})),
        object(
            "rbac.authorization.k8s.io/v1",
            "ClusterRole",
            "cluster-role",
            json!({"rules": [{"apiGroups": ["kubeflow.org"], "resources": ["notebooks", "notebooks/finalizers"], "verbs": ["get", "list", "create", "delete"]}]}),
        ),
        object(
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            "cluster-role-binding",
            json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-role"}, "subjects": [{"kind": "ServiceAccount", "name": "service-account"}]}),
        ),
    ];
    layer.push("resources", files(dice, all));
    layer.push("configMapGenerator", json!([
        {"name": "parameters", "envs": [{TEXT: "USE_ISTIO=true\nPREFIX=/notebook\n# none\nLOG=info\nGATEWAY=kubeflow-gateway\n"}]},
        {"name": parameters, "literals": ["userid-header=", "namespace=kubeflow"]},
        {"name": "config", "files": [{KEYED: ["spawner_ui_config.yaml", {TEXT: "# Configuration of the spawner.\nspawnerFormDefaults:\n  image:\n    # The default\n    value: public.example.io/jupyter:v1.3\n    options:\n    - a\n    - \"b\"\n  gpus:\n    value: {num: 'none', vendors: []}\n\n\n"}]}]},
        {"name": "logos", "files": [{KEYED: ["group.svg", {TEXT: "<svg xmlns=\"http://www.w3.org/2000/svg\">\n\t<path d=\"M0,0\"/>\r\n</svg>"}]}]},
    ]));
    if dice.chance(70) {
        layer.push("generatorOptions", json!({"disableNameSuffixHash": true}));
    }
    variables(dice, &mut layer);
    if dice.chance(60) {
        layer.push("images", json!([{"name": format!("public.example.io/{app}"), "newName": format!("registry.example.com:5000/{app}"), "newTag": "v1.6.1"}]));
    }
    layer
}

fn variables(dice: &mut Dice, layer: &mut Layer) {
    let source = |name: &str, path: &str| json!({"name": name, "objref": {"kind": "ConfigMap", "name": "parameters", "apiVersion": "v1"}, "fieldref": {"fieldpath": path}});
    layer.push("vars", json!([
        source("USE_ISTIO", "data.USE_ISTIO"),
        source("GATEWAY", "data.GATEWAY"),
        {"name": "namespace", "objref": {"kind": "Service", "name": "service", "apiVersion": "v1"}, "fieldref": {"fieldpath": "metadata.namespace"}},
        {"name": "service", "objref": {"kind": "Service", "name": "service", "apiVersion": "v1"}, "fieldref": {"fieldpath": "metadata.name"}},
    ]));
    if dice.chance(50) {
        layer.push("vars", json!([source("LOG", "data.LOG")]));
    }
    layer.push(
        "configurations",
        json!([{FILE: {"varReference": [
            {"path": "spec/http/route/destination/host", "kind": "VirtualService"},
            {"path": "spec/http/match/uri/prefix", "kind": "VirtualService"},
            {"path": "spec/gateways", "kind": "VirtualService"},
            {"path": "data", "kind": "ConfigMap"},
            {"path": "spec/template/spec/containers/image", "kind": "Deployment"},
        ]}}]),
    );
}

fn mesh(dice: &mut Dice, app: &str) -> Layer {
    let mut layer = Layer::default();
    layer.push("resources", layers(&[1]));
    let all = vec![
        object(
            "networking.istio.io/v1alpha3",
            "VirtualService",
            "virtual-service",
            json!({"spec": {
                "gateways": ["$(namespace)/$(GATEWAY)"], "hosts": ["*"],
                "http": [{"match": [{"uri": {"prefix": "/app/"}}], "rewrite": {"uri": "/"}, "timeout": "300s",
                    "headers": {"request": {"add": {"x-forwarded-prefix": "/app"}}},
                    "route": [{"destination": {"host": "$(service).$(namespace).svc.cluster.local", "port": {"number": 80}}}]}],
            }}),
        ),
        object(
            "security.istio.io/v1beta1",
            "AuthorizationPolicy",
            app,
            json!({"spec": {"action": "ALLOW", "selector": {"matchLabels": {"app": app}}, "rules": [{"from": [{"source": {"namespaces": ["istio-system"]}}]}]}}),
        ),
        object(
            "networking.istio.io/v1alpha3",
            "DestinationRule",
            app,
            json!({"spec": {"host": "$(service).$(namespace).svc.cluster.local", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}}}),
        ),
    ];
    layer.push("resources", files(dice, all));
    layer.push("namespace", json!("kubeflow"));
    if dice.chance(40) {
        layer.push(
            "configurations",
            json!([{FILE: {"varReference": [{"path": "spec/host", "kind": "DestinationRule"}]}}]),
        );
    }
    let change = object(
        "apps/v1",
        "Deployment",
        app,
        json!({"spec": {"template": {
            "metadata": {"annotations": {"sidecar.istio.io/inject": null}},
            "spec": {"containers": [{"name": app, "env": [{"name": "USE_ISTIO", "value": "false"}, {"name": "EXTRA", "value": "$(service)"}], "resources": {"limits": {"cpu": 1, "memory": format!("{RAW}1.5Gi")}}}]},
        }}}),
    );
    push_merge(dice, &mut layer, change);
    layer
}

fn database(dice: &mut Dice) -> Layer {
    let mut layer = Layer::default();
    let labels = json!({"app": "mysql"});
    let all = vec![
        object(
            "apps/v1",
            "StatefulSet",
            "mysql",
            json!({"spec": {"serviceName": "mysql", "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                "containers": [{"name": "mysql", "image": "mysql:8.0.29", "args": ["--ignore-db-dir=lost+found", "--datadir", "/var/lib/mysql"],
                    "env": [{"name": "MYSQL_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db-secret", "key": "password"}}}],
                    "ports": [{"containerPort": 3306, "name": "mysql"}], "volumeMounts": [{"mountPath": "/var/lib/mysql", "name": "data"}]}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "mysql-pv-claim"}}],
            }}}}),
        ),
        object(
            "v1",
            "PersistentVolumeClaim",
            "mysql-pv-claim",
            json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}}),
        ),
        object("v1", "Service", "mysql", json!({"spec": {"ports": [{"port": 3306}], "selector": labels}})),
        object(
            "policy/v1",
            "PodDisruptionBudget",
            "mysql",
            json!({"spec": {"minAvailable": 1, "selector": {"matchLabels": labels}}}),
        ),
    ];
    layer.push("resources", files(dice, all));
    layer.push("namespace", json!("kubeflow"));
    layer.push(
        "secretGenerator",
        json!([{"name": "db-secret", "envs": [{TEXT: "username=root\npassword=test\n"}], "type": "Opaque"}]),
    );
    layer.push("configMapGenerator", json!([{"name": "mysql-init", "files": [{KEYED: ["init.sql", {TEXT: "CREATE DATABASE IF NOT EXISTS `metadb`;\n-- done\n"}]}], "options": {"labels": {"app": "mysql"}}}]));
    if dice.chance(50) {
        layer.push(
            "labels",
            json!([{"pairs": {"component": "db"}, "includeSelectors": dice.chance(50), "includeTemplates": true}]),
        );
    }
    layer
}

fn resources_component(dice: &mut Dice, app: &str) -> Layer {
    let mut layer = Layer { component: true, ..Layer::default() };
    if dice.chance(50) {
        let all = vec![object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            app,
            json!({"spec": {"podSelector": {"matchLabels": {"app": app}}, "policyTypes": ["Ingress"], "ingress": [{}]}}),
        )];
        layer.push("resources", files(dice, all));
    }
    let merge = object(
        "apps/v1",
        "Deployment",
        "any",
        json!({"spec": {"template": {"spec": {"securityContext": {"runAsNonRoot": true, "fsGroup": 1337}, "nodeSelector": {"kubernetes.io/os": "linux"}}}}}),
    );
    layer.push(
        "patches",
        json!([patch(dice, merge, Some(json!({"kind": "Deployment", "labelSelector": format!("app={app}")})))]),
    );
    if dice.chance(50) {
        let source = json!({"kind": "Deployment", "name": app, "fieldPath": "spec.template.spec.containers.0.image", "options": {"delimiter": ":", "index": 1}});
        layer.push("replacements", json!([{"source": source, "targets": [{"select": {"kind": "Deployment"}, "fieldPaths": ["metadata.labels.[app.kubernetes.io/version]", "spec.template.metadata.labels.version"], "options": {"create": true}}]}]));
    }
    layer
}
