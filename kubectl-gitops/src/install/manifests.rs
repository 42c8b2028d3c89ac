//! The objects of an installation with a CronJob. Owns every field of them, and why it is there. They are values from the start: no
//! text of a user's is ever read as YAML.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::Masked;
use serde_json::{Map, Value, json};

use super::command::{self, Places};
use super::credentials::Credentials;
use super::{Address, Installation, Pod, keys};
use crate::inventory::marks::{DRIVER_LABEL, FORCE_ANNOTATION, annotation};
use crate::settings::{Access, Credential, InstallVerify, Keys, Rbac, SYSTEM_NAMESPACE, TrustedKeys};

/// Annotation of the Secret made from flags: the server that its values are for.
pub const CREDENTIALS_FOR_ANNOTATION: &str = "kubectl-gitops.dev/credentials-for";

/// Annotation of the CronJob: the set that its runs keep.
pub const SYNCS_ANNOTATION: &str = "kubectl-gitops.dev/syncs";

/// Where the pod finds the files of its Secret.
const CREDENTIALS_DIRECTORY: &str = "/etc/gitops/credentials";
/// Where it finds its keys.
const KEYS_DIRECTORY: &str = "/etc/gitops/keys";
/// Where it finds public keys.
const TRUSTED_DIRECTORY: &str = "/etc/gitops/trusted";
/// Names of the volumes.
const CREDENTIALS: &str = "credentials";
const KEYS: &str = "keys";
const TRUSTED: &str = "trusted";
/// Nobody's user, as distroless images have it.
const USER: u32 = 65_532;
/// Longer than the sum of what a run waits for; then SIGTERM, which leaves the inventory consistent.
const RUN_SECONDS_MAX: u32 = 1500;
const ROLES: &str = "rbac.authorization.k8s.io";

/// Everything that one run of `install` applies: the objects but for the namespace, which several installations share.
pub fn objects(installation: &Installation, pod: &Pod) -> Vec<Value> {
    let mut objects = vec![service_account(installation)];
    objects.extend(binding(installation, pod));
    objects.extend(own_secrets(installation).iter().map(|own| secret(installation, own, encoded(own))));
    objects.push(cron_job(installation, pod));
    objects
}

/// The same for reading and for keeping elsewhere: with the namespace, values of the Secret as they were given.
pub fn export(installation: &Installation, pod: &Pod) -> Vec<Value> {
    let mut objects = objects(installation, pod);
    for own in own_secrets(installation) {
        for object in &mut objects {
            if object["kind"] == "Secret" && object["metadata"]["name"] == own.name.as_str() {
                *object = secret(installation, &own, readable(&own));
            }
        }
    }
    if installation.namespace == SYSTEM_NAMESPACE {
        objects.insert(0, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE}}));
    }
    objects
}

/// The values of a Secret that an earlier installation made, if it is one and they are for this server.
///
/// # Errors
/// They are for another server, which is named.
pub fn kept_credentials(secret: &Value, address: &Address) -> Result<Option<Credentials>, String> {
    let Some(server) = annotation(secret, CREDENTIALS_FOR_ANNOTATION) else { return Ok(None) };
    if server != address.server() {
        return Err(server.to_owned());
    }
    let read = |credential: Credential| {
        let text = secret.pointer("/data")?.get(credential.key())?.as_str()?;
        Some((credential, Masked::new(STANDARD.decode(text).ok()?)))
    };
    Ok(Some(Credential::ALL.into_iter().filter_map(read).collect()))
}

/// The keys of a Secret that an earlier installation of this name made, if it is one.
pub fn kept_keys(secret: &Value, installation: &Installation) -> Option<Masked<Vec<u8>>> {
    let ours = secret.pointer("/metadata/labels")?.get(DRIVER_LABEL)?.as_str()? == installation.name;
    let text = secret.pointer("/data")?.get(keys::KEY)?.as_str()?;
    STANDARD.decode(text).ok().filter(|_| ours).map(Masked::new)
}

/// A Secret of the installation's own.
struct OwnSecret<'a> {
    name: String,
    values: Vec<(&'a str, &'a Masked<Vec<u8>>)>,
    annotations: Value,
}

fn own_secrets(installation: &Installation) -> Vec<OwnSecret<'_>> {
    let mut own = Vec::new();
    if let Access::Given(credentials) = &installation.access {
        own.push(OwnSecret {
            name: installation.secret_name(),
            values: credentials.iter().map(|(credential, value)| (credential.key(), value)).collect(),
            annotations: json!({(CREDENTIALS_FOR_ANNOTATION): installation.address.server()}),
        });
    }
    if let Keys::Given(keys) = &installation.keys {
        let values = vec![(keys::KEY, keys)];
        own.push(OwnSecret { name: installation.keys_name(), values, annotations: Value::Null });
    }
    if let Some(InstallVerify { keys: TrustedKeys::Given(keys), .. }) = &installation.verify {
        let values = keys.iter().map(|(name, key)| (name.as_str(), key)).collect();
        own.push(OwnSecret { name: installation.trusted_name(), values, annotations: Value::Null });
    }
    own
}

fn metadata(installation: &Installation, name: &str, namespaced: bool) -> Value {
    let mut metadata = json!({"name": name, "labels": labels(installation)});
    if namespaced {
        metadata["namespace"] = json!(installation.namespace);
    }
    metadata
}

fn labels(installation: &Installation) -> Value {
    json!({
        "app.kubernetes.io/name": "kubectl-gitops",
        "app.kubernetes.io/instance": installation.name,
        "app.kubernetes.io/component": "sync",
        "app.kubernetes.io/managed-by": "kubectl-gitops",
        (DRIVER_LABEL): installation.name,
    })
}

fn service_account(installation: &Installation) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(installation, &installation.object_name(), true),
        // The pod of the CronJob asks for its token itself; another pod under this account gets none by default.
        "automountServiceAccountToken": false,
    })
}

fn binding(installation: &Installation, pod: &Pod) -> Option<Value> {
    let name = installation.object_name();
    let (kind, mut metadata) = match pod.rbac {
        Rbac::None => return None,
        Rbac::Namespaced => ("RoleBinding", metadata(installation, &name, true)),
        Rbac::Cluster => {
            ("ClusterRoleBinding", metadata(installation, &format!("{}:{name}", installation.namespace), false))
        }
    };
    // The role of a binding cannot be changed: another one needs another binding.
    metadata["annotations"] = json!({(FORCE_ANNOTATION): "enabled"});
    Some(json!({
        "apiVersion": format!("{ROLES}/v1"),
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": ROLES, "kind": "ClusterRole", "name": pod.cluster_role},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": installation.namespace}],
    }))
}

fn secret(installation: &Installation, own: &OwnSecret<'_>, values: Value) -> Value {
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(installation, &own.name, true),
        "type": "Opaque",
    });
    if !own.annotations.is_null() {
        object["metadata"]["annotations"] = own.annotations.clone();
    }
    if let (Some(object), Value::Object(values)) = (object.as_object_mut(), values) {
        object.extend(values);
    }
    object
}

fn encoded(own: &OwnSecret<'_>) -> Value {
    let values: BTreeMap<&str, String> =
        own.values.iter().map(|(name, value)| (*name, STANDARD.encode(value.expose()))).collect();
    json!({"data": values})
}

/// As text where it is text.
fn readable(own: &OwnSecret<'_>) -> Value {
    let (mut text, mut data) = (Map::new(), Map::new());
    for (name, value) in &own.values {
        match std::str::from_utf8(value.expose()) {
            Ok(value) => text.insert((*name).to_owned(), json!(value)),
            Err(_) => data.insert((*name).to_owned(), json!(STANDARD.encode(value.expose()))),
        };
    }
    let parts = [("stringData", text), ("data", data)];
    Value::Object(
        parts.into_iter().filter(|(_, map)| !map.is_empty()).map(|(n, map)| (n.to_owned(), map.into())).collect(),
    )
}

fn cron_job(installation: &Installation, pod: &Pod) -> Value {
    let mut metadata = metadata(installation, &installation.object_name(), true);
    metadata["annotations"] = json!({(SYNCS_ANNOTATION): installation.synced_set()});
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata,
        "spec": {
            "schedule": pod.schedule.to_string(),
            "suspend": installation.suspend,
            "concurrencyPolicy": "Forbid",
            // No startingDeadlineSeconds: after a power cut the first tick may come late, and must not be skipped.
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 2,
            "jobTemplate": {
                "metadata": {"labels": labels(installation)},
                "spec": {
                    // The next tick is the retry. No ttlSecondsAfterFinished: it would erase the only log.
                    "backoffLimit": 0,
                    "activeDeadlineSeconds": RUN_SECONDS_MAX,
                    "template": {"metadata": {"labels": labels(installation)}, "spec": pod_spec(installation, pod)},
                },
            },
        },
    })
}

fn pod_spec(installation: &Installation, pod: &Pod) -> Value {
    let control_plane = "node-role.kubernetes.io/control-plane";
    let tolerate = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoSchedule"});
    let mut spec = json!({
        "restartPolicy": "Never",
        "serviceAccountName": installation.object_name(),
        "automountServiceAccountToken": true,
        "enableServiceLinks": false,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [tolerate(control_plane), tolerate("node-role.kubernetes.io/master")],
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER,
            "runAsGroup": USER,
            // The files of the Secret belong to root and this group.
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container(installation, pod)],
        "volumes": volumes(installation),
    });
    if pod.on_server {
        spec["nodeSelector"][control_plane] = json!("true");
    }
    if pod.critical {
        spec["priorityClassName"] = json!("system-cluster-critical");
    }
    if let Some(name) = &pod.image_pull_secret {
        spec["imagePullSecrets"] = json!([{"name": name}]);
    }
    spec
}

fn container(installation: &Installation, pod: &Pod) -> Value {
    let mounted = mounted(installation);
    let mut mounts = vec![json!({"name": "tmp", "mountPath": "/tmp"})];
    mounts.extend(
        mounted.iter().map(|secret| json!({"name": secret.volume, "mountPath": secret.path, "readOnly": true})),
    );
    let path = |volume: &str| mounted.iter().find(|secret| secret.volume == volume).map(|secret| secret.path);
    let places = Places { credentials: path(CREDENTIALS), keys: path(KEYS), trusted: path(TRUSTED) };
    let driver = format!("cronjob/{}", installation.object_name());
    let mut words = command::words(installation, places, Some(&driver));
    words.push("--termination-log=/dev/termination-log".to_owned());
    json!({
        "name": "sync",
        "image": pod.image,
        "imagePullPolicy": "IfNotPresent",
        "args": words.iter().map(|word| literal(word)).collect::<Vec<_>>(),
        "terminationMessagePath": "/dev/termination-log",
        // What ended without a summary shows the end of its log instead.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "96Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    })
}

fn volumes(installation: &Installation) -> Value {
    let mut volumes = vec![json!({"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}})];
    // 0440: root's, and readable by the group.
    volumes.extend(mounted(installation).into_iter().map(
        |Mounted { volume, secret, .. }| json!({"name": volume, "secret": {"secretName": secret, "defaultMode": 0o440}}),
    ));
    Value::Array(volumes)
}

/// A Secret whose files the pod sees.
struct Mounted {
    volume: &'static str,
    secret: String,
    path: &'static str,
}

fn mounted(installation: &Installation) -> Vec<Mounted> {
    let credentials = match &installation.access {
        Access::SecretRef(name) => Some(name.clone()),
        Access::Given(_) => Some(installation.secret_name()),
        Access::Anonymous | Access::Unsaid | Access::Flags(_) => None,
    };
    let keys = match &installation.keys {
        Keys::SecretRef(name) => Some(name.clone()),
        Keys::Given(_) => Some(installation.keys_name()),
        Keys::None | Keys::Unsaid | Keys::File(_) => None,
    };
    let trusted = match installation.verify.as_ref().map(|verify| &verify.keys) {
        Some(TrustedKeys::SecretRef(name)) => Some(name.clone()),
        Some(TrustedKeys::Given(_)) => Some(installation.trusted_name()),
        Some(TrustedKeys::Files(_)) | None => None,
    };
    let places = [
        (CREDENTIALS, credentials, CREDENTIALS_DIRECTORY),
        (KEYS, keys, KEYS_DIRECTORY),
        (TRUSTED, trusted, TRUSTED_DIRECTORY),
    ];
    places.into_iter().filter_map(|(volume, secret, path)| Some(Mounted { volume, secret: secret?, path })).collect()
}

/// As the kubelet passes it on unchanged: it would put variables in the place of `$(NAME)`.
fn literal(word: &str) -> String {
    word.replace('$', "$$")
}
