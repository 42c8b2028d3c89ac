//! `replicas`: counts by name.

use krm::{Mapping, Node};

use super::EditError;
use super::fields::{Fields, key_in, put, text_in};

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
    let mut items = fields.items("replicas");
    for (index, change) in changes.iter().enumerate() {
        if changes[index + 1..].iter().any(|later| later.name == change.name) {
            continue;
        }
        let is_it = |item: &Node| text_in(item, "name") == change.name;
        if let Some(first) = items.iter().position(is_it) {
            let mut position = 0..;
            items.retain(|item| position.next() == Some(first) || !is_it(item));
            if let Some(item) = items[first].as_map_mut() {
                let key = key_in(item, "count").unwrap_or_else(|| "count".to_owned());
                if item.get(&key) != Some(&Node::int(change.count)) {
                    put(item, &key, Node::int(change.count));
                }
            }
        } else {
            let mut item = Mapping::default();
            item.set("name", Node::string(change.name.as_str()));
            item.set("count", Node::int(change.count));
            items.push(Node::Map(item));
        }
    }
    fields.set_items("replicas", items);
}
