//! Is a set as its last run left it? Owns that question, which needs no desired objects: live is compared with what was live.
//! "Yes" is as good as a plan without actions; anything that cannot be told is a "no".

use krm::ObjectKey;

use super::observed::{Observation, Observed};
use crate::inventory::{Entry, Inventory, State};

/// The first object that is not as the last run left it, or of which that cannot be told.
pub fn first_changed(inventory: &Inventory, observation: &Observation) -> Option<ObjectKey> {
    let owner = inventory.id.to_string();
    let changed = inventory.entries.iter().find(|(key, entry)| !is_as_left(entry, observation.get(key), &owner));
    if let Some((key, _)) = changed {
        return Some(key.clone());
    }
    let moved = inventory.sources.iter().find(|(key, version)| observation.sources.get(*key) != Some(*version));
    if let Some((key, _)) = moved {
        return Some(key.clone());
    }
    let unlisted = |key: &ObjectKey| !inventory.entries.contains_key(key);
    let strays =
        observation.objects.iter().find(|(key, observed)| unlisted(key) && super::is_stray(observed, inventory));
    strays.map(|(key, _)| key.clone())
}

fn is_as_left(entry: &Entry, observed: &Observed, owner: &str) -> bool {
    let Some(live) = observed.live() else { return false };
    entry.state == State::Owned
        && entry.uid.as_deref() == Some(live.uid())
        && live.owner() == Some(owner)
        && live.deletion_timestamp().is_none()
        && entry.live_digest.is_some()
        && entry.live_digest == live.digest()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::inventory::{InventoryId, RootRef, digest};
    use crate::plan::Live;

    const OWNER: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

    fn live(kind: &str) -> Value {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "1",
            "annotations": {"kubectl-gitops.dev/owner": OWNER, "foreign": "x"},
            "managedFields": [{"manager": "kubectl-gitops", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {
                "f:metadata": {"f:annotations": {"f:kubectl-gitops.dev/owner": {}}}, "f:data": {"f:k": {}}}}]},
            "data": {"k": "aHVudGVyMg==", "foreign": "eA=="}})
    }

    fn inventory(kind: &str) -> Inventory {
        let mut inventory = Inventory::new(InventoryId::from_bytes([0x0f; 16]), RootRef::of_set("ns", "set"));
        let entry = Entry {
            uid: Some("u".to_owned()),
            state: State::Owned,
            live_digest: digest::live_digest(&live(kind)),
            ..Entry::intent("v1")
        };
        inventory.entries.insert(ObjectKey::new("", kind, "n", "a"), entry);
        inventory
    }

    fn is_unchanged(kind: &str, edit: impl Fn(&mut Value), inventory: &Inventory) -> bool {
        let mut object = live(kind);
        edit(&mut object);
        let mut observation = Observation::default();
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let observed = Observed::Present(Live::new(object).unwrap());
        observation.objects.insert(ObjectKey::new("", kind, "n", name.as_str()), observed);
        first_changed(inventory, &observation).is_none()
    }

    #[test]
    fn what_the_last_run_left_is_told_from_what_was_changed() {
        type Edit = fn(&mut Value);
        // An edit, and whether a ConfigMap and a Secret are still as they were left.
        let cases: &[(&str, Edit, bool, bool)] = &[
            ("nothing", |_| {}, true, true),
            ("a foreign field", |o| o["data"]["foreign"] = json!("eQ=="), true, true),
            ("another object of the name", |o| o["metadata"]["uid"] = json!("v"), false, false),
            (
                "it is being deleted",
                |o| o["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z"),
                false,
                false,
            ),
            ("another owner", |o| o["metadata"]["annotations"]["kubectl-gitops.dev/owner"] = json!("ff"), false, false),
            // Of a Secret the value is not looked at: who changes it takes the field.
            (
                "a value, taken from us",
                |o| {
                    o["data"]["k"] = json!("eA==");
                    o["metadata"]["managedFields"][0]["fieldsV1"].as_object_mut().unwrap().remove("f:data");
                },
                false,
                false,
            ),
            ("a value that still is ours", |o| o["data"]["k"] = json!("eA=="), false, true),
            ("nobody's fields any more", |o| o["metadata"]["managedFields"] = json!([]), false, false),
        ];
        for (name, edit, map, secret) in cases {
            assert_eq!(is_unchanged("ConfigMap", edit, &inventory("ConfigMap")), *map, "{name}");
            assert_eq!(is_unchanged("Secret", edit, &inventory("Secret")), *secret, "{name}");
        }
    }

    #[test]
    fn what_a_set_uses_of_others_counts() {
        let key = ObjectKey::new("", "Secret", "n", "tls");
        let mut set = inventory("ConfigMap");
        set.sources.insert(key.clone(), "7".to_owned());
        for (seen, unchanged) in [(Some("7"), true), (Some("8"), false), (Some(""), false), (None, false)] {
            let mut observation = Observation::default();
            let object = ObjectKey::new("", "ConfigMap", "n", "a");
            observation.objects.insert(object, Observed::Present(Live::new(live("ConfigMap")).unwrap()));
            observation.sources.extend(seen.map(|version| (key.clone(), version.to_owned())));
            assert_eq!(first_changed(&set, &observation).is_none(), unchanged, "{seen:?}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_changed() {
        let mut unfinished = inventory("ConfigMap");
        for entry in unfinished.entries.values_mut() {
            entry.state = State::Intent;
        }
        assert!(!is_unchanged("ConfigMap", |_| {}, &unfinished));
        let mut unknown = inventory("ConfigMap");
        for entry in unknown.entries.values_mut() {
            entry.live_digest = None;
        }
        assert!(!is_unchanged("ConfigMap", |_| {}, &unknown));
        let stray = |object: &mut Value| object["metadata"]["name"] = json!("stray");
        let mut none = inventory("ConfigMap");
        none.entries.clear();
        assert!(!is_unchanged("ConfigMap", stray, &none), "what is ours and not listed has to be taken back");
        let key = ObjectKey::new("", "ConfigMap", "n", "a");
        for observed in [Observed::Absent, Observed::NotServed, Observed::Unreadable { reason: "503".to_owned() }] {
            let mut observation = Observation::default();
            observation.objects.insert(key.clone(), observed);
            assert_eq!(first_changed(&inventory("ConfigMap"), &observation), Some(key.clone()));
        }
    }
}
