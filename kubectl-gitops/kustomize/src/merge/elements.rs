//! Items of a keyed list as kustomize handles them: by position in one store, so that "the same item" means the same node.
//! Owns finding, replacing and removing items by the text of their keys; must not know what merging is.

use krm::{Node, Text};

use super::error::{MergeError, MergeProblem};

/// Position of an item in the store.
pub(super) type Id = usize;

/// The items of both lists.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) nodes: Vec<Node>,
}

impl Store {
    /// Moves items in.
    pub(super) fn add(&mut self, items: Vec<Node>) -> Vec<Id> {
        let start = self.nodes.len();
        self.nodes.extend(items);
        (start..self.nodes.len()).collect()
    }

    /// The items of a list, taken out. An item that stands in it twice is copied.
    pub(super) fn take(mut self, list: &[Id]) -> Vec<Node> {
        let mut items: Vec<Node> = Vec::with_capacity(list.len());
        for (index, id) in list.iter().enumerate() {
            let item = match list[..index].iter().position(|earlier| earlier == id) {
                Some(earlier) => items[earlier].clone(),
                None => std::mem::replace(&mut self.nodes[*id], Node::null()),
            };
            items.push(item);
        }
        items
    }

    /// The text of each key in an item; empty where it is missing, empty or no scalar.
    pub(super) fn values(&self, id: Id, keys: &[&str]) -> Vec<Text> {
        keys.iter().map(|key| self.nodes[id].get(key).map(text_of).unwrap_or_default().into()).collect()
    }

    /// The first item of `list` that has all `values`; in a list of scalars the first with that text.
    pub(super) fn find(&self, list: &[Id], keys: &[&str], values: &[Text]) -> Option<Id> {
        list.iter().copied().find(|id| {
            let node = &self.nodes[*id];
            if keys.first().is_none_or(|key| key.is_empty()) {
                return values.first().is_some_and(|value| scalar_text(node) == value.as_str());
            }
            let map = node.as_map();
            map.is_some_and(|map| {
                keys.iter()
                    .zip(values)
                    .all(|(key, value)| map.get(key).is_some_and(|v| scalar_text(v) == value.as_str()))
            })
        })
    }

    /// Puts `with` in the place of every item of `list` that matches, at the end if there is none; takes them out if `with` is
    /// `None`. An empty text matches any value of a key that is there; without values nothing matches and nothing is kept.
    pub(super) fn set(
        &self,
        list: &mut Vec<Id>,
        with: Option<Id>,
        keys: &[&str],
        values: &[Text],
    ) -> Result<(), MergeError> {
        let wants_map = keys.first().is_some_and(|k| !k.is_empty()) && values.first().is_some_and(|v| !v.is_empty());
        let mut kept = Vec::with_capacity(list.len() + 1);
        let mut found = false;
        for id in list.iter().copied() {
            let node = &self.nodes[id];
            if node.is_null() || node.as_map().is_some_and(krm::Mapping::is_empty) {
                continue;
            }
            if wants_map && node.as_map().is_none() {
                kept.push(id);
                continue;
            }
            if matches(node, keys, values)? {
                found = true;
                kept.extend(with);
            } else if !values.is_empty() {
                kept.push(id);
            }
        }
        if let Some(with) = with
            && !found
            && !self.nodes[with].is_null()
        {
            kept.push(with);
        }
        *list = kept;
        Ok(())
    }
}

fn matches(node: &Node, keys: &[&str], values: &[Text]) -> Result<bool, MergeError> {
    // Only keys that have a value are looked at; if none has, nothing was found.
    let mut found = false;
    for (key, value) in keys.iter().zip(values) {
        found = has(node, key, value)?;
        if !found {
            return Ok(false);
        }
    }
    Ok(found)
}

fn has(node: &Node, key: &str, value: &str) -> Result<bool, MergeError> {
    if key.is_empty() {
        return match node {
            Node::Scalar(scalar) => Ok(scalar.text == value),
            _ => Err(without_keys(key, node)),
        };
    }
    let Node::Map(map) = node else { return Err(without_keys(key, node)) };
    Ok(map.get(key).is_some_and(|found| value.is_empty() || scalar_text(found) == value))
}

pub(super) fn without_keys(key: &str, node: &Node) -> MergeError {
    MergeError::new(MergeProblem::ItemWithoutKeys { key: key.to_owned(), found: node.kind_name() })
}

/// The text of a scalar, a null's too; empty for a collection.
pub(super) fn scalar_text(node: &Node) -> &str {
    match node {
        Node::Scalar(scalar) => &scalar.text,
        _ => "",
    }
}

/// The text of a scalar that is no null.
fn text_of(node: &Node) -> &str {
    node.as_str().unwrap_or_default()
}
