//! An object as Git wants it. Owns [`Desired`]; must not know how it was built or what the cluster holds.

use std::fmt;
use std::sync::Arc;

use krm::{Gvk, ObjectKey, Origin};
use serde_json::Value;

/// One object to apply, exactly as it will be sent: our label and owner annotation are in it.
#[derive(Clone, PartialEq)]
pub struct Desired {
    /// Its identity in the cluster.
    pub key: ObjectKey,
    /// Its type with the version it is written in.
    pub gvk: Gvk,
    /// The request body. Shared, because plans and diffs refer to it.
    pub manifest: Arc<Value>,
    /// Where it came from, for messages.
    pub origin: Origin,
}

impl Desired {
    /// From a manifest; identity is read from it.
    pub fn new(manifest: Value, origin: Origin) -> Self {
        let text = |path: &str| manifest.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let gvk = Gvk::from_api_version(text("/apiVersion"), text("/kind"));
        let key =
            ObjectKey::new(gvk.group.clone(), gvk.kind.clone(), text("/metadata/namespace"), text("/metadata/name"));
        Self { key, gvk, manifest: Arc::new(manifest), origin }
    }

    /// Does its content need masking, and is it compared by data instead of digests.
    pub fn is_secret(&self) -> bool {
        is_secret(&self.key)
    }
}

/// Is it a core Secret.
pub fn is_secret(key: &ObjectKey) -> bool {
    key.group.is_empty() && key.kind == "Secret"
}

/// The manifest stays out: it may be a Secret's.
impl fmt::Debug for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desired").field("key", &self.key).field("origin", &self.origin).finish_non_exhaustive()
    }
}
