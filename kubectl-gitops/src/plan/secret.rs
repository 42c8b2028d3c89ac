//! Is a live Secret as desired? Owns that comparison by data: a digest of a Secret would be guessable, so none is stored.
//! Must not print anything of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::live::Live;

/// Would applying `manifest` change nothing? Compares everything the manifest says with the live object, and demands that we
/// own exactly that: a key that left Git is still ours until the next apply.
pub(super) fn is_same(manifest: &Value, live: &Live) -> bool {
    let Some(ours) = live.our_fields() else { return false };
    let (wanted, actual) = (data(manifest), data(live.object()));
    let owned: Vec<&str> = owned_members(ours.fields, &["f:data"]);
    let data_same = owned.len() == wanted.len()
        && wanted.iter().all(|(key, value)| actual.get(key) == Some(value) && owned.contains(&key.as_str()));
    data_same
        && ["labels", "annotations"].iter().all(|field| metadata_same(field, manifest, live, ours.fields))
        && other_metadata_same(manifest, live, ours.fields)
        && type_of(manifest) == type_of(live.object())
        && manifest.get("immutable").unwrap_or(&Value::Bool(false))
            == live.object().get("immutable").unwrap_or(&Value::Bool(false))
}

/// The data a Secret holds: `stringData` wins over `data`, as in the API server. Values that are no base64 stay as they are.
pub(super) fn data(secret: &Value) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for (key, value) in members(secret.get("data")) {
        let text = value.as_str().unwrap_or_default();
        // Builds break base64 into lines; the API server's decoder passes over line ends.
        let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        all.insert(key.clone(), STANDARD.decode(joined.trim()).unwrap_or_else(|_| text.as_bytes().to_vec()));
    }
    for (key, value) in members(secret.get("stringData")) {
        all.insert(key.clone(), value.as_str().unwrap_or_default().as_bytes().to_vec());
    }
    all
}

fn metadata_same(field: &str, manifest: &Value, live: &Live, ours: &Value) -> bool {
    let section =
        |object: &Value| -> Option<Map<String, Value>> { object.get("metadata")?.get(field)?.as_object().cloned() };
    let (wanted, actual) = (section(manifest).unwrap_or_default(), section(live.object()).unwrap_or_default());
    let owned = owned_members(ours, &["f:metadata", &format!("f:{field}")]);
    owned.len() == wanted.len() && wanted.iter().all(|(key, value)| actual.get(key) == Some(value))
}

/// Finalizers and owner references, should a manifest carry any.
fn other_metadata_same(manifest: &Value, live: &Live, ours: &Value) -> bool {
    const IDENTITY: [&str; 5] = ["name", "namespace", "labels", "annotations", "creationTimestamp"];
    let wanted: Vec<(&String, &Value)> =
        members(manifest.get("metadata")).filter(|(name, _)| !IDENTITY.contains(&name.as_str())).collect();
    let owned = owned_members(ours, &["f:metadata"]).into_iter().filter(|name| !IDENTITY.contains(name)).count();
    owned == wanted.len()
        && wanted.iter().all(|(name, value)| live.object().get("metadata").and_then(|m| m.get(*name)) == Some(value))
}

fn type_of(secret: &Value) -> &str {
    secret.get("type").and_then(Value::as_str).filter(|text| !text.is_empty()).unwrap_or("Opaque")
}

/// Names of the members that a field set owns below `path`.
fn owned_members<'a>(fields: &'a Value, path: &[&str]) -> Vec<&'a str> {
    let section = path.iter().try_fold(fields, |value, step| value.get(step));
    members(section).filter_map(|(step, _)| step.strip_prefix("f:")).collect()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn live() -> Value {
        json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
            "metadata": {"name": "db", "namespace": "shop", "uid": "u", "resourceVersion": "1",
                "labels": {"app": "web", "foreign": "x"}, "annotations": {"kubectl-gitops.dev/owner": "ab"},
                "managedFields": [{"manager": "kubectl-gitops", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {
                    "f:data": {".": {}, "f:a": {}, "f:b": {}},
                    "f:metadata": {"f:labels": {"f:app": {}}, "f:annotations": {"f:kubectl-gitops.dev/owner": {}}},
                    "f:type": {}}}]},
            "data": {"a": "aHVudGVyMg==", "b": "Mg==", "foreign": "eA=="}})
    }

    fn wanted() -> Value {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop",
            "labels": {"app": "web"}, "annotations": {"kubectl-gitops.dev/owner": "ab"}},
            "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "2"}})
    }

    #[test]
    fn a_secret_is_compared_by_what_it_holds() {
        type Edit = fn(&mut Value, &mut Value);
        let cases: &[(&str, Edit, bool)] = &[
            ("as applied", |_, _| {}, true),
            ("stringData wins over data", |w, _| w["data"]["b"] = json!("OTk="), true),
            (
                "written as data",
                |w, _| {
                    w["data"]["b"] = json!("Mg==");
                    w.as_object_mut().unwrap().remove("stringData");
                },
                true,
            ),
            ("folded base64", |w, _| w["data"]["a"] = json!("aHVu\ndGVy\r\nMg==\n"), true),
            ("type spelled out", |w, _| w["type"] = json!("Opaque"), true),
            ("foreign key changed", |_, l| l["data"]["foreign"] = json!("eQ=="), true),
            ("foreign label changed", |_, l| l["metadata"]["labels"]["foreign"] = json!("y"), true),
            ("value changed in Git", |w, _| w["stringData"]["b"] = json!("3"), false),
            ("key added in Git", |w, _| w["stringData"]["c"] = json!("3"), false),
            (
                "key left Git",
                |w, _| {
                    w.as_object_mut().unwrap().remove("stringData");
                },
                false,
            ),
            ("value changed live", |_, l| l["data"]["a"] = json!("eA=="), false),
            (
                "key removed live",
                |_, l| {
                    l["data"].as_object_mut().unwrap().remove("a");
                },
                false,
            ),
            (
                "another manager took a key with an equal value",
                |_, l| {
                    l["metadata"]["managedFields"][0]["fieldsV1"]["f:data"].as_object_mut().unwrap().remove("f:a");
                },
                false,
            ),
            ("label changed live", |_, l| l["metadata"]["labels"]["app"] = json!("y"), false),
            (
                "label left Git",
                |w, _| {
                    w["metadata"].as_object_mut().unwrap().remove("labels");
                },
                false,
            ),
            (
                "owner removed live",
                |_, l| {
                    l["metadata"].as_object_mut().unwrap().remove("annotations");
                },
                false,
            ),
            ("type changed", |w, _| w["type"] = json!("kubernetes.io/tls"), false),
            ("immutable now", |w, _| w["immutable"] = json!(true), false),
            ("managedFields wiped", |_, l| l["metadata"]["managedFields"] = json!([]), false),
        ];
        for (name, edit, same) in cases {
            let (mut manifest, mut object) = (wanted(), live());
            edit(&mut manifest, &mut object);
            assert_eq!(is_same(&manifest, &Live::new(object).unwrap()), *same, "{name}");
        }
    }
}
