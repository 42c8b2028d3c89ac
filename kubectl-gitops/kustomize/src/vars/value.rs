//! What a var stands for. Owns reading a field as a text, a number or a boolean, as Go reads them.

use krm::{Node, Scalar, Tag, Text};

use super::VarsError;
use crate::draft::Draft;
use crate::fieldpath::{Compared, Path};
use crate::go_number;

/// The value of a var.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A text, or whatever else is not told apart from one.
    Text(Text),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// A map or a list: it stands nowhere.
    Collection(&'static str),
}

impl Value {
    /// Reads a field.
    pub(super) fn read(name: &str, path: &Path, draft: &Draft) -> Result<Self, VarsError> {
        let (id, text) = (|| draft.id().to_string(), || path.text().to_owned());
        let refused = |source| VarsError::NoField { name: name.to_owned(), id: id(), path: text(), source };
        let found = path.lookup(&draft.node).map_err(refused)?;
        let Some((node, _)) = found else { return Err(refused(path.explain(&draft.node, Compared::Exactly))) };
        let Node::Scalar(scalar) = node else { return Ok(Self::Collection(node.kind_name())) };
        Self::of(scalar).map_err(|expected| VarsError::NotReadable {
            name: name.to_owned(),
            id: id(),
            path: text(),
            expected,
        })
    }

    /// The value of a scalar, or what it should be.
    fn of(scalar: &Scalar) -> Result<Self, &'static str> {
        let text = scalar.text.as_str();
        Ok(match scalar.tag {
            Tag::Int => Self::Int(whole(text).ok_or("a whole number in decimal digits")?),
            Tag::Float => Self::Float(float(text).ok_or("a decimal number")?),
            Tag::Bool => Self::Bool(boolean(text).ok_or("true or false")?),
            _ => Self::Text(scalar.text.clone()),
        })
    }

    /// Bytes that it takes, about.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Int(_) | Self::Float(_) | Self::Bool(_) => 8,
            Self::Collection(_) => 0,
        }
    }

    /// As it stands within a text.
    pub(super) fn shown(&self) -> Option<Text> {
        Some(match self {
            Self::Text(text) => text.clone(),
            Self::Int(value) => Text::from(value.to_string()),
            Self::Float(value) => go_number::float(*value).into(),
            Self::Bool(value) => Text::from(value.to_string()),
            Self::Collection(_) => return None,
        })
    }

    /// As it stands alone in a field: text and tag.
    pub(super) fn alone(&self) -> Option<(Text, Tag)> {
        Some(match self {
            Self::Text(text) => (text.clone(), Tag::Str),
            Self::Int(value) => (value.to_string().into(), Tag::Int),
            // Without an exponent, whatever its size.
            Self::Float(value) => (value.to_string().into(), Tag::Float),
            Self::Bool(value) => (value.to_string().into(), Tag::Bool),
            Self::Collection(_) => return None,
        })
    }
}

/// As Go's `Atoi`: a leading zero makes nothing octal, prefixes and underscores are refused.
fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// As Go's `ParseFloat`: underscores may stand between digits.
fn float(text: &str) -> Option<f64> {
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let between_digits = |at: usize| at > 0 && is_digit(at - 1) && is_digit(at + 1);
    let fits = text.match_indices('_').all(|(at, _)| between_digits(at));
    if fits { text.replace('_', "").parse().ok() } else { None }
}

/// As Go's `ParseBool`.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
