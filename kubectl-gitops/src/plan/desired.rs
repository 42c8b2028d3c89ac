//! An object as Git wants it. Owns [`Desired`]; must not know how it was built or what the cluster holds.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::{Gvk, ObjectKey, Origin};
use serde_json::Value;

use super::manifest::Manifest;

/// One object to apply, exactly as it will be sent: our label and owner annotation are in it.
#[derive(Clone, PartialEq)]
pub struct Desired {
    /// Its identity in the cluster.
    pub key: ObjectKey,
    /// Its type with the version it is written in.
    pub gvk: Gvk,
    /// The request body.
    pub manifest: Manifest,
    /// Where it came from, for messages.
    pub origin: Origin,
}

impl Desired {
    /// From a manifest; identity is read from it.
    pub fn new(mut manifest: Value, origin: Origin) -> Self {
        let text = |path: &str| manifest.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let gvk = Gvk::from_api_version(text("/apiVersion"), text("/kind"));
        let key =
            ObjectKey::new(gvk.group.clone(), gvk.kind.clone(), text("/metadata/namespace"), text("/metadata/name"));
        if is_secret(&key) {
            fold_string_data(&mut manifest);
        }
        Self { key, gvk, manifest: manifest.into(), origin }
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

/// Moves `stringData` into `data`. Server-side apply records who owns `stringData`, but stores `data`: applied as it stands,
/// a key that leaves Git would stay in the cluster for ever, and an edit by hand would not be seen as one.
fn fold_string_data(secret: &mut Value) {
    let Some(map) = secret.as_object_mut() else { return };
    let foldable = |value: &Value| value.as_object().is_some_and(|texts| texts.values().all(Value::is_string));
    let data_fits = map.get("data").is_none_or(|data| data.is_object() || data.is_null());
    // What does not fit is sent as it is: the API server says best what is wrong with it.
    if !map.get("stringData").is_some_and(foldable) || !data_fits {
        return;
    }
    let texts = map.shift_remove("stringData").unwrap_or_default();
    let mut data = map.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    for (key, text) in texts.as_object().into_iter().flatten() {
        let encoded = STANDARD.encode(text.as_str().unwrap_or_default());
        data.insert(key.clone(), Value::String(encoded));
    }
    map.insert("data".to_owned(), Value::Object(data));
}

/// The manifest stays out: it may be a Secret's.
impl fmt::Debug for Desired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desired").field("key", &self.key).field("origin", &self.origin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn string_data_of_a_secret_is_sent_as_data() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"},
            "data": {"a": "b2xk", "b": "Yg=="}, "stringData": {"a": "new"}});
        let desired = Desired::new(secret, Origin::default());
        let manifest = desired.manifest.open();
        assert_eq!(manifest["data"], json!({"a": "bmV3", "b": "Yg=="}));
        assert_eq!(manifest.get("stringData"), None);
    }

    #[test]
    fn what_does_not_fit_is_left_to_the_server() {
        for content in [json!({"stringData": {"a": 1}}), json!({"stringData": {"a": "x"}, "data": ["y"]})] {
            let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
            for (field, value) in content.as_object().unwrap() {
                secret[field] = value.clone();
            }
            assert_eq!(*Desired::new(secret.clone(), Origin::default()).manifest.open(), secret);
        }
        let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "stringData": {"a": "x"}});
        assert_eq!(*Desired::new(other.clone(), Origin::default()).manifest.open(), other);
    }
}
