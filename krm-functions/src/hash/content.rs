//! What a ConfigMap or Secret holds, and its hash. Owns the canonical form; the hash covers content only, so that a label
//! on the object rolls nothing.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::{Node, ObjectKey, Text, namespace_or_default};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512_256};

use super::HashError;
use super::config::ReloaderDigest;
use super::hex;
use crate::secret::CREATE_ONCE_ANNOTATION;

/// Bytes of the hash that are kept: 128 bits never collide by chance and keep annotations readable.
const HASH_BYTES: usize = 16;

/// Which kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
    /// What a volume of the Secrets Store CSI driver gets its files from.
    SecretProviderClass,
}

impl Kind {
    /// Every kind.
    pub(super) const ALL: [Self; 3] = [Self::ConfigMap, Self::Secret, Self::SecretProviderClass];

    /// As Kubernetes writes it.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
            Self::SecretProviderClass => "SecretProviderClass",
        }
    }

    /// In annotation names.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
            Self::SecretProviderClass => "secretproviderclass",
        }
    }
}

/// A ConfigMap or Secret by name; an object without a namespace is in `default`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Source {
    pub(super) kind: Kind,
    pub(super) namespace: Text,
    pub(super) name: Text,
}

/// A ConfigMap or Secret of the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Content<'a> {
    kind: Kind,
    node: &'a Node,
}

/// All ConfigMaps and Secrets of the list.
pub(super) fn index<'a>(items: impl Iterator<Item = &'a Node>) -> BTreeMap<Source, Content<'a>> {
    items
        .filter_map(|node| {
            let gvk = node.gvk();
            let kind = match gvk.kind.as_str() {
                "ConfigMap" if gvk.group.is_empty() => Kind::ConfigMap,
                "Secret" if gvk.group.is_empty() => Kind::Secret,
                "SecretProviderClass" if gvk.group == "secrets-store.csi.x-k8s.io" => Kind::SecretProviderClass,
                _ => return None,
            };
            let ObjectKey { namespace, name, .. } = node.key();
            Some((Source { kind, namespace: namespace_or_default(&namespace).into(), name }, Content { kind, node }))
        })
        .collect()
}

impl Content<'_> {
    /// An annotation of the ConfigMap or Secret itself.
    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        self.node.annotation(name)
    }

    /// Will only the cluster have all of the content?
    pub(super) fn is_made_once(&self) -> bool {
        self.annotation(CREATE_ONCE_ANNOTATION).is_some()
    }

    /// Hash over every key and its bytes, sorted by key; how a value is written (plain or base64) does not matter.
    pub(super) fn hash(&self) -> Result<String, HashError> {
        let mut digest = Sha256::new();
        if self.kind == Kind::SecretProviderClass {
            digest.update(self.spec().to_string());
        }
        for (key, value) in self.values()? {
            for part in [key.as_bytes(), &value] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        Ok(hex(&digest.finalize()[..HASH_BYTES]))
    }

    /// The value that Reloader puts into the environment variable of this object.
    pub(super) fn reloader_hash(&self, digest: ReloaderDigest) -> Result<String, HashError> {
        let joined = self.reloader_text()?;
        Ok(match digest {
            ReloaderDigest::Sha1 => hex(&Sha1::digest(&joined)),
            ReloaderDigest::Sha512_256 => hex(&Sha512_256::digest(&joined)),
        })
    }

    /// `key=value` of everything, sorted as whole texts, with `;` between. Binary data of ConfigMaps are base64 in it.
    fn reloader_text(&self) -> Result<Vec<u8>, HashError> {
        let binary = self.node.get("binaryData").filter(|_| self.kind == Kind::ConfigMap);
        let is_binary = |key: &str| binary.is_some_and(|binary| binary.get(key).is_some());
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for (key, value) in self.values()? {
            let value = if is_binary(key) { STANDARD.encode(value).into_bytes() } else { value };
            parts.push([key.as_bytes(), b"=", &value].concat());
        }
        parts.sort_unstable();
        Ok(parts.join(&b';'))
    }

    /// `spec` with all keys in order.
    fn spec(&self) -> Value {
        let spec = self.node.get("spec").and_then(|spec| krm::yaml::to_json(spec).ok());
        spec.map(sorted).unwrap_or_default()
    }

    fn values(&self) -> Result<BTreeMap<&str, Vec<u8>>, HashError> {
        // Later fields win, as in the API server, which writes `stringData` over `data`.
        let fields: &[(&str, bool)] = match self.kind {
            Kind::ConfigMap => &[("data", false), ("binaryData", true)],
            Kind::Secret => &[("data", true), ("stringData", false)],
            Kind::SecretProviderClass => &[],
        };
        let mut values = BTreeMap::new();
        for (field, encoded) in fields {
            let map = self.node.get(field).and_then(Node::as_map);
            for (key, value) in map.into_iter().flat_map(krm::Mapping::iter) {
                let text = value.as_str().unwrap_or_default();
                let bytes = if *encoded { self.decode(field, key, text)? } else { text.as_bytes().to_vec() };
                values.insert(key, bytes);
            }
        }
        Ok(values)
    }

    fn decode(&self, field: &str, key: &str, text: &str) -> Result<Vec<u8>, HashError> {
        // Line breaks within base64 are allowed, as Go's decoder ignores them.
        let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        STANDARD
            .decode(joined.as_bytes())
            .map_err(|_| HashError::NotBase64 { object: self.node.key(), field: format!("{field}.{key}") })
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let map: BTreeMap<String, Value> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(map.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Node {
        Node::Map(pairs.iter().map(|(k, v)| (*k, Node::string(*v))).collect())
    }

    fn hash(kind: Kind, fields: &[(&str, Node)]) -> Result<String, HashError> {
        let node = Node::Map(fields.iter().map(|(k, v)| (*k, v.clone())).collect());
        Content { kind, node: &node }.hash()
    }

    #[test]
    fn how_a_value_is_written_does_not_matter() {
        let encoded = hash(Kind::Secret, &[("data", map(&[("a", "aHVu\ndGVyMg=="), ("b", "")]))]);
        let plain = hash(Kind::Secret, &[("stringData", map(&[("b", ""), ("a", "hunter2")]))]);
        let over =
            hash(Kind::Secret, &[("data", map(&[("a", "eA=="), ("b", "")])), ("stringData", map(&[("a", "hunter2")]))]);
        assert_eq!(encoded, plain);
        assert_eq!(encoded, over);
    }

    #[test]
    fn a_border_between_key_and_value_cannot_move() {
        let one = hash(Kind::ConfigMap, &[("data", map(&[("ab", "c")]))]);
        let other = hash(Kind::ConfigMap, &[("data", map(&[("a", "bc")]))]);
        assert_ne!(one, other);
    }

    #[test]
    fn what_is_not_base64_is_named_and_not_shown() {
        let error = hash(Kind::Secret, &[("kind", Node::string("Secret")), ("data", map(&[("a", "hunter2!")]))]);
        let text = error.unwrap_err().to_string();
        assert!(text.contains("data.a") && !text.contains("hunter2"), "{text}");
    }

    /// What other code computed from a description of Reloader's values (`tests/oracle/reloader.py`).
    #[test]
    fn values_are_those_of_reloader() {
        let mut compared = 0;
        for line in include_str!("../../../fixtures/reloader/vectors.tsv").lines().filter(|line| !line.starts_with('#'))
        {
            let [object, variable, sha1, sha512_256] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let limits = krm::yaml::Limits::default();
            let node = krm::yaml::parse_documents(object, "", &limits).unwrap().remove(0).root;
            let sources = index([&node].into_iter());
            let (source, content) = sources.first_key_value().unwrap();
            assert_eq!(super::super::marks::variable_name(source.kind, &source.name), variable, "{line}");
            assert_eq!(content.reloader_hash(ReloaderDigest::Sha1).as_deref(), Ok(sha1), "{line}");
            assert_eq!(content.reloader_hash(ReloaderDigest::Sha512_256).as_deref(), Ok(sha512_256), "{line}");
            compared += 1;
        }
        assert_eq!(compared, 200);
    }
}
