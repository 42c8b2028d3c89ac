//! What a ConfigMap or Secret holds, and its hash. Owns the canonical form; the hash covers content only, so that a label
//! on the object rolls nothing.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::{Node, ObjectKey, Text};
use sha2::{Digest as _, Sha256};

use super::HashError;
use super::hex;

/// Bytes of the hash that are kept: 128 bits never collide by chance and keep annotations readable.
const HASH_BYTES: usize = 16;

/// Which kind of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    ConfigMap,
    Secret,
}

impl Kind {
    /// In annotation names.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
        }
    }
}

/// A ConfigMap or Secret by name.
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
                _ => return None,
            };
            let ObjectKey { namespace, name, .. } = node.key();
            Some((Source { kind, namespace, name }, Content { kind, node }))
        })
        .collect()
}

impl Content<'_> {
    /// An annotation of the ConfigMap or Secret itself.
    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        self.node.annotation(name)
    }

    /// Hash over every key and its bytes, sorted by key; how a value is written (plain or base64) does not matter.
    pub(super) fn hash(&self) -> Result<String, HashError> {
        let mut digest = Sha256::new();
        for (key, value) in self.values()? {
            for part in [key.as_bytes(), &value] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
        }
        Ok(hex(&digest.finalize()[..HASH_BYTES]))
    }

    fn values(&self) -> Result<BTreeMap<&str, Vec<u8>>, HashError> {
        // Later fields win, as in the API server, which writes `stringData` over `data`.
        let fields: [(&str, bool); 2] = match self.kind {
            Kind::ConfigMap => [("data", false), ("binaryData", true)],
            Kind::Secret => [("data", true), ("stringData", false)],
        };
        let mut values = BTreeMap::new();
        for (field, encoded) in fields {
            let map = self.node.get(field).and_then(Node::as_map);
            for (key, value) in map.into_iter().flat_map(krm::Mapping::iter) {
                let text = value.as_str().unwrap_or_default();
                let bytes = if encoded { self.decode(field, key, text)? } else { text.as_bytes().to_vec() };
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
}
