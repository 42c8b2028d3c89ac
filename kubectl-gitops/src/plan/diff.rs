//! What changes in an object, field by field. Owns the comparison by meaning: list items are the same by their identity, not
//! by their place. Only data; the rendering is `report`'s.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::ObjectKey;
use serde_json::{Map, Value};

use super::desired::is_secret;
use super::live::Live;
use super::mask::{Shown, quiet};
use super::{identity, path, secret};
use crate::inventory::digest::fieldsv1_child;

/// Deeper nesting than any API server stores is compared as a whole.
const DEPTH_MAX: usize = 100;

/// One changed field.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where, as people read it: `spec.template.spec.containers[name=web].image`.
    pub path: String,
    /// What it was; none if it is new.
    pub before: Option<Shown>,
    /// What it will be; none if it goes.
    pub after: Option<Shown>,
    /// Somebody changed it in the cluster, and this puts it back.
    pub drift: Option<Drift>,
    /// Its place in the object before, as a JSON pointer; what it is compared with managedFields by.
    pointer: Option<String>,
}

/// Who changed a field behind our back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The field manager.
    pub manager: String,
    /// When it last changed anything, RFC 3339; empty if unknown.
    pub time: String,
}

/// All that changes in one object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diff {
    /// In the order of the fields.
    pub changes: Vec<Change>,
    /// Fields that stay.
    pub unchanged: usize,
}

impl Diff {
    /// Nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Compares the live object with what it will be: the answer to a dry run, or [`expected`].
pub fn diff(key: &ObjectKey, before: &Value, after: &Value) -> Diff {
    let mut comparison = Comparison { diff: Diff::default(), masks: is_secret(key) };
    let (mut before, mut after) = (quiet(before), quiet(after));
    if comparison.masks {
        for object in [&mut before, &mut after] {
            decode(object);
        }
    }
    let root = At { path: String::new(), pointer: Some(String::new()), depth: 0 };
    comparison.compare(&root, Some(&before), Some(&after));
    comparison.diff
}

/// Names who made the changes that this takes back: fields that another manager owns and we do not.
pub fn attribute(diff: &mut Diff, live: &Live) {
    let object = live.object();
    let ours: BTreeSet<String> = live.our_fields().map(|ours| owned_pointers(ours.fields, object)).unwrap_or_default();
    for change in &mut diff.changes {
        let Some(pointer) = &change.pointer else { continue };
        if owns(&ours, pointer) {
            continue;
        }
        let others = live.managers().into_iter().filter(|m| !m.is_ours() && m.subresource != "status");
        let owner = others.filter(|m| owns(&owned_pointers(m.fields, object), pointer)).max_by_key(|m| m.time);
        change.drift = owner.map(|m| Drift { manager: m.name.to_owned(), time: m.time.to_owned() });
    }
}

/// Does a set of owned places hold this one, something above it, or something in it?
fn owns(owned: &BTreeSet<String>, pointer: &str) -> bool {
    let inside = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    owned.iter().any(|place| place == pointer || inside(place, pointer) || inside(pointer, place))
}

/// Leaves of a field set as JSON pointers into the object.
fn owned_pointers(fields: &Value, object: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(fields, object, "", &mut found);
    found
}

fn collect(fields: &Value, value: &Value, at: &str, found: &mut BTreeSet<String>) {
    for (step, below) in fields.as_object().into_iter().flatten() {
        let Some(child) = fieldsv1_child(value, step) else { continue };
        let place = match value {
            Value::Array(items) => {
                items.iter().position(|item| std::ptr::eq(item, child)).map(|index| index.to_string())
            }
            _ => step.strip_prefix("f:").map(escape),
        };
        let Some(place) = place.map(|place| format!("{at}/{place}")) else { continue };
        if below.as_object().is_some_and(|map| !map.is_empty()) {
            collect(below, child, &place, found);
        } else {
            found.insert(place);
        }
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A place in both objects.
#[derive(Debug, Clone)]
struct At {
    path: String,
    /// In the object before, while it is the stored one's.
    pointer: Option<String>,
    depth: usize,
}

impl At {
    fn member(&self, name: &str) -> Self {
        let pointer = self.pointer.as_ref().map(|pointer| format!("{pointer}/{}", escape(name)));
        Self { path: path::member(&self.path, name), pointer, depth: self.depth + 1 }
    }

    fn item(&self, keys: &Map<String, Value>, index: Option<usize>) -> Self {
        let pointer = self.pointer.as_ref().zip(index).map(|(pointer, index)| format!("{pointer}/{index}"));
        Self { path: path::item(&self.path, keys), pointer, depth: self.depth + 1 }
    }
}

struct Comparison {
    diff: Diff,
    masks: bool,
}

impl Comparison {
    fn compare(&mut self, at: &At, before: Option<&Value>, after: Option<&Value>) {
        let (before, after) = (present(before), present(after));
        match (before, after) {
            (None, None) => {}
            (Some(before), Some(after)) if before == after => self.diff.unchanged += leaves(before),
            (Some(Value::Object(before)), Some(Value::Object(after))) if at.depth < DEPTH_MAX => {
                self.members(at, before, after);
            }
            // Each value of a Secret is masked by itself, even if all of them come or go.
            (Some(Value::Object(data)), None) if self.is_data(at) => self.members(at, data, &Map::new()),
            (None, Some(Value::Object(data))) if self.is_data(at) => self.members(at, &Map::new(), data),
            (Some(Value::Array(before)), Some(Value::Array(after))) if at.depth < DEPTH_MAX => {
                self.items(at, before, after);
            }
            (before, after) => self.changed(at, before, after),
        }
    }

    fn members(&mut self, at: &At, before: &Map<String, Value>, after: &Map<String, Value>) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            self.compare(&at.member(name), before.get(name), after.get(name));
        }
    }

    fn items(&mut self, at: &At, before: &[Value], after: &[Value]) {
        let Some(names) = identity::of(before, after) else {
            let whole = |items: &[Value]| Value::Array(items.to_vec());
            return self.changed(at, Some(&whole(before)), Some(&whole(after)));
        };
        for (index, item) in before.iter().enumerate() {
            let keys = identity::keys(item, names);
            let other = after.iter().find(|other| identity::keys(other, names) == keys);
            self.compare(&at.item(&keys, Some(index)), Some(item), other);
        }
        for item in after {
            let keys = identity::keys(item, names);
            if !before.iter().any(|other| identity::keys(other, names) == keys) {
                self.compare(&at.item(&keys, None), None, Some(item));
            }
        }
    }

    fn changed(&mut self, at: &At, before: Option<&Value>, after: Option<&Value>) {
        let masked = self.masks && (at.path == "data" || at.path.starts_with("data.") || at.path.starts_with("data["));
        let shown = |value: &Value| {
            if masked { Shown::Masked { bytes: decoded_len(value) } } else { Shown::Value(value.clone()) }
        };
        self.diff.changes.push(Change {
            path: at.path.clone(),
            before: before.map(shown),
            after: after.map(shown),
            drift: None,
            pointer: at.pointer.clone().filter(|_| before.is_some()),
        });
    }

    fn is_data(&self, at: &At) -> bool {
        self.masks && at.path == "data"
    }
}

/// Null means absent in what is applied, and is never stored.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// Fields that are values themselves.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(map) if !map.is_empty() => map.values().map(leaves).sum(),
        Value::Array(items) if !items.is_empty() => items.iter().map(leaves).sum(),
        _ => 1,
    }
}

/// One spelling for what a Secret holds: all of it under `data`, in base64.
fn decode(secret: &mut Value) {
    let data = secret::data(secret);
    let top = secret.as_object_mut().expect("quiet keeps an object an object");
    top.shift_remove("stringData");
    top.shift_remove("data");
    if !data.is_empty() {
        let spelled = data.into_iter().map(|(name, value)| (name, Value::String(STANDARD.encode(value)))).collect();
        top.insert("data".to_owned(), Value::Object(spelled));
    }
}

fn decoded_len(value: &Value) -> usize {
    STANDARD.decode(value.as_str().unwrap_or_default()).map_or(0, |bytes| bytes.len())
}

#[cfg(test)]
#[path = "tests/diffs.rs"]
mod tests;
