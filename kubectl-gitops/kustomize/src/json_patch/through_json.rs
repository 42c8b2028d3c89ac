//! What an object looks like after it went to JSON and back: every number a double, every scalar tagged and quoted as
//! go-yaml writes it, no comments, no twins. Owns that; done in place, since objects may be large.

use krm::yaml::{EmitError, resolve_plain, to_json};
use krm::{Node, Scalar, Style, Tag, Text};
use serde_json::Value;

use super::number;
use crate::fieldspec::set::quote_if_ambiguous;

/// The object has no JSON form.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the object cannot be written as JSON")]
pub struct NotJson(#[from] EmitError);

pub(super) fn normalise(node: &mut Node) -> Result<(), NotJson> {
    match node {
        Node::Scalar(scalar) => normalise_scalar(scalar),
        Node::Seq(seq) => seq.items.iter_mut().try_for_each(normalise),
        Node::Map(map) => map.entries.iter_mut().try_for_each(|entry| normalise(&mut entry.value)),
    }
}

fn normalise_scalar(scalar: &mut Scalar) -> Result<(), NotJson> {
    let new = match scalar.tag {
        Tag::Str | Tag::Merge => text(std::mem::take(&mut scalar.text)),
        Tag::Null => Scalar::new("null", Tag::Null),
        // Left as they are: the output makes the same of them.
        Tag::Custom | Tag::Map | Tag::Seq => {
            if let Some(extra) = &mut scalar.extra {
                extra.shared = 0;
            }
            return Ok(());
        }
        Tag::Int if is_small(&scalar.text) => Scalar::new(scalar.text.clone(), Tag::Int),
        Tag::Unset | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp | Tag::Binary => {
            match to_json(&Node::Scalar(scalar.clone()))? {
                Value::Null => Scalar::new("null", Tag::Null),
                Value::Bool(true) => Scalar::new("true", Tag::Bool),
                Value::Bool(false) => Scalar::new("false", Tag::Bool),
                Value::Number(value) => number::scalar(value.as_f64().unwrap_or_default()),
                Value::String(long) => text(long.into()),
                Value::Array(_) | Value::Object(_) => text(std::mem::take(&mut scalar.text)),
            }
        }
    };
    *scalar = Scalar { mark: scalar.mark, ..new };
    Ok(())
}

/// Decimal digits that a double holds and `%g` spells in the same way.
fn is_small(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.len() < 7 && bytes.iter().all(u8::is_ascii_digit) && (bytes.len() == 1 || bytes.first() != Some(&b'0'))
}

/// A text in the style in which go-yaml would have written it. What is put over it later takes that style on.
fn text(text: Text) -> Scalar {
    let mut new = Scalar::string(text);
    if new.text.is_empty() || is_clock(&new.text) || resolve_plain(&new.text) == Tag::Timestamp {
        new.style = Style::DoubleQuoted;
    } else if new.text.contains('\n') {
        new.style = Style::Literal;
    } else {
        quote_if_ambiguous(&mut new);
        if new.style == Style::Plain && cannot_be_plain(&new.text) {
            new.style = Style::SingleQuoted;
        }
    }
    new
}

/// `12:30`, a number to the base of 60 in YAML 1.1.
fn is_clock(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let last = rest.len().saturating_sub(1);
    !rest.is_empty()
        && digits(first)
        && rest.iter().enumerate().all(|(at, part)| {
            let whole = if at == last { part.split_once('.').map_or(*part, |(whole, _)| whole) } else { part };
            digits(whole) && whole.parse::<u8>().is_ok_and(|number| number < 60)
        })
}

/// Signs that end a plain scalar, or cannot begin one.
fn cannot_be_plain(text: &str) -> bool {
    let first_bad =
        text.starts_with(['!', '&', '*', '|', '>', '%', '@', '`', '\'', '"', '#', ',', '[', ']', '{', '}', ' ']);
    let indicator = text.starts_with("- ") || text.starts_with("? ") || text.starts_with(": ");
    first_bad || indicator || text.ends_with([' ', ':']) || text.contains(": ") || text.contains(" #")
}
