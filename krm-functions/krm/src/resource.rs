//! One Kubernetes object as a value. Owns the access to its identity and metadata; must not know how it was built or what
//! a cluster says of it.

use crate::{Gvk, Mapping, Node, ObjectKey, Origin, ResId};

/// A mapping with a non-empty `apiVersion`, `kind` and `metadata.name` (or `metadata.generateName`).
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    node: Node,
    /// Where it came from.
    pub origin: Origin,
}

/// Why a node is no resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidResource {
    /// Not a mapping at all.
    #[error("an object must be a map, this is {found}")]
    NotAMap {
        /// What it is instead.
        found: &'static str,
    },
    /// A field that every object has is missing, empty or not a string.
    #[error("missing `{field}`")]
    Missing {
        /// The field's path.
        field: &'static str,
    },
}

impl Resource {
    /// Checks the invariant and takes the node.
    pub fn new(node: Node, origin: Origin) -> Result<Self, InvalidResource> {
        if node.as_map().is_none() {
            return Err(InvalidResource::NotAMap { found: node.kind_name() });
        }
        let filled = |path: &[&str]| node.str_at(path).is_some_and(|text| !text.is_empty());
        if !filled(&["kind"]) {
            return Err(InvalidResource::Missing { field: "kind" });
        }
        if !filled(&["apiVersion"]) {
            return Err(InvalidResource::Missing { field: "apiVersion" });
        }
        if !filled(&["metadata", "name"]) && !filled(&["metadata", "generateName"]) {
            return Err(InvalidResource::Missing { field: "metadata.name" });
        }
        Ok(Self { node, origin })
    }

    /// The whole object.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The whole object for changing its content. The caller keeps the invariant: identity fields stay filled.
    pub fn node_mut(&mut self) -> &mut Node {
        &mut self.node
    }

    /// The whole object, taken out.
    pub fn into_node(self) -> Node {
        self.node
    }

    /// `apiVersion`
    pub fn api_version(&self) -> &str {
        self.node.api_version()
    }

    /// `kind`
    pub fn kind(&self) -> &str {
        self.node.kind()
    }

    /// `metadata.name`; empty if the object only has a `generateName`.
    pub fn name(&self) -> &str {
        self.node.name()
    }

    /// `metadata.namespace`; empty if there is none.
    pub fn namespace(&self) -> &str {
        self.node.namespace()
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> Gvk {
        self.node.gvk()
    }

    /// Identity while building.
    pub fn id(&self) -> ResId {
        self.node.id()
    }

    /// Identity in a cluster.
    pub fn key(&self) -> ObjectKey {
        self.node.key()
    }

    /// Value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.node.annotation(key)
    }

    /// Value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.node.label(key)
    }

    /// Sets an annotation, making `metadata.annotations` where it is missing or null.
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        self.metadata_map("annotations").set(key, Node::string(value));
    }

    /// Sets a label, making `metadata.labels` where it is missing or null.
    pub fn set_label(&mut self, key: &str, value: &str) {
        self.metadata_map("labels").set(key, Node::string(value));
    }

    fn metadata_map(&mut self, field: &str) -> &mut Mapping {
        map_entry(map_entry(as_map(&mut self.node), "metadata"), field)
    }
}

fn as_map(node: &mut Node) -> &mut Mapping {
    if node.as_map().is_none() {
        *node = Node::map();
    }
    node.as_map_mut().expect("made a map just above")
}

fn map_entry<'a>(map: &'a mut Mapping, key: &str) -> &'a mut Mapping {
    as_map(map.entry_or_insert_with(key, Node::map))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(pairs: &[(&str, &str)], name: &str) -> Node {
        let mut map: Mapping = pairs.iter().map(|(k, v)| (*k, Node::string(*v))).collect();
        map.set("metadata", Node::Map([("name", Node::string(name))].into_iter().collect()));
        Node::Map(map)
    }

    #[test]
    fn identity_comes_from_the_manifest() {
        let node = object(&[("apiVersion", "apps/v1"), ("kind", "Deployment")], "web");
        let resource = Resource::new(node, Origin::default()).unwrap();
        assert_eq!(resource.gvk(), Gvk::new("apps", "v1", "Deployment"));
        assert_eq!(resource.key().to_string(), "Deployment.apps/web");
    }

    #[test]
    fn what_lacks_an_identity_is_refused() {
        let missing = |node| Resource::new(node, Origin::default()).unwrap_err();
        assert_eq!(missing(Node::seq(vec![])), InvalidResource::NotAMap { found: "a list" });
        assert_eq!(missing(object(&[("kind", "Pod")], "a")), InvalidResource::Missing { field: "apiVersion" });
        assert_eq!(
            missing(object(&[("apiVersion", "v1"), ("kind", "Pod")], "")),
            InvalidResource::Missing { field: "metadata.name" }
        );
    }

    #[test]
    fn an_annotation_is_set_over_a_null_map() {
        let mut node = object(&[("apiVersion", "v1"), ("kind", "Pod")], "a");
        node.at_mut(&["metadata"]).and_then(Node::as_map_mut).unwrap().set("annotations", Node::null());
        let mut resource = Resource::new(node, Origin::default()).unwrap();
        resource.set_annotation("k", "v");
        assert_eq!(resource.annotation("k"), Some("v"));
    }
}
