//! Which items of two lists are the same. Owns the keys by which Kubernetes' lists are told apart, for display; what is
//! merged how is the API server's business.

use serde_json::{Map, Value};

/// In order of preference: the first that tells all items of both lists apart is used.
const KEYS: [&[&str]; 11] = [
    &["name"],
    &["containerPort", "protocol"],
    &["containerPort"],
    &["port", "protocol"],
    &["port"],
    &["mountPath"],
    &["devicePath"],
    &["topologyKey"],
    &["host"],
    &["key"],
    &["ip"],
];

/// The keys of these lists' items, or none if the lists are values as a whole.
pub(super) fn of(before: &[Value], after: &[Value]) -> Option<&'static [&'static str]> {
    KEYS.into_iter().find(|names| tells_apart(before, names) && tells_apart(after, names))
}

fn tells_apart(items: &[Value], names: &[&str]) -> bool {
    let has = |item: &Value| {
        names
            .iter()
            .all(|name| item.get(name).is_some_and(|value| !value.is_object() && !value.is_array() && !value.is_null()))
    };
    let mut seen: Vec<Map<String, Value>> = Vec::with_capacity(items.len());
    for item in items {
        let key = keys(item, names);
        if !has(item) || seen.contains(&key) {
            return false;
        }
        seen.push(key);
    }
    true
}

/// One item's key.
pub(super) fn keys(item: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), item.get(name)?.clone()))).collect()
}
