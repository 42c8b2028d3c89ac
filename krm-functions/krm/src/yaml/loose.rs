//! A tree that go-yaml v2 read, as JSON: what `sigs.k8s.io/yaml` does with manifests. Owns YAML 1.1's values, which keys JSON
//! takes, and which of several of a name counts; must not know syntax.

use serde_json::Value as Json;

use super::emit_build::no_value;
use super::error::{EmitError, ParseError, Step};
use super::json::number_to_json;
use super::number::{Number, parse_number, yaml_float};
use super::resolve::{Dialect, is_special_float, is_v3_octal, resolve};
use super::value::{NoValue, Value, value_of};
use crate::node::Entry;
use crate::{Node, Scalar, Tag};

/// Text that is no YAML, or whose values JSON has not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LooseError {
    /// It is no YAML.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A value or a key that JSON has not.
    #[error(transparent)]
    Value(EmitError),
    /// Two keys of one map that are one in JSON, as `1` and `"1"`: Go takes either of their values, as chance will have it.
    #[error("two keys of a map, a text and another, are the same in JSON")]
    AmbiguousKey,
}

/// The JSON value of `node`.
pub(super) fn to_json(node: &Node) -> Result<Json, Box<LooseError>> {
    match node {
        Node::Scalar(scalar) => scalar_to_json(scalar),
        Node::Seq(seq) => {
            let mut items = Vec::with_capacity(seq.items.len());
            for (index, item) in seq.items.iter().enumerate() {
                items.push(to_json(item).map_err(|error| within(error, Step::Index(index)))?);
            }
            Ok(Json::Array(items))
        }
        Node::Map(map) => {
            let mut object = serde_json::Map::with_capacity(map.len());
            for Entry { key, value } in &map.entries {
                let name = key_text(key)?;
                let value = to_json(value).map_err(|error| within(error, Step::Key(&name)))?;
                let same =
                    |other: &Entry| other.key.tag != key.tag && key_text(&other.key).is_ok_and(|text| text == name);
                if object.contains_key(&name) && map.entries.iter().any(same) {
                    return Err(Box::new(LooseError::AmbiguousKey));
                }
                object.insert(name, value);
            }
            Ok(Json::Object(object))
        }
    }
}

fn scalar_to_json(scalar: &Scalar) -> Result<Json, Box<LooseError>> {
    Ok(match loose_value(scalar).map_err(|reason| refused(no_value(reason, scalar)))? {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(value),
        Value::Number(number) => number_to_json(number),
        Value::Text(text) => Json::String(text.into_owned()),
    })
}

/// The value of a scalar; where a tag is written, the text must be what it says.
fn loose_value(scalar: &Scalar) -> Result<Value<'_>, NoValue> {
    let text = scalar.text.as_str();
    match scalar.tag {
        Tag::Bool => match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Ok(Value::Bool(true)),
            _ if resolve(text, Dialect::V2) == Tag::Bool => Ok(Value::Bool(false)),
            _ => Err(NoValue::Mismatch("!!bool")),
        },
        // It is checked, and then stays the text that was written.
        Tag::Timestamp => value_of(scalar).map(|_| Value::Text(text.into())),
        Tag::Int | Tag::Float if is_v3_octal(text) => Err(NoValue::Mismatch("a number")),
        _ => value_of(scalar),
    }
}

/// A key's text: numbers as Go prints them, floats with the digits of a single.
fn key_text(key: &Scalar) -> Result<String, Box<LooseError>> {
    let not_a_text = |found| refused(EmitError::KeyNotString { path: String::new(), key: key.text.to_string(), found });
    if key.tag == Tag::Float && is_special_float(&key.text) {
        return Ok(key.text.trim_start_matches('+').to_ascii_lowercase());
    }
    match loose_value(key).map_err(|reason| refused(no_value(reason, key)))? {
        Value::Text(text) => Ok(text.into_owned()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(Number::Int(int)) => Ok(int.to_string()),
        Value::Number(Number::Float(float)) => Ok(single(float)),
        Value::Number(Number::Uint(_)) => Err(not_a_text("a number")),
        Value::Null => Err(not_a_text("null")),
    }
}

#[allow(clippy::unnecessary_box_returns)]
fn refused(error: EmitError) -> Box<LooseError> {
    Box::new(LooseError::Value(error))
}

/// Makes it the error of the collection that holds the place under `step`.
#[allow(clippy::unnecessary_box_returns)]
fn within(mut error: Box<LooseError>, step: Step<'_>) -> Box<LooseError> {
    if let LooseError::Value(error) = error.as_mut() {
        error.within(step);
    }
    error
}

/// The shortest spelling that reads as the same single.
fn single(float: f64) -> String {
    #[allow(clippy::cast_possible_truncation)]
    let single = float as f32;
    if single.is_infinite() {
        return if single > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    // The digits of a single, spelt as those of a double.
    match parse_number(&format!("{single:e}")) {
        Some(Number::Float(float)) => yaml_float(float),
        _ => single.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::yaml::{Limits, read_loose};

    fn json(text: &str) -> String {
        read_loose(text, "in", &Limits::default()).map_or_else(|error| error.to_string(), |json| json.to_string())
    }

    #[test]
    fn values_are_yaml_1_1() {
        for (text, expected) in [
            ("[yes, No, on, OFF, y, n, True]", "[true,false,true,false,true,false,true]"),
            ("[010, 0o17, 0x1F, 1_000, +1, 004]", "[8,15,31,1000,1,4]"),
            ("[1.50, 1e3, 12345678901234567890123]", "[1.5,1000,1.2345678901234568e+22]"),
            ("[~, null, '', \"\", 2024-01-02, 12:30:45]", "[null,null,\"\",\"\",\"2024-01-02\",\"12:30:45\"]"),
            ("[! '1', ! 1, !!str 123, !!int '3', !!float 3, !x y]", "[\"1\",\"1\",\"123\",3,3,\"y\"]"),
            ("[0o+7, !!timestamp 2024-01-02]", "[\"0o+7\",\"2024-01-02\"]"),
            ("!!int x", "the text cannot be decoded as !!int"),
            ("[.nan]", "[0]: `.nan` cannot be written as JSON"),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }

    #[test]
    fn keys_become_texts() {
        for (text, expected) in [
            (
                "{1: a, 0x10: b, 1.10: c, yes: d, 2024-01-02: e}",
                r#"{"1":"a","16":"b","1.1":"c","true":"d","2024-01-02":"e"}"#,
            ),
            (
                "{3.14159265358979: a, 1e6: b, 1e300: c, -.INF: d}",
                r#"{"3.1415927":"a","1e+06":"b",".inf":"c","-.inf":"d"}"#,
            ),
            ("{a: !!int x, a: 1}", "a: the text cannot be decoded as !!int"),
            ("{1: a, 01: b}", r#"{"1":"b"}"#),
            ("{1: a, '1': b}", "two keys of a map, a text and another, are the same in JSON"),
            ("{'~': a, ~: a}", "key `~` is null, only strings can be map keys"),
            ("{18446744073709551615: a}", "key `18446744073709551615` is a number, only strings can be map keys"),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }

    #[test]
    fn what_comes_later_wins() {
        assert_eq!(json("{a: 1, a: 2}"), r#"{"a":2}"#);
        let text = "b: &b {a: 1, c: 3}\nx: {a: 2, <<: *b}\nz: {<<: *b, a: 2}\n";
        assert_eq!(json(text), r#"{"b":{"a":1,"c":3},"x":{"a":1,"c":3},"z":{"a":2,"c":3}}"#);
        assert_eq!(json("x: {<<: [{a: 1}, {a: 2, b: 2}]}"), r#"{"x":{"a":1,"b":2}}"#);
    }
}
