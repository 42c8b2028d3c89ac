//! The hash that generated names end with. Owns what of a resource counts for it; must not rename anything.

use krm::yaml::{EmitError, to_json};
use krm::{Mapping, Node, Text};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::draft::Draft;

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
        write_string(&mut text, key);
        text.push(':');
        write_value(&mut text, value);
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

/// JSON as Go writes it: sorted keys, no blanks, `<`, `>` and `&` escaped.
fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, key);
                out.push(':');
                write_value(out, item);
            }
            out.push('}');
        }
        Value::Number(number) => write_number(out, number),
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
    }
}

/// Every number passes through a float, as in Go's untyped JSON: large integers lose digits.
fn write_number(out: &mut String, number: &serde_json::Number) {
    let Some(float) = number.as_f64() else { return out.push_str(&number.to_string()) };
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{float:e}");
        // Rust writes 1e21, Go 1e+21.
        out.push_str(&if size >= 1.0 { text.replace('e', "e+") } else { text });
    } else {
        out.push_str(&float.to_string());
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let digits =
                    [12, 8, 4, 0].map(|shift| char::from_digit((u32::from(c) >> shift) & 15, 16).expect("below 16"));
                out.push_str("\\u");
                out.extend(digits);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_go_does() {
        let mut out = String::new();
        write_string(&mut out, "a<b>&\"\\\n\u{1}\u{2028}é\u{7f}");
        assert_eq!(out, "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\n\\u0001\\u2028é\u{7f}\"");
    }
}
