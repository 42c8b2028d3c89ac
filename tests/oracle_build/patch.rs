//! Random patches made from the object they aim at: a part of it, changed.

use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::objects::{scalar, words};
use crate::render::{FILE, INLINE};

/// An entry of `patchesStrategicMerge`.
pub(crate) fn legacy_merge(dice: &mut Dice, victim: &Value) -> Value {
    let patch = strategic(dice, victim);
    json!({dice.pick(&[INLINE, FILE]): patch})
}

/// An entry of `patches` with a strategic merge.
pub(crate) fn merge_patch(dice: &mut Dice, victim: &Value) -> Value {
    let patch = strategic(dice, victim);
    if dice.chance(6) {
        // Several documents of one file, which may have no target.
        return json!({"path": {FILE: [patch, strategic(dice, victim)]}});
    }
    let mut entry = place(dice, &patch);
    if dice.chance(40) {
        entry["target"] = target(dice, victim);
    }
    if dice.chance(10) {
        // A generated Secret that becomes something else has a hash of where each value stood, which ours refuses.
        let one_kind = entry["target"].get("kind").is_some();
        entry["options"] = json!({"allowNameChange": dice.chance(50), "allowKindChange": one_kind && dice.chance(50)});
    }
    entry
}

/// An entry of `patches` or `patchesJson6902` with operations.
pub(crate) fn json_patch(dice: &mut Dice, victim: &Value) -> Value {
    let operations = dice.some(3, |dice, _| operation(dice, victim));
    let mut entry = place(dice, &json!(operations));
    entry["target"] = target(dice, victim);
    entry
}

fn place(dice: &mut Dice, patch: &Value) -> Value {
    if dice.chance(60) { json!({"patch": {INLINE: patch}}) } else { json!({"path": {FILE: patch}}) }
}

fn target(dice: &mut Dice, victim: &Value) -> Value {
    let mut target = json!({"kind": victim["kind"]});
    if dice.chance(60) {
        target["name"] = victim["metadata"]["name"].clone();
    }
    if dice.chance(10) {
        target["name"] = json!(dice.pick(&["w.*", "web|db", ".*", "we"]));
    }
    if dice.chance(10) {
        target["labelSelector"] = json!(dice.pick(&["app", "app=x", "tier in (x,y)", "!app", "app!=x,tier"]));
    }
    if dice.chance(5) {
        target["annotationSelector"] = json!(dice.pick(&["app=x", "team"]));
    }
    if dice.chance(10) {
        target["namespace"] = json!(dice.pick(&["one", "default", ".*"]));
    }
    if dice.chance(10) {
        target.as_object_mut().expect("it is a map").remove("kind");
    }
    target
}

/// A part of the object with its identity, here and there changed.
fn strategic(dice: &mut Dice, victim: &Value) -> Value {
    let mut patch = json!({"apiVersion": victim["apiVersion"], "kind": victim["kind"], "metadata": {"name": victim["metadata"]["name"]}});
    if let Some(namespace) = victim["metadata"].get("namespace") {
        patch["metadata"]["namespace"] = namespace.clone();
    }
    if dice.chance(25) {
        patch["metadata"][dice.pick(&["labels", "annotations"])] = words(dice);
    }
    if dice.chance(4) {
        patch["$patch"] = json!("delete");
    }
    for (key, value) in victim.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            patch[key] = change(dice, value, 0);
        }
    }
    patch
}

fn change(dice: &mut Dice, value: &Value, depth: usize) -> Value {
    match value {
        Value::Object(map) => change_map(dice, map, depth),
        Value::Array(items) => change_list(dice, items, depth),
        other if dice.chance(60) => other.clone(),
        Value::String(_) if !dice.risk(100) => json!(dice.pick(&["other", "x/y:2", "two words", "10", "a\nb\n", "é"])),
        Value::Number(_) if !dice.risk(100) => json!(dice.roll(9000)),
        Value::Bool(_) if !dice.risk(100) => json!(dice.chance(50)),
        _ => scalar(dice),
    }
}

fn change_map(dice: &mut Dice, map: &Map<String, Value>, depth: usize) -> Value {
    let mut patch = Map::new();
    for (key, value) in map {
        // What identifies a list item stays mostly, so that items meet.
        let is_key = matches!(key.as_str(), "name" | "port" | "containerPort" | "mountPath" | "protocol");
        let changed = match dice.roll(20) {
            0 if !is_key => Value::Null,
            0 | 1 => continue,
            _ if is_key => value.clone(),
            2..=10 => change(dice, value, depth + 1),
            _ => continue,
        };
        patch.insert(key.clone(), changed);
    }
    if dice.risk(15) {
        patch.insert(dice.pick(&["new", "replicas", "labels", "zz"]).to_owned(), scalar(dice));
    }
    if dice.chance(4) {
        let word = if dice.risk(25) { "other" } else { dice.pick(&["delete", "replace", "merge"]) };
        patch.insert("$patch".to_owned(), json!(word));
    }
    if dice.chance(2) {
        // Directives of kubectl that kustomize takes for fields.
        let keys: Vec<&String> = map.keys().collect();
        patch.insert("$retainKeys".to_owned(), json!(keys));
    }
    Value::Object(patch)
}

fn change_list(dice: &mut Dice, items: &[Value], depth: usize) -> Value {
    let mut patch: Vec<Value> = items.iter().filter(|_| dice.chance(60)).cloned().collect();
    for item in &mut patch {
        *item = change(dice, item, depth + 1);
    }
    if dice.chance(30) {
        patch.push(if items.first().is_some_and(Value::is_object) {
            json!({"name": "added", "image": "new:1"})
        } else if dice.risk(100) {
            scalar(dice)
        } else {
            json!(dice.pick(&["--more", "$(B)", "last"]))
        });
    }
    if dice.chance(4) && items.first().is_some_and(Value::is_object) {
        patch.push(json!({"$patch": dice.pick(&["replace", "delete"])}));
    }
    dice.shuffle(&mut patch);
    Value::Array(patch)
}

fn operation(dice: &mut Dice, victim: &Value) -> Value {
    let mut pointers = Vec::new();
    collect(victim, "", &mut pointers);
    pointers
        .retain(|(pointer, _)| !matches!(pointer.as_str(), "/apiVersion" | "/kind" | "/metadata" | "/metadata/name"));
    if pointers.is_empty() {
        return json!({"op": "add", "path": "/metadata/annotations/x", "value": "y"});
    }
    let (pointer, value) = dice.pick(&pointers);
    let (other, _) = dice.pick(&pointers);
    // The real tool keeps notes of its own in the annotations, and a copy of them would show.
    if pointer == "/metadata/annotations" || other == "/metadata/annotations" {
        return json!({"op": "remove", "path": pointer});
    }
    if !dice.risk(100) {
        return safe_operation(dice, &pointer, &value);
    }
    match dice.roll(10) {
        0..=2 => json!({"op": "replace", "path": pointer, "value": scalar(dice)}),
        3 | 4 => json!({"op": "remove", "path": pointer}),
        5 => json!({"op": "test", "path": pointer, "value": value}),
        6 => json!({"op": "copy", "from": pointer, "path": other}),
        7 => json!({"op": "move", "from": pointer, "path": other}),
        8 if value.is_array() => json!({"op": "add", "path": format!("{pointer}/-"), "value": scalar(dice)}),
        _ => {
            let parent = parent(&pointer);
            let into_list = victim.pointer(parent).is_some_and(Value::is_array);
            let key = if into_list { dice.pick(&["0", "1", "-"]) } else { dice.pick(&["new", "a~1b", "k"]) };
            json!({"op": "add", "path": format!("{parent}/{key}"), "value": {"n": scalar(dice)}})
        }
    }
}

/// One that applies whatever became of the object in between.
fn safe_operation(dice: &mut Dice, pointer: &str, value: &Value) -> Value {
    let (name, word) = (dice.pick(&["note", "a~1b", "team"]), dice.pick(&["x", "1", "two words", "a\n"]));
    match dice.roll(5) {
        0 => json!({"op": "add", "path": "/metadata/labels", "value": {"patched": word}}),
        1 => json!({"op": "add", "path": "/metadata/finalizers", "value": [name, word]}),
        2 => json!({"op": "add", "path": "/extra", "value": {name: value}}),
        // What stands at the top of the object is hardly ever taken away.
        3 if pointer.matches('/').count() == 1 && !value.is_null() => {
            json!({"op": "replace", "path": pointer, "value": value})
        }
        _ => json!({"op": "add", "path": "/metadata/generation", "value": dice.roll(9)}),
    }
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn collect(value: &Value, pointer: &str, all: &mut Vec<(String, Value)>) {
    if !pointer.is_empty() {
        all.push((pointer.to_owned(), value.clone()));
    }
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                collect(inner, &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                collect(inner, &format!("{pointer}/{index}"), all);
            }
        }
        _ => {}
    }
}
