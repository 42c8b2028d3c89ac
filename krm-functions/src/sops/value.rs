//! The tree that every SOPS format is read into: typed leaves, lists, maps, and comments as entries among them. Owns its shape and
//! that nothing of it is shown or stays in memory; must not know any format.

use std::fmt;

use krm::Masked;

/// A leaf or a collection.
#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    /// Nothing; never encrypted.
    Null,
    /// Text, which need not be UTF-8.
    Text(Masked<Vec<u8>>),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A truth.
    Bool(bool),
    /// A time as RFC 3339.
    Time(String),
    /// A list.
    List(Vec<Item>),
    /// A map in the author's order.
    Map(Branch),
}

/// A map in the author's order.
pub(crate) type Branch = Vec<Entry>;

/// What stands in a list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// A line of comment before what follows.
    Comment(Comment),
    /// An item.
    Value(Value),
}

/// What stands in a map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    /// A line of comment before what follows.
    Comment(Comment),
    /// A pair.
    Pair(String, Value),
}

/// A line of comment, without the sign it starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// Its text, which may be a secret.
    pub(crate) text: Masked<String>,
    /// Does it stand behind the value that follows, on its line?
    pub(crate) inline: bool,
    /// Did it stand among items as if it were one? SOPS writes encrypted comments of lists so.
    pub(crate) was_item: bool,
}

impl Comment {
    /// A line of its own.
    pub(crate) fn line(text: impl Into<String>) -> Self {
        Self { text: Masked::new(text.into()), inline: false, was_item: false }
    }
}

impl Value {
    /// A text.
    pub(crate) fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::Text(Masked::new(text.into()))
    }

    /// The text, if it is one and UTF-8.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text.expose()).ok(),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    pub(crate) fn as_map(&self) -> Option<&Branch> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The values of a list, if it is one.
    pub(crate) fn as_list(&self) -> Option<impl Iterator<Item = &Value>> {
        let Self::List(items) = self else { return None };
        Some(items.iter().filter_map(|item| match item {
            Item::Value(value) => Some(value),
            Item::Comment(_) => None,
        }))
    }

    /// What it is, for messages.
    pub(crate) const fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Text(_) => "a text",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Bool(_) => "a boolean",
            Self::Time(_) => "a time",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// The value under `key`.
pub(crate) fn find<'a>(branch: &'a Branch, key: &str) -> Option<&'a Value> {
    branch.iter().find_map(|entry| match entry {
        Entry::Pair(name, value) if name == key => Some(value),
        _ => None,
    })
}

/// Says what it is, never what it holds.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(entries) => f.debug_list().entries(entries).finish(),
            leaf => f.write_str(leaf.kind_name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_shape_only() {
        let tree = Value::Map(vec![
            Entry::Comment(Comment::line("s3cret remark")),
            Entry::Pair(
                "a".into(),
                Value::List(vec![Item::Value(Value::text("s3cret")), Item::Value(Value::Int(4711))]),
            ),
        ]);
        let shown = format!("{tree:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("4711"), "{shown}");
        assert!(shown.contains("a text"), "{shown}");
    }
}
