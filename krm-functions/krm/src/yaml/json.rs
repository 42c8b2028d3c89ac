//! Trees from and to JSON values. Must not know YAML syntax.

use serde_json::Value as Json;

use super::emit_build::{check_key, no_value, twin_key, within};
use super::error::{EmitError, Step};
use super::number::{Number, json_float, parse_number};
use super::value::{Value, value_of};
use crate::node::Entry;
use crate::{Mapping, Node, Scalar, Tag};

/// The JSON value of `node`; `top`: it is the whole document, whose keys may be other than strings.
pub(super) fn to_json(node: &Node, top: bool) -> Result<Json, Box<EmitError>> {
    match node {
        Node::Scalar(scalar) => scalar_to_json(scalar),
        Node::Seq(seq) => {
            let mut items = Vec::with_capacity(seq.items.len());
            for (index, item) in seq.items.iter().enumerate() {
                items.push(to_json(item, false).map_err(|error| within(error, Step::Index(index)))?);
            }
            Ok(Json::Array(items))
        }
        Node::Map(map) => {
            let mut object = serde_json::Map::with_capacity(map.len());
            for Entry { key, value } in &map.entries {
                if check_key(key, top)? {
                    let value = to_json(value, false).map_err(|error| within(error, Step::Key(&key.text)))?;
                    if object.insert(key.text.to_string(), value).is_some() {
                        return Err(Box::new(twin_key(map, key)));
                    }
                }
            }
            Ok(Json::Object(object))
        }
    }
}

fn scalar_to_json(scalar: &Scalar) -> Result<Json, Box<EmitError>> {
    Ok(match value_of(scalar).map_err(|reason| Box::new(no_value(reason, scalar)))? {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(value),
        Value::Number(number) => number_to_json(number),
        Value::Text(text) => Json::String(text.into_owned()),
    })
}

/// Every number as a double.
pub(super) fn round_numbers(value: &mut Json) {
    match value {
        Json::Null | Json::Bool(_) | Json::String(_) => {}
        Json::Number(number) => {
            if let Some(float) = number.as_f64() {
                *value = number_to_json(Number::Float(float));
            }
        }
        Json::Array(items) => items.iter_mut().for_each(round_numbers),
        Json::Object(object) => object.values_mut().for_each(round_numbers),
    }
}

pub(super) fn number_to_json(number: Number) -> Json {
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
