//! What a scalar means once it is printed and decoded again, as kustomize does before it writes a build.
//!
//! Owns the conversion of text and tag into JSON's values. Must not know output syntax.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::number::{Number, parse_number};
use super::resolve::{Dialect, is_base60, is_special_float, resolve};
use super::timestamp::{Timestamp, parse_timestamp};
use crate::{Scalar, Style, Tag};

/// A scalar's value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoValue {
    NotFinite,
    Mismatch(&'static str),
}

/// The tag that decides: of an unresolved scalar the one it would be read back with.
#[inline]
pub(super) fn effective_tag(scalar: &Scalar) -> Tag {
    match scalar.tag {
        Tag::Unset if scalar.style != Style::Plain || scalar.text.contains('\n') => Tag::Str,
        Tag::Unset => resolve(&scalar.text, Dialect::V3),
        tag => tag,
    }
}

/// The value of `scalar`.
#[inline]
pub(super) fn value_of(scalar: &Scalar) -> Result<Value<'_>, NoValue> {
    let text = scalar.text.as_str();
    match effective_tag(scalar) {
        Tag::Null => match resolve(text, Dialect::V3) {
            Tag::Null => Ok(Value::Null),
            _ => Err(NoValue::Mismatch("!!null")),
        },
        Tag::Bool => match text {
            "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
            _ => Err(NoValue::Mismatch("!!bool")),
        },
        Tag::Int => match number_of(text) {
            Some(number @ (Number::Int(_) | Number::Uint(_))) => Ok(Value::Number(number)),
            _ => Err(NoValue::Mismatch("!!int")),
        },
        Tag::Float => float_of(text),
        Tag::Timestamp => match parse_timestamp(text).and_then(Timestamp::to_rfc3339) {
            Some(time) => Ok(Value::Text(time.into())),
            None => Err(NoValue::Mismatch("!!timestamp")),
        },
        Tag::Binary => decode_base64(text).map(|t| Value::Text(t.into())).ok_or(NoValue::Mismatch("!!binary")),
        Tag::Str | Tag::Merge | Tag::Custom | Tag::Map | Tag::Seq | Tag::Unset => Ok(Value::Text(text.into())),
    }
}

/// What go-yaml v3 gives who asks for a value of any type.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded<'a> {
    /// `null`
    Null,
    /// A truth.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// One that is too large for that.
    Uint(u64),
    /// Any other number, infinite or none too.
    Float(f64),
    /// A time as RFC 3339.
    Time(String),
    /// Text.
    Text(&'a str),
    /// What `!!binary` holds.
    Bytes(Vec<u8>),
}

/// The value of `scalar`; `None` where its tag contradicts its text or is a foreign one.
pub fn decode_scalar(scalar: &Scalar) -> Option<Decoded<'_>> {
    let text = scalar.text.as_str();
    match effective_tag(scalar) {
        Tag::Timestamp => parse_timestamp(text).and_then(Timestamp::to_rfc3339).map(Decoded::Time),
        Tag::Binary => {
            let compact: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
            STANDARD.decode(compact).ok().map(Decoded::Bytes)
        }
        Tag::Float if is_special_float(text) => Some(Decoded::Float(match text.trim_start_matches(['+', '-']) {
            ".nan" | ".NaN" | ".NAN" => f64::NAN,
            _ if text.starts_with('-') => f64::NEG_INFINITY,
            _ => f64::INFINITY,
        })),
        Tag::Custom => None,
        _ => match value_of(scalar).ok()? {
            Value::Null => Some(Decoded::Null),
            Value::Bool(value) => Some(Decoded::Bool(value)),
            Value::Number(Number::Int(int)) => Some(Decoded::Int(int)),
            Value::Number(Number::Uint(uint)) => Some(Decoded::Uint(uint)),
            Value::Number(Number::Float(float)) => Some(Decoded::Float(float)),
            Value::Text(_) => Some(Decoded::Text(text)),
        },
    }
}

/// A text as go-yaml v3's encoder styles it: quoted where it would be read as something else, a literal where it has several lines.
pub fn encoded_string(text: &str) -> Scalar {
    let plain = resolve(text, Dialect::V3) == Tag::Str
        && text != "<<"
        && !is_base60(text)
        && resolve(text, Dialect::V2) != Tag::Bool;
    let style = match plain {
        _ if text.contains('\n') => Style::Literal,
        true => Style::Plain,
        false => Style::DoubleQuoted,
    };
    Scalar { style, ..Scalar::string(text) }
}

/// `text` as RFC 3339 with as many digits of the second as needed, if it is a time.
pub fn timestamp_rfc3339(text: &str) -> Option<String> {
    parse_timestamp(text).and_then(Timestamp::to_rfc3339)
}

fn number_of(text: &str) -> Option<Number> {
    // The common case first: a few decimal digits.
    match text.as_bytes() {
        [first @ b'1'..=b'9', rest @ ..] if rest.len() < 17 && rest.iter().all(u8::is_ascii_digit) => {
            let value = rest.iter().fold(i64::from(first - b'0'), |n, d| n * 10 + i64::from(d - b'0'));
            Some(Number::Int(value))
        }
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => parse_number(text),
        _ => None,
    }
}

fn float_of(text: &str) -> Result<Value<'static>, NoValue> {
    if is_special_float(text) {
        return Err(NoValue::NotFinite);
    }
    match number_of(text) {
        Some(Number::Int(int)) => {
            // As Go converts: to the nearest double.
            #[allow(clippy::cast_precision_loss)]
            let float = int as f64;
            Ok(Value::Number(Number::Float(float)))
        }
        Some(number @ Number::Float(_)) => Ok(Value::Number(number)),
        _ => Err(NoValue::Mismatch("!!float")),
    }
}

/// The bytes that base64 `text` spells, as text: what is no UTF-8 becomes U+FFFD byte by byte, as JSON in Go has it.
pub(super) fn decode_base64(text: &str) -> Option<String> {
    let bytes = STANDARD.decode(text.replace(['\r', '\n'], "")).ok()?;
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
    }
    Some(out)
}
