//! Which ConfigMaps and Secrets a pod template uses. Owns the places where a pod can name one.

use std::collections::BTreeSet;

use krm::{Node, Text};

use super::content::Kind;

/// Every ConfigMap and Secret that the pod template names in an environment or a volume, optional ones too.
pub(super) fn references(pod: &Node) -> BTreeSet<(Kind, Text)> {
    let mut found = BTreeSet::new();
    let Some(spec) = pod.get("spec") else { return found };
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in items(spec, list) {
            container_references(container, &mut found);
        }
    }
    for volume in items(spec, "volumes") {
        volume_references(volume, &mut found);
        for source in volume.get("projected").into_iter().flat_map(|projected| items(projected, "sources")) {
            add(Kind::ConfigMap, source.str_at(&["configMap", "name"]), &mut found);
            add(Kind::Secret, source.str_at(&["secret", "name"]), &mut found);
        }
    }
    found
}

fn container_references(container: &Node, found: &mut BTreeSet<(Kind, Text)>) {
    for source in items(container, "envFrom") {
        add(Kind::ConfigMap, source.str_at(&["configMapRef", "name"]), found);
        add(Kind::Secret, source.str_at(&["secretRef", "name"]), found);
    }
    for variable in items(container, "env") {
        add(Kind::ConfigMap, variable.str_at(&["valueFrom", "configMapKeyRef", "name"]), found);
        add(Kind::Secret, variable.str_at(&["valueFrom", "secretKeyRef", "name"]), found);
    }
}

fn volume_references(volume: &Node, found: &mut BTreeSet<(Kind, Text)>) {
    add(Kind::ConfigMap, volume.str_at(&["configMap", "name"]), found);
    add(Kind::Secret, volume.str_at(&["secret", "secretName"]), found);
}

fn add(kind: Kind, name: Option<&str>, found: &mut BTreeSet<(Kind, Text)>) {
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        found.insert((kind, name.into()));
    }
}

fn items<'a>(node: &'a Node, field: &str) -> &'a [Node] {
    node.get(field).and_then(Node::as_seq).unwrap_or_default()
}
