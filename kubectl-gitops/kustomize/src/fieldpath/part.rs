//! One step of a path. Owns what kind of step a text is, and the patterns of list items.

use std::sync::OnceLock;

use krm::yaml::{emit_as_go, resolve_plain};
use krm::{Node, Scalar, Style, Tag};
use regex::Regex;

use crate::transform::pattern;

/// A step. What it is may depend on who asks: a lookup takes blanks off first, and knows `-`.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) way: Way,
}

/// What kind of step it is.
#[derive(Debug)]
pub(super) enum Way {
    /// A field of a map.
    Field,
    /// An item of a list by its number.
    Index(usize),
    /// A number below 0.
    Negative,
    /// `*`
    Every,
    /// `[field=value]`
    Item(ItemWay),
    /// Brackets without `=`.
    BadItem,
}

/// `[field=value]`; without a field the items themselves are compared.
#[derive(Debug)]
pub(super) struct ItemWay {
    pub(super) field: String,
    pub(super) value: String,
    pattern: OnceLock<Result<Pattern, String>>,
}

#[derive(Debug)]
enum Pattern {
    Text,
    Regex(Regex),
}

impl Part {
    pub(super) fn new(text: String) -> Self {
        Self { way: Way::of(&text), text }
    }
}

impl Way {
    fn of(text: &str) -> Self {
        if let Some(number) = number(text) {
            return usize::try_from(number).map_or(Self::Negative, Self::Index);
        }
        if text == "*" {
            return Self::Every;
        }
        if !(text.starts_with('[') && text.ends_with(']')) {
            return Self::Field;
        }
        let inside = text.strip_suffix(']').unwrap_or(text);
        let inside = inside.strip_prefix('[').unwrap_or(inside);
        match inside.split_once('=') {
            None => Self::BadItem,
            Some((field, value)) => {
                Self::Item(ItemWay { field: field.to_owned(), value: value.to_owned(), pattern: OnceLock::new() })
            }
        }
    }
}

/// A number as Go's `Atoi` takes it.
fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

impl ItemWay {
    /// Is the pattern found in the node, as it is printed?
    ///
    /// # Errors
    /// The value is no regular expression.
    pub(super) fn is_found_in(&self, node: &Node) -> Result<bool, String> {
        let pattern = self.pattern.get_or_init(|| {
            if self.value.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_:@-, ".contains(&b)) {
                Ok(Pattern::Text)
            } else {
                pattern::compile(&self.value).map(Pattern::Regex)
            }
        });
        let holds = |text: &str| match pattern {
            Ok(Pattern::Text) => Ok(text.contains(&self.value)),
            Ok(Pattern::Regex(regex)) => Ok(regex.is_match(text)),
            Err(problem) => Err(problem.clone()),
        };
        match node {
            Node::Scalar(scalar) if prints_as_it_is(scalar) => holds(&scalar.text),
            node => {
                let mut printed = String::new();
                emit_as_go(node, &mut printed).map_err(|error| error.to_string())?;
                holds(printed.trim())
            }
        }
    }
}

/// A short way round the printer, for nearly all names.
fn prints_as_it_is(scalar: &Scalar) -> bool {
    scalar.style == Style::Plain
        && scalar.extra.is_none()
        && scalar.text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b))
        && scalar.text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && (scalar.tag == Tag::Unset || resolve_plain(&scalar.text) == scalar.tag)
}
