//! Who an object is, read off its node. Owns where identity and metadata stand in an object; must not demand that they do:
//! what is missing reads as empty (see [`crate::Resource`] for objects that are known to have them).

use crate::{Gvk, Node, ObjectKey, ResId};

impl Node {
    /// `apiVersion`; empty if there is none.
    pub fn api_version(&self) -> &str {
        self.str_at(&["apiVersion"]).unwrap_or_default()
    }

    /// `kind`; empty if there is none.
    pub fn kind(&self) -> &str {
        self.str_at(&["kind"]).unwrap_or_default()
    }

    /// `metadata.name`; empty if there is none.
    pub fn name(&self) -> &str {
        self.str_at(&["metadata", "name"]).unwrap_or_default()
    }

    /// `metadata.namespace`; empty if there is none.
    pub fn namespace(&self) -> &str {
        self.str_at(&["metadata", "namespace"]).unwrap_or_default()
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> Gvk {
        Gvk::from_api_version(self.api_version(), self.kind())
    }

    /// Identity while building.
    pub fn id(&self) -> ResId {
        ResId { gvk: self.gvk(), namespace: self.namespace().into(), name: self.name().into() }
    }

    /// Identity in a cluster.
    pub fn key(&self) -> ObjectKey {
        self.id().to_object_key()
    }

    /// Value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.str_at(&["metadata", "annotations", key])
    }

    /// Value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.str_at(&["metadata", "labels", key])
    }
}
