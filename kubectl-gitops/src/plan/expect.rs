//! What an apply will make of a live object, guessed without asking the server. Owns the guess, for `--dry-run=client` and
//! for kinds that cannot be dry-run; a server-side dry run is always better.

use serde_json::{Map, Value};

use super::live::Live;
use super::{adopt, identity, secret};
use crate::inventory::digest::fieldsv1_child;

/// The live object with the manifest laid over it, and without what we own and no longer want. With `takeover`, what the
/// managers it is adopted from own counts as ours: what of that is not in the manifest goes as well.
pub fn expected(live: &Live, manifest: &Value, takeover: bool) -> Value {
    let mut object = live.object().clone();
    let handed_over = takeover.then(|| {
        let api_version = manifest.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let mut adopted = object.clone();
        adopted["metadata"]["managedFields"] = adopt::handed_over(live, api_version);
        Live::new(adopted).ok()
    });
    let handed_over = handed_over.flatten();
    let live = handed_over.as_ref().unwrap_or(live);
    let manifest = without_string_data(manifest);
    if let Some(ours) = live.our_fields() {
        let others: Vec<&Value> = live.managers().iter().filter(|m| !m.is_ours()).map(|m| m.fields).collect();
        drop_left(&mut object, ours.fields, Some(&manifest), &others);
    }
    lay_over(&mut object, &manifest);
    object
}

fn without_string_data(manifest: &Value) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let is_secret = manifest.get("kind").and_then(Value::as_str) == Some("Secret")
        && manifest.get("apiVersion") == Some(&Value::from("v1"));
    let mut manifest = manifest.clone();
    if !is_secret || manifest.get("stringData").is_none() {
        return manifest;
    }
    let spelled: Map<String, Value> = secret::data(&manifest)
        .into_iter()
        .map(|(name, value)| (name, Value::String(STANDARD.encode(value))))
        .collect();
    if let Some(top) = manifest.as_object_mut() {
        top.shift_remove("stringData");
        top.insert("data".to_owned(), Value::Object(spelled));
    }
    manifest
}

/// Removes what is ours alone and left the manifest.
fn drop_left(value: &mut Value, ours: &Value, wanted: Option<&Value>, others: &[&Value]) {
    for (step, below) in ours.as_object().into_iter().flatten() {
        if step == "." {
            continue;
        }
        let wanted_child = wanted.and_then(|wanted| fieldsv1_child(wanted, step));
        let theirs: Vec<&Value> = others.iter().filter_map(|fields| fields.get(step)).collect();
        let leaf = below.as_object().is_none_or(Map::is_empty);
        if wanted_child.is_none() && theirs.is_empty() && (leaf || step.starts_with("k:") || below.get(".").is_some()) {
            remove(value, step);
        } else if !leaf && let Some(child) = child_mut(value, step) {
            drop_left(child, below, wanted_child, &theirs);
        }
    }
}

fn remove(value: &mut Value, step: &str) {
    let place = fieldsv1_child(value, step).map(std::ptr::from_ref);
    match value {
        Value::Object(map) => {
            if let Some(name) = step.strip_prefix("f:") {
                map.shift_remove(name);
            }
        }
        Value::Array(items) => {
            if let Some(index) = items.iter().position(|item| place.is_some_and(|place| std::ptr::eq(item, place))) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

fn child_mut<'a>(value: &'a mut Value, step: &str) -> Option<&'a mut Value> {
    let place = std::ptr::from_ref(fieldsv1_child(value, step)?);
    match value {
        Value::Object(map) => map.get_mut(step.strip_prefix("f:")?),
        Value::Array(items) => items.iter_mut().find(|item| std::ptr::eq(&raw const **item, place)),
        _ => None,
    }
}

fn lay_over(object: &mut Value, manifest: &Value) {
    match (object, manifest) {
        (Value::Object(object), Value::Object(manifest)) => {
            for (name, wanted) in manifest {
                match object.get_mut(name) {
                    _ if wanted.is_null() => {
                        object.shift_remove(name);
                    }
                    Some(live) => lay_over(live, wanted),
                    None => {
                        object.insert(name.clone(), wanted.clone());
                    }
                }
            }
        }
        (Value::Array(live), Value::Array(wanted)) => lay_over_items(live, wanted),
        (live, wanted) => {
            if !is_same_scalar(live, wanted) {
                *live = wanted.clone();
            }
        }
    }
}

fn lay_over_items(live: &mut Vec<Value>, wanted: &[Value]) {
    let Some(names) = identity::of(live, wanted) else {
        wanted.clone_into(live);
        return;
    };
    for item in wanted {
        let keys = identity::keys(item, names);
        match live.iter_mut().find(|other| identity::keys(other, names) == keys) {
            Some(other) => lay_over(other, item),
            None => live.push(item.clone()),
        }
    }
}

/// The server spells quantities and numbers its own way: `1000m` is stored as `1`.
fn is_same_scalar(live: &Value, wanted: &Value) -> bool {
    if live == wanted {
        return true;
    }
    match (quantity(live), quantity(wanted)) {
        (Some(live), Some(wanted)) => live == wanted,
        _ => false,
    }
}

/// A quantity in thousandths; only for plain spellings, since a guess that is off is worse than a shown difference.
fn quantity(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, suffix) = text.split_at(split);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || fraction.len() > 3 || digits.len() > 18 {
        return None;
    }
    let thousandths = whole.parse::<i128>().ok()? * 1000 + format!("{fraction:0<3}").parse::<i128>().ok()?;
    let factor: i128 = match suffix {
        "m" => return (thousandths % 1000 == 0).then_some(thousandths / 1000),
        "" => 1,
        "k" => 1000,
        "M" => 1000_i128.pow(2),
        "G" => 1000_i128.pow(3),
        "T" => 1000_i128.pow(4),
        "Ki" => 1024,
        "Mi" => 1024_i128.pow(2),
        "Gi" => 1024_i128.pow(3),
        "Ti" => 1024_i128.pow(4),
        _ => return None,
    };
    Some(thousandths * factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spellings_of_one_quantity() {
        for (left, right, same) in [
            (json!("1000m"), json!("1"), true),
            (json!("0.5"), json!("500m"), true),
            (json!("1024Mi"), json!("1Gi"), true),
            (json!(1), json!("1"), true),
            (json!("1Gi"), json!("1G"), false),
            (json!("500m"), json!("501m"), false),
            (json!("web:1"), json!("web:1.0"), false),
            (json!("1e3"), json!("1000"), false),
            (json!(true), json!("true"), false),
        ] {
            assert_eq!(is_same_scalar(&left, &right), same, "{left} {right}");
        }
    }

    #[test]
    fn an_adopted_object_loses_what_left_git() {
        let live = Live::new(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "u", "resourceVersion": "1",
            "managedFields": [
                {"manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:data": {".": {}, "f:keep": {}, "f:gone": {}}}},
                {"manager": "operator", "operation": "Update", "apiVersion": "v1", "fieldsV1": {"f:data": {"f:theirs": {}}}}]},
            "data": {"keep": "1", "gone": "2", "theirs": "3"}})).unwrap();
        let manifest = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"keep": "1"}});
        assert_eq!(expected(&live, &manifest, true)["data"], json!({"keep": "1", "theirs": "3"}));
        assert_eq!(expected(&live, &manifest, false)["data"], json!({"keep": "1", "gone": "2", "theirs": "3"}));
    }

    #[test]
    fn a_guess_lays_the_manifest_over_and_drops_what_left_it() {
        let live = Live::new(json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "uid": "u", "resourceVersion": "1",
            "managedFields": [
                {"manager": "kubectl-gitops", "operation": "Apply", "fieldsV1": {"f:spec": {"f:old": {}, "f:shared": {},
                    "f:items": {"k:{\"name\":\"gone\"}": {".": {}, "f:name": {}}, "k:{\"name\":\"w\"}": {".": {}, "f:image": {}, "f:cpu": {}}}}}},
                {"manager": "other", "operation": "Update", "fieldsV1": {"f:spec": {"f:shared": {}}}}]},
            "spec": {"old": 1, "shared": 2, "defaulted": 3, "items": [{"name": "gone"}, {"name": "w", "image": "i:1", "cpu": "1", "pull": "Always"}]}})).unwrap();
        let manifest =
            json!({"spec": {"new": 4, "items": [{"name": "w", "image": "i:2", "cpu": "1000m"}, {"name": "n"}]}});
        let after = expected(&live, &manifest, false);
        assert_eq!(
            after["spec"],
            json!({"shared": 2, "defaulted": 3, "new": 4,
            "items": [{"name": "w", "image": "i:2", "cpu": "1", "pull": "Always"}, {"name": "n"}]})
        );
    }

    #[test]
    fn a_port_without_its_protocol_is_the_same_port() {
        let ports = json!([{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 90, "protocol": "TCP"}]);
        let owned = json!({"f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}},
            "k:{\"containerPort\":90,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}});
        let live = Live::new(json!({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "uid": "u", "resourceVersion": "1",
            "managedFields": [{"manager": "kubectl-gitops", "operation": "Apply", "fieldsV1": owned}]}, "ports": ports}))
        .unwrap();
        let after = expected(&live, &json!({"ports": [{"containerPort": 80}]}), false);
        assert_eq!(after["ports"], json!([{"containerPort": 80, "protocol": "TCP"}]));
    }
}
