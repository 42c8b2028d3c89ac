//! Identities. Two types for two meanings: [`ResId`] while building, [`ObjectKey`] in a cluster. One conversion, none back.

use std::fmt;
use std::str::FromStr;

use crate::{GroupKind, Gvk, Text};

/// Identity of a resource while building: with version, and with the namespace as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ResId {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// Namespace as written; empty if there is none.
    pub namespace: Text,
    /// `metadata.name`.
    pub name: Text,
}

/// The namespace that decides equality: none and `default` are the same place (a kustomize rule).
pub fn namespace_or_default(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}

impl ResId {
    /// The namespace that decides equality; see [`namespace_or_default`].
    pub fn effective_namespace(&self) -> &str {
        namespace_or_default(&self.namespace)
    }

    /// Is it the same resource? Compares the effective namespace.
    pub fn same_as(&self, other: &Self) -> bool {
        self.gvk == other.gvk && self.name == other.name && self.effective_namespace() == other.effective_namespace()
    }

    /// The identity a cluster would give it.
    pub fn to_object_key(&self) -> ObjectKey {
        ObjectKey {
            group: self.gvk.group.clone(),
            kind: self.gvk.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

/// `Deployment.apps/shop/web`: the form of an [`ObjectKey`], so that messages have one notation.
impl fmt::Display for ResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_object_key().fmt(f)
    }
}

/// Identity of an object in a cluster: no version, as an API server sees none.
///
/// Its text form is `Kind.group/namespace/name`, without the group in the core group and without the namespace for
/// cluster-scoped objects; `parse(key.to_string()) == key` for every key (RBAC names may hold `:`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ObjectKey {
    /// API group; empty for the core group.
    pub group: Text,
    /// Kind.
    pub kind: Text,
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: Text,
    /// Name.
    pub name: Text,
}

/// The text is not the form that [`ObjectKey`] prints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an object key of the form Kind.group/namespace/name")]
pub struct ParseObjectKeyError {
    /// The refused text.
    pub text: String,
}

impl ObjectKey {
    /// From group, kind, namespace (empty: cluster-scoped) and name.
    pub fn new(
        group: impl Into<Text>,
        kind: impl Into<Text>,
        namespace: impl Into<Text>,
        name: impl Into<Text>,
    ) -> Self {
        Self { group: group.into(), kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    /// Its type.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind { group: self.group.clone(), kind: self.kind.clone() }
    }

    /// `Kind/namespace/name`, the form in messages; the group is left out.
    pub fn short(&self) -> String {
        if self.namespace.is_empty() {
            format!("{}/{}", self.kind, self.name)
        } else {
            format!("{}/{}/{}", self.kind, self.namespace, self.name)
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.group_kind())?;
        if !self.namespace.is_empty() {
            write!(f, "/{}", self.namespace)?;
        }
        write!(f, "/{}", self.name)
    }
}

impl FromStr for ObjectKey {
    type Err = ParseObjectKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseObjectKeyError { text: text.to_owned() };
        let parts: Vec<&str> = text.split('/').collect();
        let (kind_group, namespace, name) = match parts.as_slice() {
            [kind_group, name] => (*kind_group, "", *name),
            [kind_group, namespace, name] if !namespace.is_empty() => (*kind_group, *namespace, *name),
            _ => return Err(refused()),
        };
        let (kind, group) = kind_group.split_once('.').unwrap_or((kind_group, ""));
        if kind.is_empty() || name.is_empty() {
            return Err(refused());
        }
        Ok(Self::new(group, kind, namespace, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_key_survives_its_text_form() {
        for key in [
            ObjectKey::new("apps", "Deployment", "shop", "web"),
            ObjectKey::new("", "Namespace", "", "shop"),
            ObjectKey::new("rbac.authorization.k8s.io", "ClusterRole", "", "system:a:b.c"),
        ] {
            assert_eq!(key.to_string().parse::<ObjectKey>(), Ok(key));
        }
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        for text in ["", "Pod", "/x", "Pod/", "Pod//x", "a/b/c/d"] {
            assert!(text.parse::<ObjectKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn no_namespace_and_default_are_one_place_while_building() {
        let plain = ResId { gvk: Gvk::new("", "v1", "Pod"), namespace: "".into(), name: "a".into() };
        let explicit = ResId { namespace: "default".into(), ..plain.clone() };
        assert!(plain.same_as(&explicit));
        assert_ne!(plain.to_object_key(), explicit.to_object_key());
    }
}
