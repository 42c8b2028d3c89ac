//! New values brought into an object so that all else of it stays: order, styles and comments. Owns the comparison; must not
//! know where the values come from.

use std::collections::BTreeSet;

use krm::node::Entry;
use krm::{Mapping, Node, Scalar, Style};
use serde_json::Value as Json;

use super::round_trip::to_node;
use crate::substitution::place::{item, member};

/// A field that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Its path.
    pub(super) field: String,
    /// Both values are numbers.
    pub(super) number: bool,
}

/// `node`, whose value is `before`, with the value `after`.
pub(super) fn graft(node: Node, before: &Json, after: &Json, changes: &mut Vec<Change>) -> Node {
    value(node, before, after, "", changes)
}

fn value(node: Node, before: &Json, after: &Json, path: &str, changes: &mut Vec<Change>) -> Node {
    if before == after {
        return node;
    }
    match (node, before, after) {
        (Node::Map(map), Json::Object(before), Json::Object(after)) => {
            Node::Map(object(map, before, after, path, changes))
        }
        (Node::Seq(mut seq), Json::Array(before), Json::Array(after)) if seq.items.len() == before.len() => {
            for index in after.len()..before.len() {
                changes.push(Change { field: item(path, index), number: false });
            }
            let mut old = std::mem::take(&mut seq.items).into_iter();
            for (index, after) in after.iter().enumerate() {
                let path = item(path, index);
                seq.items.push(match (old.next(), before.get(index)) {
                    (Some(node), Some(before)) => value(node, before, after, &path, changes),
                    _ => added(after, path, changes),
                });
            }
            Node::Seq(seq)
        }
        (node, before, after) => {
            changes.push(Change { field: path.to_owned(), number: before.is_number() && after.is_number() });
            replaced(node, to_node(after))
        }
    }
}

fn object(
    mut map: Mapping,
    before: &serde_json::Map<String, Json>,
    after: &serde_json::Map<String, Json>,
    path: &str,
    changes: &mut Vec<Change>,
) -> Mapping {
    let mut entries = Vec::with_capacity(after.len());
    for entry in std::mem::take(&mut map.entries) {
        let name = entry.key.text.as_str();
        let path = member(path, name);
        match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) => {
                let value = value(entry.value, before, after, &path, changes);
                entries.push(Entry { key: entry.key, value });
            }
            (None, Some(after)) => entries.push(Entry { value: added(after, path, changes), key: entry.key }),
            (Some(_), None) => changes.push(Change { field: path, number: false }),
            (None, None) => {}
        }
    }
    if entries.len() < after.len() {
        let known: BTreeSet<&str> = entries.iter().map(|entry| entry.key.text.as_str()).collect();
        let mut rest: Vec<_> = after.iter().filter(|(name, _)| !known.contains(name.as_str())).collect();
        rest.sort_by_key(|(name, _)| *name);
        for (name, after) in rest {
            let value = added(after, member(path, name), changes);
            entries.push(Entry { key: Scalar::string(name.as_str()), value });
        }
    }
    map.entries = entries;
    map
}

fn added(after: &Json, field: String, changes: &mut Vec<Change>) -> Node {
    changes.push(Change { field, number: false });
    to_node(after)
}

/// A scalar in the place of another keeps its comments, and quotes if it is a text.
fn replaced(old: Node, new: Node) -> Node {
    let (Node::Scalar(old), Node::Scalar(mut new)) = (old, new.clone()) else { return new };
    let quoted = matches!(old.style, Style::SingleQuoted | Style::DoubleQuoted);
    if quoted && new.tag == krm::Tag::Str && new.style == Style::Plain {
        new.style = old.style;
    }
    new.mark = old.mark;
    new.extra = old.extra;
    if let Some(extra) = &mut new.extra {
        extra.tag = None;
        extra.shared = 0;
    }
    Node::Scalar(new)
}
