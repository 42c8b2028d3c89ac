//! The objects and what a controller would do to them. Owns versions, uids and the record of what was committed.

use std::collections::{BTreeMap, BTreeSet};

use krm::ObjectKey;
use serde_json::{Value, json};

use crate::plan::is_terminating;

/// One write that changed something.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) deed: &'static str,
    pub(crate) key: ObjectKey,
    /// The object before, `Null` if there was none.
    pub(crate) before: Value,
    /// Uid and resourceVersion that a DELETE carried.
    pub(crate) preconditions: Value,
}

/// One change, as a watch tells it. `Null` where there is no object.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) key: ObjectKey,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// A type the fake serves.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) namespaced: bool,
}

/// Everything stored.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) objects: BTreeMap<ObjectKey, Value>,
    pub(crate) commits: Vec<Commit>,
    /// Mutating requests without `dryRun=All`, whether they changed something or not.
    pub(crate) writes: usize,
    pub(crate) violations: BTreeSet<String>,
    /// Called with the store after each commit.
    pub(crate) watch: Option<fn(&Store) -> Option<String>>,
    /// Watches from before this version are too late.
    pub(crate) oldest: u64,
    changes: Vec<Change>,
    /// As of the last change.
    told: BTreeMap<ObjectKey, Value>,
    noted: (u64, usize),
    version: u64,
    uid: u64,
}

const BUILT_IN: &[(&str, &str, &str, &str, bool)] = &[
    ("", "v1", "Namespace", "namespaces", false),
    ("", "v1", "ConfigMap", "configmaps", true),
    ("", "v1", "Secret", "secrets", true),
    ("", "v1", "Pod", "pods", true),
    ("apps", "v1", "Deployment", "deployments", true),
    ("storage.k8s.io", "v1", "StorageClass", "storageclasses", false),
    ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false),
    ("apiregistration.k8s.io", "v1", "APIService", "apiservices", false),
];

impl Store {
    pub(super) fn new() -> Self {
        let mut store = Self {
            objects: BTreeMap::new(),
            commits: Vec::new(),
            writes: 0,
            violations: BTreeSet::new(),
            watch: None,
            oldest: 0,
            changes: Vec::new(),
            told: BTreeMap::new(),
            noted: (0, 0),
            version: 100,
            uid: 0,
        };
        store.put(ObjectKey::new("", "Namespace", "", "default"), json!({"metadata": {"name": "default"}}));
        store
    }

    /// Types that are served now.
    pub(crate) fn served(&self) -> Vec<Served> {
        let built_in = BUILT_IN.iter().map(|(group, version, kind, plural, namespaced)| Served {
            group: (*group).to_owned(),
            version: (*version).to_owned(),
            kind: (*kind).to_owned(),
            plural: (*plural).to_owned(),
            namespaced: *namespaced,
        });
        let defined = self.objects.iter().filter(|(key, _)| key.kind == "CustomResourceDefinition");
        let defined = defined.filter(|(_, definition)| is_established(definition)).map(|(_, definition)| {
            let text = |path: &str| definition.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
            Served {
                group: text("/spec/group"),
                version: text("/spec/versions/0/name"),
                kind: text("/spec/names/kind"),
                plural: text("/spec/names/plural"),
                namespaced: text("/spec/scope") == "Namespaced",
            }
        });
        built_in.chain(defined).collect()
    }

    /// Stores under a new version, with a uid if it has none.
    pub(crate) fn put(&mut self, key: ObjectKey, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if object["metadata"]["uid"].as_str().is_none_or(str::is_empty) {
            self.uid += 1;
            object["metadata"]["uid"] = json!(format!("uid-{}", self.uid));
        }
        self.objects.insert(key, object.clone());
        object
    }

    /// Records a write and looks at the whole store.
    pub(super) fn commit(&mut self, deed: &'static str, key: ObjectKey, before: Value, preconditions: Value) {
        self.commits.push(Commit { deed, key, before, preconditions });
        if let Some(violation) = self.watch.and_then(|watch| watch(self)) {
            self.violations.insert(violation);
        }
    }

    /// Begins the deletion of an object, as a DELETE without preconditions would.
    pub(crate) fn remove(&mut self, key: &ObjectKey) -> Option<Value> {
        let mut object = self.objects.get(key)?.clone();
        let held = object.pointer("/metadata/finalizers").and_then(Value::as_array).is_some_and(|f| !f.is_empty());
        if held || key.kind == "Namespace" {
            if object.pointer("/metadata/deletionTimestamp").is_none() {
                object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
                return Some(self.put(key.clone(), object));
            }
            return Some(object);
        }
        self.objects.remove(key);
        if key.kind == "CustomResourceDefinition" {
            let kind = object.pointer("/spec/names/kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            let group = object.pointer("/spec/group").and_then(Value::as_str).unwrap_or_default().to_owned();
            self.objects.retain(|key, _| !(key.kind == kind.as_str() && key.group == group.as_str()));
        }
        None
    }

    /// The version of everything.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What happened since.
    pub(super) fn changes_after(&self, version: u64) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.version > version)
    }

    /// What is different now is written down for watches. Whoever changed it need not know of them.
    fn note_changes(&mut self) {
        if self.noted == (self.version, self.objects.len()) {
            return;
        }
        let version = |object: &Value| {
            let text = object["metadata"]["resourceVersion"].as_str().unwrap_or_default();
            text.parse::<u64>().unwrap_or_default()
        };
        let is_new = |key: &ObjectKey, object: &Value| {
            self.told
                .get(key)
                .is_none_or(|told| told["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"])
        };
        let mut changes: Vec<Change> = Vec::new();
        for (key, after) in self.objects.iter().filter(|(key, object)| is_new(key, object)) {
            let before = self.told.get(key).cloned().unwrap_or_default();
            changes.push(Change { version: version(after), key: key.clone(), before, after: after.clone() });
        }
        changes.sort_by_key(|change| change.version);
        for (key, before) in self.told.iter().filter(|(key, _)| !self.objects.contains_key(*key)) {
            self.version += 1;
            let (key, before) = (key.clone(), before.clone());
            changes.push(Change { version: self.version, key, before, after: Value::Null });
        }
        for change in &changes {
            if change.after.is_null() {
                self.told.remove(&change.key);
            } else {
                self.told.insert(change.key.clone(), change.after.clone());
            }
        }
        self.changes.extend(changes);
        self.noted = (self.version, self.objects.len());
    }

    /// What controllers do between two requests: one thing at a time, so that every state in between is seen.
    pub(crate) fn tick(&mut self) {
        self.work();
        self.note_changes();
    }

    fn work(&mut self) {
        let waiting =
            self.objects.iter().find(|(key, object)| key.kind == "CustomResourceDefinition" && !is_established(object));
        if let Some((key, definition)) = waiting.map(|(key, object)| (key.clone(), object.clone())) {
            let mut definition = definition;
            definition["status"] = json!({
                "conditions": [{"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "True"}],
                "acceptedNames": definition["spec"]["names"].clone(),
            });
            self.put(key, definition);
            return;
        }
        let ending = self.objects.iter().find(|(key, object)| key.kind == "Namespace" && is_terminating(object));
        let Some(namespace) = ending.map(|(key, _)| key.clone()) else { return };
        let content = self
            .objects
            .keys()
            .find(|key| key.namespace == namespace.name && !self.objects[*key]["metadata"]["finalizers"].is_array());
        match content.cloned() {
            Some(key) => drop(self.objects.remove(&key)),
            None if !self.objects.keys().any(|key| key.namespace == namespace.name) => {
                self.objects.remove(&namespace);
            }
            None => {}
        }
    }
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|c| c["type"] == "Established" && c["status"] == "True")
}
