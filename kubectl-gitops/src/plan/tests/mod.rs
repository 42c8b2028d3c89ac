//! Tests of plans. Owns the little world they share: manifests, what an API server would make of them, and inventories.

mod applies;
mod laws;
mod prunes;
mod rechecks;
mod shown;

use std::fmt::Write as _;

use krm::{ObjectKey, Origin};
use serde_json::{Map, Value, json};

use super::*;
use crate::inventory::{Entry, Inventory, InventoryId, RootRef, State, digest, marks};

/// The inventory's id in all tests.
pub(super) const ID: InventoryId = InventoryId::from_bytes([0xab; 16]);
/// Another one's.
pub(super) const OTHER: InventoryId = InventoryId::from_bytes([0xcd; 16]);

pub(super) fn manifest(api_version: &str, kind: &str, namespace: &str, name: &str, rest: Value) -> Value {
    let mut manifest = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
    if !namespace.is_empty() {
        manifest["metadata"]["namespace"] = json!(namespace);
    }
    merge(&mut manifest, rest);
    marks::mark_member(&mut manifest, &ID);
    manifest
}

pub(super) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

pub(super) fn config_map(name: &str, value: &str) -> Value {
    manifest("v1", "ConfigMap", "shop", name, json!({"data": {"key": value}}))
}

pub(super) fn namespace(name: &str) -> Value {
    manifest("v1", "Namespace", "", name, json!({}))
}

pub(super) fn desired(manifest: &Value) -> Desired {
    Desired::new(manifest.clone(), Origin { file: "set.yaml".into(), document: 0, line: 1 })
}

/// The field set that an apply of this value owns: leaves, and list items by name.
pub(super) fn fields(value: &Value) -> Value {
    let mut set = Map::new();
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                set.insert(format!("f:{name}"), fields(value));
            }
        }
        Value::Array(items) if items.iter().all(|item| item.get("name").is_some()) => {
            for item in items {
                let mut below = fields(item);
                below["."] = json!({});
                set.insert(format!("k:{}", json!({"name": item["name"]})), below);
            }
        }
        _ => {}
    }
    Value::Object(set)
}

/// Unlike for unlike objects; short in the namespace that most tests use.
fn uid(manifest: &Value) -> String {
    let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    match (text("/metadata/namespace").as_str(), text("/kind").as_str()) {
        ("shop", "ConfigMap" | "Ingress") => format!("uid-{}", text("/metadata/name")),
        (namespace, kind) => format!("uid-{kind}-{namespace}-{}", text("/metadata/name")),
    }
}

/// What an API server stores after our apply of `manifest`.
pub(super) fn stored(manifest: &Value) -> Value {
    let mut owned = manifest.clone();
    let top = owned.as_object_mut().unwrap();
    top.shift_remove("apiVersion");
    top.shift_remove("kind");
    let metadata = top["metadata"].as_object_mut().unwrap();
    metadata.shift_remove("name");
    metadata.shift_remove("namespace");
    let mut object = manifest.clone();
    object["metadata"]["uid"] = json!(uid(manifest));
    object["metadata"]["resourceVersion"] = json!("10");
    object["metadata"]["managedFields"] = json!([{"manager": "kubectl-gitops", "operation": "Apply",
        "apiVersion": manifest["apiVersion"], "time": "2026-01-01T00:00:00Z", "fieldsV1": fields(&owned)}]);
    object
}

/// The same, made by somebody else without our marks.
pub(super) fn made_by(manager: &str, operation: &str, manifest: &Value) -> Value {
    let mut object = stored(manifest);
    unmark(&mut object);
    let entry = &mut object["metadata"]["managedFields"][0];
    entry["manager"] = json!(manager);
    entry["operation"] = json!(operation);
    entry["fieldsV1"].as_object_mut().unwrap().shift_remove("f:metadata");
    object
}

pub(super) fn unmark(object: &mut Value) {
    object["metadata"]["annotations"].as_object_mut().unwrap().shift_remove(marks::OWNER_ANNOTATION);
    object["metadata"]["labels"].as_object_mut().unwrap().shift_remove(marks::MEMBER_LABEL);
}

pub(super) fn entry_of(object: &Value) -> Entry {
    let mut manifest = object.clone();
    let metadata = manifest["metadata"].as_object_mut().unwrap();
    for field in ["uid", "resourceVersion", "managedFields", "deletionTimestamp"] {
        metadata.shift_remove(field);
    }
    let secret = object["kind"] == "Secret";
    Entry {
        version: object["apiVersion"].as_str().unwrap().rsplit('/').next().unwrap().to_owned(),
        uid: Some(object["metadata"]["uid"].as_str().unwrap().to_owned()),
        state: State::Owned,
        adopted: false,
        desired_hash: (!secret).then(|| digest::desired_hash(&manifest)),
        live_digest: if secret { None } else { digest::live_digest(object) },
    }
}

/// Inputs of a plan, to be changed before asking.
#[derive(Clone)]
pub(super) struct World {
    pub(super) desired: Vec<Desired>,
    pub(super) inventory: Inventory,
    pub(super) observation: Observation,
    pub(super) policy: Policy,
}

impl World {
    /// Namespace `shop` exists and nothing else.
    pub(super) fn empty() -> Self {
        let mut observation = Observation { roots_complete: true, ..Observation::default() };
        observation.namespaces.insert("shop".into(), NamespaceState::Active);
        Self {
            desired: Vec::new(),
            inventory: Inventory::new(ID, RootRef::of_set("shop", "prod")),
            observation,
            policy: Policy::default(),
        }
    }

    pub(super) fn want(mut self, manifest: &Value) -> Self {
        let desired = desired(manifest);
        self.observation.objects.entry(desired.key.clone()).or_insert(Observed::Absent);
        self.desired.push(desired);
        self
    }

    /// It is live, and the inventory knows it.
    pub(super) fn member(self, object: &Value) -> Self {
        let entry = entry_of(object);
        self.remember(object, entry).live(object)
    }

    pub(super) fn remember(mut self, object: &Value, entry: Entry) -> Self {
        let key = desired(object).key;
        self.observation.objects.entry(key.clone()).or_insert(Observed::Absent);
        self.inventory.entries.insert(key, entry);
        self
    }

    pub(super) fn live(mut self, object: &Value) -> Self {
        let live = Live::new(object.clone()).unwrap();
        self.observation.objects.insert(live.key(), Observed::Present(live));
        self
    }

    pub(super) fn see(mut self, object: &Value, observed: Observed) -> Self {
        self.observation.objects.insert(desired(object).key, observed);
        self
    }

    pub(super) fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    pub(super) fn plan(&self) -> Plan {
        plan(&self.desired, &self.inventory, &self.observation, &self.policy)
    }

    /// Deed and reason of the only action.
    pub(super) fn only(&self) -> String {
        let plan = self.plan();
        assert_eq!(plan.actions.len(), 1, "{}", show(&plan));
        brief(&plan.actions[0])
    }

    /// Deed and reason of the action on the object of this name.
    pub(super) fn on(&self, name: &str) -> String {
        let plan = self.plan();
        let action = plan.actions.iter().find(|action| action.key.name == name).expect("an action on it");
        brief(action)
    }
}

pub(super) fn brief(action: &Action) -> String {
    let extra = match &action.deed {
        Deed::Update { force, takeover, .. } => match (force, takeover) {
            (true, true) => " forced takeover",
            (true, false) => " forced",
            (false, true) => " takeover",
            (false, false) => "",
        },
        Deed::Recreate { terminating: true, .. } | Deed::Prune { terminating: true, .. } => " terminating",
        _ => "",
    };
    format!("{}{extra}: {}", action.deed.word(), action.reason)
}

/// A plan as text.
pub(super) fn show(plan: &Plan) -> String {
    let mut text = String::new();
    for (title, waves) in [("apply", &plan.waves), ("prune", &plan.prunes)] {
        for wave in waves {
            writeln!(text, "{title} wave {}:", wave.name).unwrap();
            for &index in &wave.actions {
                let action = &plan.actions[index];
                let ready = if wave.ready.contains(&index) { " [ready]" } else { "" };
                let after: Vec<String> = action.after.iter().map(|&place| plan.actions[place].key.short()).collect();
                let after = if after.is_empty() { String::new() } else { format!(" after {}", after.join(", ")) };
                writeln!(text, "  {} {}{after}{ready}", action.key, brief(action)).unwrap();
            }
        }
    }
    let placed = |index: &usize| plan.waves.iter().chain(&plan.prunes).any(|wave| wave.actions.contains(index));
    for (index, action) in plan.actions.iter().enumerate().filter(|(index, _)| !placed(index)) {
        let stray = if plan.strays.contains(&index) { " [stray]" } else { "" };
        writeln!(text, "  {} {}{stray}", action.key, brief(action)).unwrap();
    }
    for namespace in &plan.namespaces {
        writeln!(text, "create namespace {namespace}").unwrap();
    }
    for warning in &plan.warnings {
        let key = warning.key.as_ref().map(ObjectKey::short).unwrap_or_default();
        writeln!(text, "warning: {key}: {}", warning.text).unwrap();
    }
    if let Some(refusal) = &plan.refusal {
        writeln!(text, "refused ({:?}): {refusal}", refusal.class()).unwrap();
    }
    text
}
