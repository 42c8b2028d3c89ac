//! Digests that decide whether anything changed. Owns [`Digest`], the hash of a manifest and the digest of the live values
//! we own. Must not see Secrets: their values are guessable, so callers compare them instead of storing a digest.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::given;

/// The first 96 bits of a SHA-256: accidental collisions are out of reach, and 12 000 entries stay small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 12]);

/// The text is not 24 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a digest of 24 hexadecimal digits")]
pub struct ParseDigestError;

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        from_hex::<12>(text).map(Self).ok_or(ParseDigestError)
    }
}

/// Exactly `N` bytes of lower-case hexadecimal.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

/// Hash of a manifest as it is sent, whatever the order of its keys.
pub fn desired_hash(manifest: &Value) -> Digest {
    let mut sink = Sink(Sha256::new());
    canonical(manifest, &mut sink);
    sink.finish()
}

/// Feeds a hash. Every token ends or starts with a byte that cannot continue it, so that no two values feed the same bytes.
pub(super) struct Sink(pub(super) Sha256);

impl Sink {
    pub(super) fn text(&mut self, text: &str) {
        // JSON quoting makes the end of a string unambiguous.
        self.0.update(serde_json::to_string(text).expect("a string has a JSON form").as_bytes());
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> Digest {
        let full = self.0.finalize();
        let mut bytes = [0; 12];
        bytes.copy_from_slice(&full[..12]);
        Digest(bytes)
    }
}

/// Canonical JSON: sorted keys, no spaces.
pub(super) fn canonical(value: &Value, sink: &mut Sink) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            sink.raw(b"{");
            for key in keys {
                sink.text(key);
                sink.raw(b":");
                canonical(&map[key], sink);
                sink.raw(b",");
            }
            sink.raw(b"}");
        }
        Value::Array(items) => {
            sink.raw(b"[");
            for item in items {
                canonical(item, sink);
                sink.raw(b",");
            }
            sink.raw(b"]");
        }
        Value::String(text) => sink.text(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => sink.raw(value.to_string().as_bytes()),
    }
}

/// Digest of the live values under our own managedFields entry, with the path set and the entry's apiVersion.
///
/// It is taken from the answer to an apply and from every later LIST, so it compares live with live: defaulting, quantity
/// spelling and mutating webhooks cancel out, fields of others never enter, and lost ownership changes the path set.
/// Of a Secret only the path set is digested, never a value, which could be guessed: who changes a value of ours takes it
/// from us, and that changes the path set.
/// Of fields that the object gives away only their presence is digested: whoever owns them now, and whatever they hold.
/// `None` when we own nothing of the object.
pub fn live_digest(object: &Value) -> Option<Digest> {
    let entry = our_entry(object)?;
    let mut sink = Sink(Sha256::new());
    sink.text(entry.get("apiVersion").and_then(Value::as_str).unwrap_or_default());
    let given = given::values(object);
    for value in &given {
        sink.raw(if value.is_some() { b"+" } else { b"-" });
    }
    let walk = Walk { given: given.into_iter().flatten().collect(), values: !is_secret(object) };
    walk.owned(entry.get("fieldsV1")?, Some(object), &mut sink);
    Some(sink.finish())
}

fn is_secret(object: &Value) -> bool {
    object.get("kind").is_some_and(|kind| kind == "Secret")
        && object.get("apiVersion").is_some_and(|version| version == "v1")
}

/// Our Apply entry on the object itself (not on a subresource).
fn our_entry(object: &Value) -> Option<&Value> {
    let text = |entry: &Value, field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    object.pointer("/metadata/managedFields")?.as_array()?.iter().find(|entry| {
        text(entry, "manager") == super::marks::FIELD_MANAGER
            && text(entry, "operation") == "Apply"
            && text(entry, "subresource").is_empty()
    })
}

/// A walk over a field set beside the value it speaks of. A leaf (`{}`) stands for the whole value, atomic lists and maps
/// included.
struct Walk<'v> {
    /// What is passed over.
    given: Vec<&'v Value>,
    /// Are values digested, or their paths only?
    values: bool,
}

impl Walk<'_> {
    fn owned(&self, fields: &Value, value: Option<&Value>, sink: &mut Sink) {
        let Some(members) = fields.as_object() else { return };
        let mut steps: Vec<&String> = members.keys().collect();
        steps.sort_unstable();
        sink.raw(b"{");
        for step in steps {
            let child = value.and_then(|value| fieldsv1_child(value, step));
            let below = &members[step];
            if self.is_given(below, child) {
                continue;
            }
            sink.text(step);
            if step == "." {
                sink.raw(if self.values && value.is_some() { b"+" } else { b"-" });
                continue;
            }
            if below.as_object().is_some_and(|map| !map.is_empty()) {
                self.owned(below, child, sink);
            } else if let Some(child) = child.filter(|_| self.values) {
                sink.raw(b"=");
                canonical(child, sink);
            } else {
                sink.raw(b"-");
            }
            sink.raw(b",");
        }
        sink.raw(b"}");
    }

    /// Is the field given away, or all that a field set has in it?
    fn is_given(&self, fields: &Value, value: Option<&Value>) -> bool {
        let Some(value) = value.filter(|_| !self.given.is_empty()) else { return false };
        let below = |map: &serde_json::Map<String, Value>| {
            !map.is_empty() && map.iter().all(|(step, fields)| self.is_given(fields, fieldsv1_child(value, step)))
        };
        self.given.iter().any(|given| std::ptr::eq(*given, value)) || fields.as_object().is_some_and(below)
    }
}

/// The value that one step of a field set leads to: `f:` member, `k:` item by its keys, `v:` member of a set, `i:` index.
pub(crate) fn fieldsv1_child<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    let (kind, rest) = step.split_once(':')?;
    match kind {
        "f" => value.get(rest),
        "k" => {
            let keys: Value = serde_json::from_str(rest).ok()?;
            let keys = keys.as_object()?;
            let same = |item: &&Value| {
                keys.iter().all(|(name, wanted)| item.get(name) == Some(wanted) || is_default_key(item, name, wanted))
            };
            value.as_array()?.iter().find(same)
        }
        "v" => {
            let wanted: Value = serde_json::from_str(rest).ok()?;
            value.as_array()?.iter().find(|item| **item == wanted)
        }
        "i" => value.as_array()?.get(rest.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The one key of a list map that manifests may leave out: the server fills it in before it names the item.
fn is_default_key(item: &Value, name: &str, wanted: &Value) -> bool {
    name == "protocol" && wanted == "TCP" && item.get(name).is_none()
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
