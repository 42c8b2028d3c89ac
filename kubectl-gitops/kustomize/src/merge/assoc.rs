//! Lists with merge keys and lists that are sets. Owns which items meet, in which order they end up, and what kustomize does
//! with items that lack a key; the items themselves are merged by `walk`.
//!
//! Order of the result: items of the patch in the patch's order, then the object's others in theirs. Of several keys only
//! those count that some item of either list has, and an item without one of them is taken for the item that agrees in the
//! others (`containerPort: 80` for `containerPort: 80, protocol: TCP`).

use krm::node::Entry;
use krm::{Node, Scalar, Tag, Text};

use super::elements::{Id, Store, scalar_text, without_keys};
use super::error::MergeError;
use super::walk::{DIRECTIVE, Outcome, Walk};
use crate::fieldspec::set::quote_if_ambiguous;
use crate::schema::Type;

/// Only the object has the list.
pub(super) fn settle<'s>(
    walk: &mut Walk<'s>,
    element: Option<Type<'s>>,
    keys: &[&str],
    items: &mut Vec<Node>,
) -> Result<(), MergeError> {
    if keeps_its_order(keys, items) {
        for item in items {
            walk.settle(element, item)
                .map_err(|e| e.under(&step(keys, &[scalar_text(item.get(keys[0]).unwrap_or(item)).into()])))?;
        }
        return Ok(());
    }
    rebuild(walk, element, keys, items, Patch::None)
}

/// The list came from the patch and stands for both.
pub(super) fn adopt<'s>(
    walk: &mut Walk<'s>,
    element: Option<Type<'s>>,
    keys: &[&str],
    items: &mut Vec<Node>,
) -> Result<(), MergeError> {
    rebuild(walk, element, keys, items, Patch::Same)
}

/// Both have the list.
pub(super) fn merge<'s>(
    walk: &mut Walk<'s>,
    element: Option<Type<'s>>,
    keys: &[&str],
    items: &mut Vec<Node>,
    patch: Vec<Node>,
) -> Result<(), MergeError> {
    rebuild(walk, element, keys, items, Patch::Items(patch))
}

enum Patch {
    None,
    /// The object's own list.
    Same,
    Items(Vec<Node>),
}

/// Is every item a map with all keys, no two alike? Then walking it alone leaves the list's order and items as they are.
fn keeps_its_order(keys: &[&str], items: &[Node]) -> bool {
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    !keys.is_empty()
        && items.iter().all(|item| {
            let texts: Option<Vec<&str>> =
                keys.iter().map(|key| item.get(key)?.as_str().filter(|text| !text.is_empty())).collect();
            texts.is_some_and(|texts| seen.insert(texts))
        })
}

struct Lists {
    store: Store,
    dest: Vec<Id>,
    /// The patch's items; `None` if there is no patch or it is the same list.
    patch: Option<Vec<Id>>,
    same: bool,
}

fn rebuild<'s>(
    walk: &mut Walk<'s>,
    element: Option<Type<'s>>,
    keys: &[&str],
    items: &mut Vec<Node>,
    patch: Patch,
) -> Result<(), MergeError> {
    let mut store = Store::default();
    let dest = store.add(std::mem::take(items));
    let same = matches!(patch, Patch::Same);
    let patch = match patch {
        Patch::Items(patch) => Some(store.add(patch)),
        Patch::None | Patch::Same => None,
    };
    let mut lists = Lists { store, dest, patch, same };
    let wanted = lists.values(keys);
    let scalars = [""];
    let keys = if keys.is_empty() { &scalars[..] } else { keys };
    if wanted.is_empty() {
        *items = lists.store.take(&lists.dest);
        return Ok(());
    }
    let wanted = if keys.len() > 1 { merge_values(wanted) } else { wanted };
    let mut result: Vec<Id> = Vec::new();
    let mut valid_keys = Vec::new();
    for values in &wanted {
        let (keys, values) = valid(&wanted, values, keys);
        let made = lists.walk_item(walk, element, &keys, &values).map_err(|e| e.under(&step(&keys, &values)))?;
        match made.filter(|id| !is_empty(&lists.store.nodes[*id])) {
            Some(id) => {
                complete(&mut lists.store.nodes[id], &keys, &values)?;
                lists.store.set(&mut result, Some(id), &keys, &values)?;
            }
            // Once for each key, as there.
            None => keys.iter().try_for_each(|_| lists.store.set(&mut lists.dest, None, &keys, &values))?,
        }
        valid_keys = keys;
    }
    append(&lists, &mut result, &valid_keys)?;
    *items = lists.store.take(&result);
    Ok(())
}

fn is_empty(node: &Node) -> bool {
    node.is_null() || node.as_map().is_some_and(krm::Mapping::is_empty)
}

impl Lists {
    /// What identifies the items of both lists, each once, the patch's first.
    fn values(&self, keys: &[&str]) -> Vec<Vec<Text>> {
        let mut seen = std::collections::HashSet::new();
        let ids = self.patch.iter().flatten().chain(&self.dest);
        let all = ids.map(|id| match keys {
            [] => vec![Text::from(scalar_text(&self.store.nodes[*id]))],
            keys => self.store.values(*id, keys),
        });
        all.filter(|values| seen.insert(values.clone())).collect()
    }

    /// Merges the item with these values; answers where the result stands.
    fn walk_item<'s>(
        &mut self,
        walk: &mut Walk<'s>,
        element: Option<Type<'s>>,
        keys: &[&str],
        values: &[Text],
    ) -> Result<Option<Id>, MergeError> {
        // Keys for which this very item has no text are not asked for.
        let asked: Vec<(&str, Text)> =
            keys.iter().copied().zip(values.iter().cloned()).filter(|(_, value)| !value.is_empty()).collect();
        let (keys, values): (Vec<&str>, Vec<Text>) =
            if asked.is_empty() { (keys.to_vec(), values.to_vec()) } else { asked.into_iter().unzip() };
        let dest = self.store.find(&self.dest, &keys, &values);
        let patch = self.patch.as_ref().and_then(|list| self.store.find(list, &keys, &values));
        let nodes = &mut self.store.nodes;
        match (dest, patch) {
            (None, None) => Ok(None),
            (Some(id), None) => {
                let stays = if self.same {
                    walk.adopt(element, &mut nodes[id])?
                } else {
                    walk.settle(element, &mut nodes[id])?
                };
                Ok(stays.then_some(id))
            }
            (None, Some(id)) => {
                let made = walk.absorb(element, &nodes[id])?;
                elide(&mut nodes[id]);
                Ok(made.map(|node| {
                    nodes[id] = node;
                    id
                }))
            }
            (Some(dest), Some(patch)) => {
                let mut old = std::mem::replace(&mut nodes[dest], Node::null());
                let outcome = walk.merge(element, &mut old, &nodes[patch]);
                nodes[dest] = old;
                elide(&mut nodes[patch]);
                match outcome? {
                    Outcome::Dest => Ok(Some(dest)),
                    Outcome::Gone => Ok(None),
                    Outcome::Origin(node) => {
                        nodes[patch] = node;
                        Ok(Some(patch))
                    }
                }
            }
        }
    }
}

/// A directive is read once: an item that is met again has none.
fn elide(node: &mut Node) {
    if let Node::Map(map) = node
        && matches!(map.get(DIRECTIVE).map(scalar_text), Some("delete" | "replace" | "merge"))
    {
        map.remove(DIRECTIVE);
    }
}

/// Puts the keys that identify an item into it where it lacks them.
fn complete(node: &mut Node, keys: &[&str], values: &[Text]) -> Result<(), MergeError> {
    for (key, value) in keys.iter().zip(values).filter(|(_, value)| !value.is_empty()) {
        match node {
            Node::Map(map) if map.contains_key(key) => {}
            Node::Map(map) => {
                let mut scalar = Scalar::new(value.clone(), Tag::Unset);
                quote_if_ambiguous(&mut scalar);
                map.entries.push(Entry { key: Scalar::string(*key), value: Node::Scalar(scalar) });
            }
            Node::Scalar(scalar) if key.is_empty() => {
                let plain = scalar.style == krm::Style::Plain;
                scalar.text.clone_from(value);
                scalar.tag = if plain { Tag::Unset } else { Tag::Str };
            }
            other => return Err(without_keys(key, other)),
        }
    }
    Ok(())
}

/// Appends the object's items to the result, or puts them in the place of those with the same keys.
fn append(lists: &Lists, result: &mut Vec<Id>, keys: &[&str]) -> Result<(), MergeError> {
    for id in lists.dest.iter().copied() {
        let node = &lists.store.nodes[id];
        if keys.first().is_some_and(|key| key.is_empty()) {
            lists.store.set(result, Some(id), keys, &[scalar_text(node).into()])?;
            continue;
        }
        let mut values: Vec<Text> = Vec::with_capacity(keys.len());
        for key in keys {
            let found = match node {
                Node::Map(map) => map.get(key),
                null if null.is_null() => None,
                other => return Err(without_keys(key, other)),
            };
            match found {
                Some(value) => values.push(scalar_text(value).into()),
                None => result.push(id),
            }
        }
        if keys.len() > 1 {
            lists.store.set(result, None, keys, &values)?;
        }
        lists.store.set(result, Some(id), keys, &values)?;
    }
    Ok(())
}

/// The keys that some item has, with the item's values for them. All keys if no item has any.
fn valid<'k>(all: &[Vec<Text>], values: &[Text], keys: &[&'k str]) -> (Vec<&'k str>, Vec<Text>) {
    let used = |at: usize| all.iter().any(|values| values.get(at).is_some_and(|value| !value.is_empty()));
    let used: Vec<usize> = (0..keys.len()).filter(|at| used(*at)).collect();
    if used.is_empty() {
        return (keys.to_vec(), values.to_vec());
    }
    (used.iter().map(|at| keys[*at]).collect(), used.iter().filter_map(|at| values.get(*at).cloned()).collect())
}

/// Items that agree in one key and differ in others only by lacking them are one item.
fn merge_values(mut all: Vec<Vec<Text>>) -> Vec<Vec<Text>> {
    for i in 0..all.len() {
        let first = all[i].clone();
        for j in 0..all.len() {
            if let Some(merged) = agree(&first, &all[j]) {
                all[i].clone_from(&merged);
                all[j] = merged;
            }
        }
    }
    all
}

fn agree(a: &[Text], b: &[Text]) -> Option<Vec<Text>> {
    let mut common = false;
    let mut merged = Vec::with_capacity(a.len());
    for (a, b) in a.iter().zip(b) {
        if a == b {
            common = true;
        } else if !a.is_empty() && !b.is_empty() {
            return None;
        }
        merged.push(if a.is_empty() { b.clone() } else { a.clone() });
    }
    common.then_some(merged)
}

/// `[name=web]`, for messages.
fn step(keys: &[&str], values: &[Text]) -> String {
    let pairs: Vec<String> = keys.iter().zip(values).map(|(key, value)| format!("{key}={value}")).collect();
    format!("[{}]", pairs.join(","))
}
