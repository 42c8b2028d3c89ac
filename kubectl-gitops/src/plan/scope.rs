//! Where objects live, settled between discovery and observation. Owns filling in the namespace of `-n` and dropping it from
//! objects of cluster-scoped kinds.

use std::collections::BTreeMap;

use krm::{GroupKind, ObjectKey};
use serde_json::{Value, json};

use super::assemble;
use super::desired::Desired;
use super::observed::Scope;
use super::reason::Warning;

/// The set with its namespaces settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The objects, in the order they came.
    pub desired: Vec<Desired>,
    /// What was dropped.
    pub warnings: Vec<Warning>,
}

/// An object names another namespace than `-n`: an error as in kubectl.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the namespace of {key} is not the namespace `{namespace}` that was asked for")]
pub struct OtherNamespace {
    /// The object.
    pub key: ObjectKey,
    /// From `-n`.
    pub namespace: String,
}

/// Which namespace objects without one get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace<'a> {
    /// Given by `-n`: fills, and no other one may stand in an object.
    Asked(&'a str),
    /// The context's: only fills.
    Default(&'a str),
}

/// Settles namespaces. Kinds that `scopes` does not know count by the CustomResourceDefinitions of the set; unknown ones are
/// left as they are, for the plan to judge.
pub fn fit(
    desired: Vec<Desired>,
    scopes: &BTreeMap<GroupKind, Scope>,
    namespace: Namespace<'_>,
) -> Result<Fitted, OtherNamespace> {
    let defined: BTreeMap<GroupKind, Scope> = desired
        .iter()
        .filter(|object| object.key.kind == "CustomResourceDefinition")
        .filter_map(|object| assemble::defines(&object.manifest.open()))
        .collect();
    let mut fitted = Fitted { desired: Vec::with_capacity(desired.len()), warnings: Vec::new() };
    for mut object in desired {
        let kind = object.key.group_kind();
        match scopes.get(&kind).or_else(|| defined.get(&kind)) {
            Some(Scope::Namespaced) => fill(&mut object, namespace)?,
            Some(Scope::Cluster) if !object.key.namespace.is_empty() => {
                // A kustomization's `namespace` also reaches custom kinds that have none; API servers ignore it as well.
                let text = format!("has no namespace; `{}` is ignored", object.key.namespace);
                drop_namespace(&mut object);
                fitted.warnings.push(Warning { key: Some(object.key.clone()), text });
            }
            Some(Scope::Cluster) | None => {}
        }
        fitted.desired.push(object);
    }
    Ok(fitted)
}

fn fill(object: &mut Desired, namespace: Namespace<'_>) -> Result<(), OtherNamespace> {
    let (Namespace::Asked(name) | Namespace::Default(name)) = namespace;
    if object.key.namespace.is_empty() {
        object.key.namespace = name.into();
        object.manifest.make_mut()["metadata"]["namespace"] = json!(name);
    } else if matches!(namespace, Namespace::Asked(_)) && object.key.namespace != name {
        return Err(OtherNamespace { key: object.key.clone(), namespace: name.to_owned() });
    }
    Ok(())
}

fn drop_namespace(object: &mut Desired) {
    object.key.namespace = "".into();
    if let Some(metadata) = object.manifest.make_mut().get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("namespace");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use krm::Origin;

    fn object(api_version: &str, kind: &str, namespace: Option<&str>) -> Desired {
        let mut manifest = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}});
        if let Some(namespace) = namespace {
            manifest["metadata"]["namespace"] = json!(namespace);
        }
        Desired::new(manifest, Origin::default())
    }

    fn scopes() -> BTreeMap<GroupKind, Scope> {
        [(GroupKind::new("", "Pod"), Scope::Namespaced), (GroupKind::new("x.io", "Issuer"), Scope::Cluster)].into()
    }

    #[test]
    fn namespaces_are_filled_kept_dropped_and_refused() {
        let asked = Namespace::Asked("a");
        for (object, namespace, expected) in [
            (object("v1", "Pod", None), asked, Ok("a")),
            (object("v1", "Pod", Some("a")), asked, Ok("a")),
            (object("v1", "Pod", Some("b")), asked, Err(())),
            (object("v1", "Pod", None), Namespace::Default("a"), Ok("a")),
            (object("v1", "Pod", Some("b")), Namespace::Default("a"), Ok("b")),
            (object("x.io/v1", "Issuer", Some("b")), asked, Ok("")),
            (object("x.io/v1", "Issuer", None), asked, Ok("")),
            (object("y.io/v1", "Unknown", Some("b")), asked, Ok("b")),
        ] {
            let name = format!("{object:?} {namespace:?}");
            let fitted = fit(vec![object], &scopes(), namespace).map(|mut fitted| fitted.desired.remove(0));
            let seen = fitted.as_ref().map(|object| object.key.namespace.as_str()).map_err(|_| ());
            assert_eq!(seen, expected, "{name}");
            if let Ok(object) = fitted {
                let written = object
                    .manifest
                    .open()
                    .pointer("/metadata/namespace")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                assert_eq!(written, object.key.namespace, "{name}");
            }
        }
    }

    #[test]
    fn a_definition_of_the_set_tells_the_scope() {
        let definition = Desired::new(
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": "ys.y.io"}, "spec": {"group": "y.io", "scope": "Namespaced", "names": {"kind": "Y"}}}),
            Origin::default(),
        );
        let set = vec![object("y.io/v1", "Y", None), definition];
        let fitted = fit(set, &BTreeMap::new(), Namespace::Default("a")).unwrap();
        assert_eq!(fitted.desired[0].key.namespace, "a");
    }
}
