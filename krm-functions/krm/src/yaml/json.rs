//! Trees from and to JSON values. Must not know YAML syntax.

use serde_json::Value as Json;

use super::emit_build::{is_cleared, no_value};
use super::error::EmitError;
use super::number::{Number, json_float, parse_number};
use super::value::{Value, effective_tag, value_of};
use crate::node::Entry;
use crate::{Mapping, Node, Scalar, Tag};

/// The JSON value of `node`; `top`: it is the whole document, whose keys may be other than strings.
pub(super) fn to_json(node: &Node, path: &str, top: bool) -> Result<Json, EmitError> {
    match node {
        Node::Scalar(scalar) => scalar_to_json(scalar, path),
        Node::Seq(seq) => {
            let item = |(index, node)| to_json(node, &format!("{path}[{index}]"), false);
            seq.items.iter().enumerate().map(item).collect::<Result<_, _>>().map(Json::Array)
        }
        Node::Map(map) => {
            let mut object = serde_json::Map::with_capacity(map.len());
            for entry in &map.entries {
                match effective_tag(&entry.key) {
                    Tag::Str if is_cleared(&entry.key) => continue,
                    Tag::Str => {}
                    Tag::Null if top && entry.key.text.is_empty() => continue,
                    tag if top && tag != Tag::Null && tag != Tag::Binary => {}
                    _ => {
                        let mut resolved = entry.key.clone();
                        resolved.tag = effective_tag(&resolved);
                        let found = Node::Scalar(resolved).kind_name();
                        let (path, key) = (path.to_owned(), entry.key.text.to_string());
                        return Err(EmitError::KeyNotString { path, key, found });
                    }
                }
                let path =
                    if path.is_empty() { entry.key.text.to_string() } else { format!("{path}.{}", entry.key.text) };
                object.insert(entry.key.text.to_string(), to_json(&entry.value, &path, false)?);
            }
            Ok(Json::Object(object))
        }
    }
}

fn scalar_to_json(scalar: &Scalar, path: &str) -> Result<Json, EmitError> {
    let value = value_of(scalar).map_err(|reason| no_value(reason, scalar, path.to_owned()))?;
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(value),
        Value::Number(number) => number_to_json(number),
        Value::Text(text) => Json::String(text.into_owned()),
    })
}

fn number_to_json(number: Number) -> Json {
    match number {
        Number::Int(int) => int.into(),
        Number::Uint(uint) => uint.into(),
        // A whole float is a whole number in Go's JSON.
        Number::Float(float) => match parse_number(&json_float(float)) {
            Some(Number::Int(int)) => int.into(),
            Some(Number::Uint(uint)) => uint.into(),
            _ => float.into(),
        },
    }
}

pub(super) fn from_json(value: &Json) -> Node {
    match value {
        Json::Null => Node::null(),
        Json::Bool(value) => Node::bool(*value),
        Json::Number(number) => {
            let tag = if number.is_f64() { Tag::Float } else { Tag::Int };
            Node::Scalar(Scalar::new(number.to_string(), tag))
        }
        Json::String(text) => Node::string(text.as_str()),
        Json::Array(items) => Node::seq(items.iter().map(from_json).collect()),
        Json::Object(object) => {
            let entry =
                |(key, value): (&String, &Json)| Entry { key: Scalar::string(key.as_str()), value: from_json(value) };
            Node::Map(Mapping { entries: object.iter().map(entry).collect(), ..Mapping::default() })
        }
    }
}
