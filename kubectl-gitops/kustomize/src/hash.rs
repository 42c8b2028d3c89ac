//! The hash that generated names end with. Owns what of a resource counts for it; must not rename anything.

use krm::yaml::{EmitError, to_json};
use krm::{Mapping, Node, Text};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::draft::Draft;
use crate::go_json::{self, Numbers};

const LENGTH: usize = 10;

/// The ten characters for this ConfigMap or Secret; `None` for other kinds.
///
/// # Errors
/// Its data has no JSON form.
pub fn of(draft: &Draft) -> Result<Option<Text>, EmitError> {
    let (kind, fields, optional): (&str, &[&str], &str) = match draft.kind() {
        "ConfigMap" => ("ConfigMap", &["data"], "binaryData"),
        "Secret" => ("Secret", &["data", "type"], "stringData"),
        _ => return Ok(None),
    };
    let mut entries = vec![("kind", Value::from(kind)), ("name", Value::from(""))];
    for field in fields {
        entries.push((*field, content(&draft.node, field)?));
    }
    if let Some(Node::Map(_)) = draft.node.get(optional) {
        entries.push((optional, content(&draft.node, optional)?));
    }
    entries.sort_by_key(|(key, _)| *key);
    let mut text = String::from("{");
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        go_json::write_string(&mut text, key);
        text.push(':');
        go_json::write(&mut text, value, Numbers::AsFloats);
    }
    text.push('}');
    Ok(Some(digest(&text)))
}

/// What a field counts as: a missing one is an empty text, a null the text it is written with.
fn content(root: &Node, field: &str) -> Result<Value, EmitError> {
    match root.get(field) {
        None => Ok(Value::from("")),
        Some(Node::Scalar(scalar)) => Ok(Value::from(scalar.text.as_str())),
        // Within a map of its own, so that an error names the field.
        Some(node) => {
            let alone: Mapping = [(field, node.clone())].into_iter().collect();
            let mut value = to_json(&Node::Map(alone))?;
            Ok(value.get_mut(field).map(Value::take).unwrap_or_default())
        }
    }
}

/// Ten hexadecimal digits, those that could make words replaced.
fn digest(text: &str) -> Text {
    let sum = Sha256::digest(text.as_bytes());
    let digits = sum.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.take(LENGTH).map(|digit| char::from(b"gh2k456789mbcdtf"[usize::from(digit)])).collect()
}
