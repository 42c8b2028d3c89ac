//! Server-side apply, simplified: fields are paths of maps, a list is one value. Owns who owns which field.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

type Path = Vec<String>;

/// What an apply leads to.
pub(super) enum Outcome {
    Changed(Value),
    Same,
    /// Paths that others own with other values.
    Conflict(Vec<String>),
}

/// Applies `manifest` onto `live` (or nothing) as `manager`.
pub(super) fn apply(live: Option<&Value>, manifest: &Value, manager: &str, force: bool) -> Outcome {
    let api_version = manifest["apiVersion"].clone();
    let wanted = leaves(manifest);
    let mut owners = live.map(owners).unwrap_or_default();
    let before = live.cloned().unwrap_or_else(|| json!({"metadata": {}}));
    let mut object = before.clone();
    for field in ["apiVersion", "kind"] {
        object[field] = manifest[field].clone();
    }
    for field in ["name", "namespace"] {
        if let Some(value) = manifest["metadata"].get(field) {
            object["metadata"][field] = value.clone();
        }
    }
    let ours = Owner { manager: manager.to_owned(), operation: "Apply".to_owned() };
    let mut conflicts = Vec::new();
    for (path, value) in &wanted {
        if at(&object, path) == Some(value) {
            continue;
        }
        for (owner, paths) in &mut owners {
            if *owner != ours && paths.contains(path) {
                conflicts.push(format!(".{}", path.join(".")));
                if force {
                    paths.retain(|owned| owned != path);
                }
            }
        }
        set(&mut object, path, value.clone());
    }
    if !conflicts.is_empty() && !force {
        return Outcome::Conflict(conflicts);
    }
    for path in owners.remove(&ours).unwrap_or_default() {
        let shared = owners.values().any(|paths| paths.contains(&path));
        if !wanted.contains_key(&path) && !shared {
            unset(&mut object, &path);
        }
    }
    owners.insert(ours, wanted.into_keys().collect());
    object["metadata"]["managedFields"] = write_owners(&owners, &api_version);
    if live.is_some() && object == before { Outcome::Same } else { Outcome::Changed(object) }
}

/// Makes `manager` the owner, by Update, of what it changed between two states.
pub(crate) fn updated(before: &Value, mut after: Value, manager: &str) -> Value {
    let api_version = after["apiVersion"].clone();
    let mut owners = owners(before);
    let old = leaves(before);
    let changed: Vec<Path> =
        leaves(&after).into_iter().filter(|(path, value)| old.get(path) != Some(value)).map(|(path, _)| path).collect();
    for paths in owners.values_mut() {
        paths.retain(|path| !changed.contains(path) && at(&after, path).is_some());
    }
    owners.retain(|_, paths| !paths.is_empty());
    let owner = Owner { manager: manager.to_owned(), operation: "Update".to_owned() };
    owners.entry(owner).or_default().extend(changed);
    after["metadata"]["managedFields"] = write_owners(&owners, &api_version);
    after
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    manager: String,
    operation: String,
}

fn owners(object: &Value) -> BTreeMap<Owner, Vec<Path>> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    entries
        .into_iter()
        .flatten()
        .map(|entry| {
            let owner = Owner { manager: text(entry, "manager"), operation: text(entry, "operation") };
            let mut paths = Vec::new();
            read_fields(&entry["fieldsV1"], &mut Vec::new(), &mut paths);
            (owner, paths)
        })
        .collect()
}

fn read_fields(fields: &Value, path: &mut Path, paths: &mut Vec<Path>) {
    let Some(map) = fields.as_object().filter(|map| !map.is_empty()) else {
        paths.push(path.clone());
        return;
    };
    for (step, below) in map {
        path.push(step.strip_prefix("f:").unwrap_or(step).to_owned());
        read_fields(below, path, paths);
        path.pop();
    }
}

fn write_owners(owners: &BTreeMap<Owner, Vec<Path>>, api_version: &Value) -> Value {
    let entry = |(owner, paths): (&Owner, &Vec<Path>)| {
        let mut fields = json!({});
        let mut paths = paths.clone();
        paths.sort();
        for path in paths {
            let steps: Path = path.iter().map(|step| format!("f:{step}")).collect();
            set(&mut fields, &steps, json!({}));
        }
        json!({"manager": owner.manager, "operation": owner.operation, "apiVersion": api_version,
            "fieldsType": "FieldsV1", "fieldsV1": fields})
    };
    owners.iter().map(entry).collect()
}

/// Leaves of everything that has owners.
fn leaves(object: &Value) -> BTreeMap<Path, Value> {
    let mut found = BTreeMap::new();
    for (field, value) in object.as_object().into_iter().flatten() {
        if !["apiVersion", "kind", "metadata", "status"].contains(&field.as_str()) {
            walk(value, &mut vec![field.clone()], &mut found);
        }
    }
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = object.pointer(&format!("/metadata/{field}")) {
            walk(value, &mut vec!["metadata".to_owned(), field.to_owned()], &mut found);
        }
    }
    found
}

fn walk(value: &Value, path: &mut Path, found: &mut BTreeMap<Path, Value>) {
    match value.as_object() {
        Some(map) if !map.is_empty() => {
            for (field, below) in map {
                path.push(field.clone());
                walk(below, path, found);
                path.pop();
            }
        }
        _ => {
            found.insert(path.clone(), value.clone());
        }
    }
}

fn at<'v>(object: &'v Value, path: &Path) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, step| value.get(step))
}

fn set(object: &mut Value, path: &[String], value: Value) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut place = object;
    for step in parents {
        if !place[step.as_str()].is_object() {
            place[step.as_str()] = Value::Object(Map::new());
        }
        place = &mut place[step.as_str()];
    }
    place[last.as_str()] = value;
}

fn unset(object: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    let parent = parents.iter().try_fold(object, |value, step| value.get_mut(step));
    if let Some(map) = parent.and_then(Value::as_object_mut) {
        map.remove(last);
    }
}
