//! `replicas`: counts by name.

use krm::{Mapping, Node};

use super::EditError;
use super::fields::{Fields, key_in, put};

/// The count that a resource gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaChange {
    /// The resource.
    pub name: String,
    /// How many.
    pub count: i64,
}

impl ReplicaChange {
    /// Reads `name=count`.
    ///
    /// # Errors
    /// It has another form, or the count is no number.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let parsed = || {
            let (name, count) = text.split_once('=')?;
            Some(Self { name: name.to_owned(), count: count.parse().ok()? })
        };
        parsed().ok_or_else(|| EditError::Argument { text: text.to_owned(), expected: "of the form `name=count`" })
    }
}

pub(super) fn set(fields: &mut Fields<'_>, changes: &[ReplicaChange]) {
    fields.change_named("replicas", changes, |change| &change.name, write);
}

fn write(item: &mut Mapping, change: &ReplicaChange) {
    let key = key_in(item, "count").unwrap_or_else(|| "count".to_owned());
    if item.get(&key) != Some(&Node::int(change.count)) {
        put(item, &key, Node::int(change.count));
    }
}
