//! What a pod template uses. Owns the places where a pod can name a ConfigMap, a Secret or a SecretProviderClass, and which of its
//! containers Reloader would mark for one.

use std::collections::BTreeMap;

use krm::{Node, Text};

use super::content::Kind;

const CSI_DRIVER: &str = "secrets-store.csi.k8s.io";

/// What is used, and whether a pod cannot start without it.
pub(super) type References = BTreeMap<(Kind, Text), Need>;

/// Must it be there?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    Optional,
    Required,
}

/// Everything that the pod template names in an environment or a volume, and with `pull_secrets` for pulling its images.
pub(super) fn references(pod: &Node, pull_secrets: bool) -> References {
    let mut found = References::new();
    let Some(spec) = pod.get("spec") else { return found };
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in items(spec, list) {
            in_environment(container, &mut |kind, name, need| add(kind, name, need, &mut found));
        }
    }
    for volume in items(spec, "volumes") {
        in_volume(volume, &mut |kind, name, need| add(kind, name, need, &mut found));
        add(Kind::Secret, volume.str_at(&["csi", "nodePublishSecretRef", "name"]), Need::Required, &mut found);
    }
    for reference in items(spec, "imagePullSecrets").iter().filter(|_| pull_secrets) {
        // The kubelet pulls without those that are missing.
        add(Kind::Secret, reference.str_at(&["name"]), Need::Optional, &mut found);
    }
    found
}

type Tell<'t, 'n> = dyn FnMut(Kind, Option<&'n str>, Need) + 't;

fn in_environment<'n>(container: &'n Node, tell: &mut Tell<'_, 'n>) {
    for source in items(container, "envFrom") {
        for (kind, field) in [(Kind::ConfigMap, "configMapRef"), (Kind::Secret, "secretRef")] {
            tell(kind, source.str_at(&[field, "name"]), need(source.get(field)));
        }
    }
    for variable in items(container, "env") {
        for (kind, field) in [(Kind::ConfigMap, "configMapKeyRef"), (Kind::Secret, "secretKeyRef")] {
            let source = variable.at(&["valueFrom", field]);
            tell(kind, source.and_then(|source| source.str_at(&["name"])), need(source));
        }
    }
}

fn in_volume<'n>(volume: &'n Node, tell: &mut Tell<'_, 'n>) {
    tell(Kind::ConfigMap, volume.str_at(&["configMap", "name"]), need(volume.get("configMap")));
    tell(Kind::Secret, volume.str_at(&["secret", "secretName"]), need(volume.get("secret")));
    for source in volume.get("projected").into_iter().flat_map(|projected| items(projected, "sources")) {
        for (kind, field) in [(Kind::ConfigMap, "configMap"), (Kind::Secret, "secret")] {
            tell(kind, source.str_at(&[field, "name"]), need(source.get(field)));
        }
    }
    if volume.str_at(&["csi", "driver"]) == Some(CSI_DRIVER) {
        let class = volume.str_at(&["csi", "volumeAttributes", "secretProviderClass"]);
        tell(Kind::SecretProviderClass, class, Need::Required);
    }
}

fn need(source: Option<&Node>) -> Need {
    let optional = source.and_then(|source| source.str_at(&["optional"])) == Some("true");
    if optional { Need::Optional } else { Need::Required }
}

fn add(kind: Kind, name: Option<&str>, need: Need, found: &mut References) {
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        let known = found.entry((kind, name.into())).or_insert(need);
        *known = need.max(*known);
    }
}

fn items<'a>(node: &'a Node, field: &str) -> &'a [Node] {
    node.get(field).and_then(Node::as_seq).unwrap_or_default()
}

/// Index of the container that Reloader gives the environment variable of an object to: the first one that mounts the first
/// volume with it, or names it in its environment; the pod's first one if only an init container does, or if the object is
/// named by annotation (`named`) and used by none.
pub(super) fn carrier(pod: &Node, kind: Kind, name: &str, named: bool) -> Option<usize> {
    let spec = pod.get("spec")?;
    let (containers, init) = (items(spec, "containers"), items(spec, "initContainers"));
    if containers.is_empty() {
        return None;
    }
    let mounted = volume_of(spec, kind, name);
    let mounts = |container: &Node| {
        items(container, "volumeMounts").iter().any(|mount| mounted.is_some() && mount.str_at(&["name"]) == mounted)
    };
    if let Some(index) = containers.iter().position(mounts) {
        return Some(index);
    }
    if init.iter().any(mounts) {
        return Some(0);
    }
    let refers = |container: &Node| {
        let mut found = false;
        in_environment(container, &mut |of, other, _| found |= of == kind && other == Some(name));
        found
    };
    if let Some(index) = containers.iter().position(refers) {
        return Some(index);
    }
    (named || init.iter().any(refers)).then_some(0)
}

/// Name of the first volume that holds the object.
fn volume_of<'n>(spec: &'n Node, kind: Kind, name: &str) -> Option<&'n str> {
    let holds = |volume: &&Node| {
        let mut found = false;
        in_volume(volume, &mut |of, other, _| found |= of == kind && other == Some(name));
        found
    };
    items(spec, "volumes").iter().find(holds)?.str_at(&["name"])
}
