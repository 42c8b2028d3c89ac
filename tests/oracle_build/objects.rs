//! Random objects of the kinds that kustomize treats specially, and of kinds it does not know. Names come from a small pool,
//! so that references, patches and generators meet each other.

use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::render::RAW;
use crate::shapes;

pub(crate) const NAMES: [&str; 5] = ["web", "db", "api", "web-2", "gen"];
/// Names of variables: they stand in texts as `$(A)`.
pub(crate) const VARS: [&str; 4] = ["A", "B", "C", "SOME_VAR"];
const SPACES: [&str; 3] = ["one", "two", "default"];
const LABELS: [&str; 5] = ["app", "tier", "app.kubernetes.io/name", "a/b", "team"];

type Maker = fn(&mut Dice) -> Value;

/// `apiVersion`, `kind` and what makes the rest.
const KINDS: [(&str, &str, Maker); 44] = [
    ("v1", "ConfigMap", data),
    ("v1", "Secret", data),
    ("v1", "Service", service),
    ("v1", "ServiceAccount", account),
    ("apps/v1", "Deployment", workload),
    ("apps/v1", "Deployment", workload),
    ("apps/v1", "StatefulSet", workload),
    ("apps/v1", "DaemonSet", workload),
    ("batch/v1", "Job", workload),
    ("batch/v1", "CronJob", cron),
    ("v1", "Pod", pod),
    ("networking.k8s.io/v1", "Ingress", ingress),
    ("extensions/v1beta1", "Ingress", ingress),
    ("rbac.authorization.k8s.io/v1", "Role", role),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", role),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", binding),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", binding),
    ("autoscaling/v2", "HorizontalPodAutoscaler", autoscaler),
    ("v1", "PersistentVolumeClaim", claim),
    ("v1", "PersistentVolume", claim),
    ("storage.k8s.io/v1", "StorageClass", class),
    ("networking.k8s.io/v1", "NetworkPolicy", policy),
    ("policy/v1", "PodDisruptionBudget", budget),
    ("v1", "Namespace", nothing),
    ("scheduling.k8s.io/v1", "PriorityClass", nothing),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhook),
    ("apiregistration.k8s.io/v1", "APIService", api_service),
    ("example.com/v1", "Thing", thing),
    ("argoproj.io/v1alpha1", "Rollout", workload),
    ("serving.knative.dev/v1", "Service", workload),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", thing),
    ("apps/v1", "Deployment", shapes::deployment::make),
    ("apps/v1", "Deployment", shapes::deployment::make),
    ("argoproj.io/v1alpha1", "Rollout", shapes::deployment::make),
    ("apps/v1", "StatefulSet", shapes::stateful_set::make),
    ("batch/v1", "CronJob", shapes::cron_job::make),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", shapes::rbac::role),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", shapes::rbac::binding),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", shapes::rbac::binding),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", shapes::webhooks::make),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", shapes::definition::make),
    ("autoscaling/v2", "HorizontalPodAutoscaler", shapes::autoscaler::make),
    ("networking.k8s.io/v1", "Ingress", shapes::ingress::make),
    ("v1", "ConfigMap", binary_data),
];

/// One object with an identity.
pub(crate) fn object(dice: &mut Dice) -> Value {
    let (api, kind, make) = dice.pick(&KINDS);
    let mut object = json!({"apiVersion": api, "kind": kind, "metadata": metadata(dice)});
    if let Value::Object(rest) = make(dice) {
        object.as_object_mut().expect("it is a map").extend(rest);
    }
    object
}

pub(crate) fn name(dice: &mut Dice) -> Value {
    json!(dice.pick(&NAMES))
}

fn metadata(dice: &mut Dice) -> Value {
    let mut meta = json!({"name": name(dice)});
    if dice.chance(20) {
        meta["namespace"] = json!(dice.pick(&SPACES));
    }
    if dice.chance(40) {
        meta["labels"] = words(dice);
    }
    if dice.chance(25) {
        meta["annotations"] = words(dice);
    }
    if dice.chance(2) {
        meta["annotations"] = json!({"config.kubernetes.io/local-config": dice.pick(&["true", "false"])});
    }
    if dice.chance(5) {
        meta["finalizers"] = json!(["x/y", "z"]);
    }
    meta
}

/// A map of short texts, as labels are.
pub(crate) fn words(dice: &mut Dice) -> Value {
    let pairs = dice.some(3, |dice, _| (dice.pick(&LABELS).to_owned(), json!(dice.pick(&["x", "y", "1", "true", ""]))));
    Value::Object(pairs.into_iter().collect::<Map<_, _>>())
}

/// A scalar of any class, often one that YAML reads in its own way.
pub(crate) fn scalar(dice: &mut Dice) -> Value {
    let raw = |text: &str| json!(format!("{RAW}{text}"));
    match dice.roll(14) {
        0 => json!(dice.roll(100_000)),
        1 => json!(dice.chance(50)),
        2 => {
            raw(dice.pick(&["0644", "0o17", "1e3", "1.0", "1_000", "-0", "0x1F", ".5", "1e-7", "12345678901234567890"]))
        }
        3 => raw(dice.pick(&["yes", "No", "on", "y", "2024-01-02", "12:30", "1.2.3", "null", "~", "True"])),
        4 => json!(dice.pick(&["1", "true", "null", "0x1", "yes", "1e3", "2024-01-02", "", " x", "x "])),
        5 => json!(dice.pick(&[
            "a\nb\n",
            "a: b",
            "- x",
            "#c",
            "é☃",
            "tab\there",
            "\n",
            "a\n\nb",
            "{x}",
            "'q'",
            "\"",
            "a \nb"
        ])),
        6 => json!("long text ".repeat(1 + dice.roll(12)).trim_end()),
        7 => json!("http://h:80/p?q=1"),
        // In every style, since a patch keeps the quotes of what it replaces.
        _ => {
            let word = dice.pick(&["plain", "web", "a-b", "x/y"]);
            match dice.roll(3) {
                0 => raw(word),
                1 => raw(&format!("'{word}'")),
                _ => json!(word),
            }
        }
    }
}

/// A text, often one with variables in it.
pub(crate) fn text(dice: &mut Dice) -> Value {
    let var = dice.pick(&VARS);
    json!(match dice.roll(5) {
        0 => format!("$({var})"),
        1 => format!("--x=$({var})/y $(C)"),
        2 => format!("$$({var}) $(MISSING)"),
        _ => dice.pick(&["plain", "10", "true", "a b", "8080/tcp"]).to_owned(),
    })
}

fn binary_data(dice: &mut Dice) -> Value {
    let mut map = data(dice);
    map["binaryData"] = json!({"b": "AAEC", "long": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="});
    if dice.chance(50) {
        map["immutable"] = json!(true);
    }
    map
}

fn nothing(_: &mut Dice) -> Value {
    json!({})
}

fn data(dice: &mut Dice) -> Value {
    let pairs =
        dice.some(4, |dice, _| (dice.pick(&["k", "a.b", "K_2", "file.txt", "k10", "k9"]).to_owned(), scalar(dice)));
    json!({"data": Value::Object(pairs.into_iter().collect())})
}

fn thing(dice: &mut Dice) -> Value {
    json!({"spec": tree(dice, 3)})
}

/// A nested value without any meaning.
fn tree(dice: &mut Dice, depth: usize) -> Value {
    let shape = dice.roll(6);
    if depth == 0 || shape > 3 {
        return scalar(dice);
    }
    if shape == 3 {
        return Value::Array(dice.some(3, |dice, _| tree(dice, depth - 1)));
    }
    let keys = ["name", "containers", "image", "replicas", "list", "map", "template", "labels", "on", "z"];
    let pairs = dice.some(4, |dice, _| (dice.pick(&keys).to_owned(), tree(dice, depth - 1)));
    Value::Object(pairs.into_iter().collect())
}

fn service(dice: &mut Dice) -> Value {
    let ports = dice.some(3, |dice, _| {
        let mut port = json!({"port": dice.pick(&[80, 443, 53])});
        if dice.chance(40) {
            port["protocol"] = json!(dice.pick(&["TCP", "UDP"]));
        }
        if dice.chance(50) {
            port["name"] = json!(dice.pick(&["http", "dns"]));
        }
        port
    });
    let mut spec = json!({"ports": ports});
    if dice.chance(70) {
        spec["selector"] = words(dice);
    }
    json!({"spec": spec})
}

fn account(dice: &mut Dice) -> Value {
    let mut rest = json!({});
    if dice.chance(50) {
        rest["imagePullSecrets"] = json!([{"name": name(dice)}]);
    }
    if dice.chance(30) {
        rest["secrets"] = json!([{"name": name(dice)}, {"name": "other"}]);
    }
    rest
}

fn workload(dice: &mut Dice) -> Value {
    let mut spec = json!({"template": {"metadata": {"labels": words(dice)}, "spec": pod_spec(dice)}});
    if dice.chance(60) {
        spec["selector"] = json!({"matchLabels": words(dice)});
    }
    if dice.chance(40) {
        spec["replicas"] = json!(dice.roll(5));
    }
    if dice.chance(15) {
        spec["serviceName"] = name(dice);
    }
    if dice.chance(15) {
        spec["volumeClaimTemplates"] =
            json!([{"metadata": {"name": "data"}, "spec": {"storageClassName": name(dice)}}]);
    }
    json!({"spec": spec})
}

fn cron(dice: &mut Dice) -> Value {
    json!({"spec": {"schedule": "0 * * * *", "jobTemplate": workload(dice)}})
}

fn pod(dice: &mut Dice) -> Value {
    json!({"spec": pod_spec(dice)})
}

fn pod_spec(dice: &mut Dice) -> Value {
    let mut spec = json!({"containers": dice.some(3, container)});
    if dice.chance(20) {
        spec["initContainers"] = json!(dice.some(2, container));
    }
    if dice.chance(40) {
        spec["volumes"] = json!(dice.some(3, volume));
    }
    for (field, value) in [
        ("serviceAccountName", name(dice)),
        ("priorityClassName", name(dice)),
        ("nodeSelector", words(dice)),
        ("imagePullSecrets", json!([{"name": name(dice)}])),
        ("tolerations", json!([{"key": dice.pick(&LABELS), "operator": "Exists"}])),
        ("hostAliases", json!([{"ip": "1.1.1.1", "hostnames": [name(dice)]}])),
        (
            "topologySpreadConstraints",
            json!([{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": words(dice)}}]),
        ),
        (
            "affinity",
            json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"labelSelector": {"matchLabels": words(dice)}}]}}),
        ),
    ] {
        if dice.chance(15) {
            spec[field] = value;
        }
    }
    spec
}

fn container(dice: &mut Dice, index: usize) -> Value {
    let names = ["main", "side", "log"];
    let mut container = json!({"name": names[index % names.len()], "image": image(dice)});
    if dice.chance(40) {
        container["env"] = json!(dice.some(3, |dice, _| {
            let name = dice.pick(&["A", "B", "C"]);
            match dice.roll(3) {
                0 => json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": dice.pick(&NAMES), "key": "k"}}}),
                1 => json!({"name": name, "valueFrom": {"secretKeyRef": {"name": dice.pick(&NAMES), "key": "k"}}}),
                _ => json!({"name": name, "value": dice.pick(&["1", "x", "$(A)"])}),
            }
        }));
    }
    if dice.chance(25) {
        container["envFrom"] = json!([{"configMapRef": {"name": name(dice)}}, {"secretRef": {"name": name(dice)}}]);
    }
    if dice.chance(30) {
        container["ports"] = json!(dice.some(2, |dice, _| {
            let mut port = json!({"containerPort": dice.pick(&[80, 53])});
            if dice.chance(50) {
                port["protocol"] = json!(dice.pick(&["TCP", "UDP"]));
            }
            port
        }));
    }
    if dice.chance(25) {
        container["args"] = json!(dice.some(3, |dice, _| if dice.risk(15) { scalar(dice) } else { text(dice) }));
    }
    if dice.chance(25) {
        container["volumeMounts"] = json!([{"name": "v", "mountPath": dice.pick(&["/a", "/b"])}]);
    }
    if dice.chance(20) {
        container["resources"] = json!({"limits": {"cpu": scalar(dice), "memory": "1Gi"}});
    }
    container
}

pub(crate) fn image(dice: &mut Dice) -> String {
    let name = dice.pick(&["nginx", "app", "registry:5000/app", "docker.io/library/nginx", "my/nginx"]);
    let version = dice.pick(&["", ":1", ":v1.2-rc", "@sha256:abc", ":1@sha256:abc"]);
    format!("{name}{version}")
}

fn volume(dice: &mut Dice, index: usize) -> Value {
    let names = ["v", "w", "x"];
    let (field, source) = match dice.roll(5) {
        0 => ("configMap", json!({"name": name(dice), "defaultMode": format!("{RAW}0644")})),
        1 => ("secret", json!({"secretName": name(dice)})),
        2 => ("persistentVolumeClaim", json!({"claimName": name(dice)})),
        3 => ("projected", json!({"sources": [{"configMap": {"name": name(dice)}}, {"secret": {"name": name(dice)}}]})),
        _ => ("emptyDir", json!({})),
    };
    let mut volume = json!({"name": names[index % names.len()]});
    volume[field] = source;
    volume
}

fn ingress(dice: &mut Dice) -> Value {
    let backend = if dice.chance(60) {
        json!({"service": {"name": name(dice), "port": {"number": 80}}})
    } else {
        json!({"serviceName": name(dice)})
    };
    json!({"spec": {
        "ingressClassName": name(dice),
        "tls": [{"hosts": ["h"], "secretName": name(dice)}],
        "rules": [{"host": "h", "http": {"paths": [{"path": "/", "backend": backend}]}}],
    }})
}

fn role(dice: &mut Dice) -> Value {
    json!({"rules": dice.some(2, |dice, _| json!({"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [name(dice), "other"], "verbs": ["*"]}))})
}

fn binding(dice: &mut Dice) -> Value {
    let subjects = dice.some(3, |dice, _| {
        let mut subject = json!({"kind": dice.pick(&["ServiceAccount", "ServiceAccount", "User", "Group"]), "name": dice.pick(&["web", "db", "default", "x"])});
        if dice.chance(50) {
            subject["namespace"] = json!(dice.pick(&SPACES));
        }
        subject
    });
    json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": dice.pick(&["Role", "ClusterRole"]), "name": name(dice)}, "subjects": subjects})
}

fn autoscaler(dice: &mut Dice) -> Value {
    json!({"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": dice.pick(&["Deployment", "StatefulSet"]), "name": name(dice)}}})
}

fn claim(dice: &mut Dice) -> Value {
    json!({"spec": {"storageClassName": name(dice), "volumeName": name(dice), "azureFile": {"secretName": name(dice)}}})
}

fn class(dice: &mut Dice) -> Value {
    json!({"parameters": {"secretName": name(dice), "type": "x"}})
}

fn policy(dice: &mut Dice) -> Value {
    json!({"spec": {"podSelector": {"matchLabels": words(dice)}, "ingress": [{"from": [{"podSelector": {"matchLabels": words(dice)}}, {"podSelector": {}}]}]}})
}

fn budget(dice: &mut Dice) -> Value {
    json!({"spec": {"selector": {"matchLabels": words(dice)}}})
}

fn webhook(dice: &mut Dice) -> Value {
    let mut service = json!({"name": name(dice), "path": "/x"});
    if dice.chance(80) {
        service["namespace"] = json!(dice.pick(&SPACES));
    }
    json!({"webhooks": [{"name": "a.example.com", "clientConfig": {"service": service}}]})
}

fn api_service(dice: &mut Dice) -> Value {
    json!({"spec": {"service": {"name": name(dice), "namespace": dice.pick(&SPACES)}}})
}
