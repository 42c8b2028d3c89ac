//! Metadata in formats without nesting: `age__list_0__map_enc=…`. Owns those names; must not know what metadata means.

use crate::sops::value::{Branch, Entry, Item, Value};

const MAP: &str = "__map_";
const LIST: &str = "__list_";
/// More entries than this no list of recipients has.
const ITEMS_MAX: usize = 1000;
/// Deeper than this no metadata is.
const DEPTH_MAX: usize = 16;

/// Names and texts of the leaves of `branch`, in order. Newlines are written `\n`, nothing is left out but nulls.
pub(super) fn flatten(branch: &Branch) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for entry in branch {
        if let Entry::Pair(key, value) = entry {
            flatten_value(key, value, &mut out);
        }
    }
    out
}

fn flatten_value(name: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Map(entries) => {
            for entry in entries {
                if let Entry::Pair(key, value) = entry {
                    flatten_value(&format!("{name}{MAP}{key}"), value, out);
                }
            }
        }
        Value::List(_) => {
            for (index, item) in value.as_list().into_iter().flatten().enumerate() {
                flatten_value(&format!("{name}{LIST}{index}"), item, out);
            }
        }
        leaf => {
            if let Some(text) = super::plain_text(leaf) {
                let text = String::from_utf8_lossy(text.expose()).replace('\n', "\\n");
                out.push((name.to_owned(), text));
            }
        }
    }
}

/// The tree whose leaves have these names. `None` if a name contradicts another or asks for too much.
pub(super) fn unflatten<'a>(leaves: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Branch> {
    let mut root = Value::Map(Vec::new());
    for (name, text) in leaves {
        let steps = steps(name)?;
        let mut node = &mut root;
        for step in &steps {
            node = step.enter(node)?;
        }
        *node = Value::text(text.replace("\\n", "\n"));
    }
    match root {
        Value::Map(branch) => Some(branch),
        _ => None,
    }
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

fn steps(name: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    let mut rest = name;
    let mut is_list = false;
    loop {
        let next = [MAP, LIST].into_iter().filter_map(|mark| rest.find(mark).map(|at| (at, mark))).min();
        let (at, mark) = next.unwrap_or((rest.len(), ""));
        let word = &rest[..at];
        steps.push(if is_list {
            Step::Index(word.parse().ok().filter(|&at| at < ITEMS_MAX)?)
        } else {
            Step::Key(word)
        });
        if mark.is_empty() {
            return Some(steps);
        }
        if steps.len() > DEPTH_MAX {
            return None;
        }
        is_list = mark == LIST;
        rest = &rest[at + mark.len()..];
    }
}

impl Step<'_> {
    /// The node one step further, made if it is not there; what is null becomes a collection.
    fn enter<'n>(&self, node: &'n mut Value) -> Option<&'n mut Value> {
        match self {
            Self::Key(key) => {
                if *node == Value::Null {
                    *node = Value::Map(Vec::new());
                }
                let Value::Map(entries) = node else { return None };
                let at = entries.iter().position(|entry| matches!(entry, Entry::Pair(name, _) if name == key));
                let at = at.unwrap_or_else(|| {
                    entries.push(Entry::Pair((*key).to_owned(), Value::Null));
                    entries.len() - 1
                });
                match &mut entries[at] {
                    Entry::Pair(_, value) => Some(value),
                    Entry::Comment(_) => None,
                }
            }
            Self::Index(index) => {
                if *node == Value::Null {
                    *node = Value::List(Vec::new());
                }
                let Value::List(items) = node else { return None };
                while items.len() <= *index {
                    items.push(Item::Value(Value::Null));
                }
                match &mut items[*index] {
                    Item::Value(value) => Some(value),
                    Item::Comment(_) => None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sops::value::find;

    #[test]
    fn names_hold_the_way() {
        let leaves = [("age__list_1__map_enc", "a\\nb"), ("age__list_0__map_recipient", "age1x"), ("mac", "ENC[")];
        let tree = unflatten(leaves).unwrap();
        let second = find(&tree, "age").unwrap().as_list().unwrap().nth(1).unwrap();
        assert_eq!(find(second.as_map().unwrap(), "enc").unwrap().as_str(), Some("a\nb"));
        let mut flat = flatten(&tree);
        flat.sort();
        let mut sorted = leaves.map(|(name, text)| (name.to_owned(), text.to_owned()));
        sorted.sort();
        assert_eq!(flat, sorted);
    }

    #[test]
    fn names_that_contradict_are_refused() {
        assert!(unflatten([("a", "x"), ("a__map_b", "y")]).is_none());
        assert!(unflatten([("a__list_0", "x"), ("a__map_b", "y")]).is_none());
        assert!(unflatten([("a__list_999999999", "x")]).is_none());
        assert!(unflatten([("a__list_x", "x")]).is_none());
        assert!(unflatten([("a__list_0".repeat(40).as_str(), "x")]).is_none());
    }
}
