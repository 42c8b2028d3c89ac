//! The cluster behind the program's back: what stands in a cell's namespace, and what an intruder does there. Owns these
//! requests; must not judge.

use std::collections::BTreeMap;
use std::sync::Arc;

use kubectl_gitops::inventory::{Inventory, codec};
use serde_json::{Value, json};
use testkit::api::Api;
use testkit::http::{Answer, Call};

use crate::cell::{Intruder, Scenario, Victim};
use crate::sets::{self, SET};

const OWNER: &str = "kubectl-gitops.dev/owner";
const MEMBER: &str = "kubectl-gitops.dev/inventory";
const ROOT: &str = "kubectl-gitops.dev/root";
const SHARD: &str = "kubectl-gitops.dev/shard-of";

/// The owner that a thief writes on an object: an inventory that is not there.
pub(crate) const THIEF: &str = "7ee7ee7ee7ee7ee7ee7ee7ee7ee7ee7e";

/// What the intruder's own object says.
pub(crate) const FOREIGN: &str = "foreign";

const FINALIZER: &str = "example.com/hold";

/// Everything of a cell's namespace that counts, at one moment.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// By `Kind/name`, without roots and shards.
    pub(crate) objects: BTreeMap<String, Value>,
    /// By the name of the set: its root, and what it says.
    pub(crate) roots: BTreeMap<String, (Value, Result<Inventory, String>)>,
    /// Names of shards.
    pub(crate) shards: Vec<String>,
}

impl Sight {
    /// Sorts objects out.
    pub(crate) fn of<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut sight = Self::default();
        let mut inventories: BTreeMap<String, Value> = BTreeMap::new();
        for object in objects {
            let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
            if is_inventory(object) {
                inventories.insert(name.to_owned(), object.clone());
            } else if name != "kube-root-ca.crt" {
                sight.objects.insert(format!("{kind}/{name}"), object.clone());
            }
        }
        for (name, object) in &inventories {
            if object["metadata"]["labels"].get(ROOT).is_none() {
                sight.shards.push(name.clone());
                continue;
            }
            let said = codec::decode(object, &inventories).map_err(|error| error.to_string());
            let set = name.strip_prefix("gitops-").unwrap_or(name).to_owned();
            sight.roots.insert(set, (object.clone(), said));
        }
        sight
    }
}

/// Marks of an object.
pub(crate) fn owner(object: &Value) -> Option<&str> {
    object.pointer("/metadata/annotations")?.get(OWNER)?.as_str()
}

pub(crate) fn member(object: &Value) -> Option<&str> {
    object.pointer("/metadata/labels")?.get(MEMBER)?.as_str()
}

/// A root or a shard?
pub(crate) fn is_inventory(object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    labels.get(ROOT).is_some() || labels.get(SHARD).is_some()
}

pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// One cell's place in the cluster.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) api: Arc<Api>,
    pub(crate) namespace: String,
}

impl Server {
    /// The collection of a kind.
    fn collection(&self, kind: &str) -> String {
        let namespace = &self.namespace;
        match kind {
            "Secret" => format!("/api/v1/namespaces/{namespace}/secrets"),
            "Widget" => format!("/apis/{}/v1/namespaces/{namespace}/widgets", sets::group(namespace)),
            "CustomResourceDefinition" => "/apis/apiextensions.k8s.io/v1/customresourcedefinitions".to_owned(),
            _ => format!("/api/v1/namespaces/{namespace}/configmaps"),
        }
    }

    fn path(&self, kind: &str, name: &str) -> String {
        format!("{}/{name}", self.collection(kind))
    }

    fn list(&self, kind: &str) -> Vec<Value> {
        let (status, mut list) = self.read(&self.collection(kind));
        // Without the definition there are none.
        if status == 404 {
            return Vec::new();
        }
        let items = list["items"].as_array_mut().map(std::mem::take);
        let mut items = items.unwrap_or_else(|| panic!("the list of {kind} was answered with {status}"));
        for item in &mut items {
            item["kind"] = Value::from(kind);
        }
        items
    }

    /// Looks at everything.
    pub(crate) fn look(&self, scenario: Scenario) -> Sight {
        let mut objects: Vec<Value> = [self.list("ConfigMap"), self.list("Secret")].concat();
        if scenario == Scenario::Definition {
            objects.extend(self.list("Widget"));
            let name = format!("widgets.{}", sets::group(&self.namespace));
            objects.extend(self.get(&self.path("CustomResourceDefinition", &name)));
        }
        Sight::of(&objects)
    }

    /// The object that a path of the API names, as it is now.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        let path = path.split('?').next().unwrap_or_default();
        match self.read(path) {
            (200, object) => Some(object),
            _ => None,
        }
    }

    /// A definition that was just made or changed answers 429 or 503 for a moment.
    fn read(&self, path: &str) -> (u16, Value) {
        for _ in 0..100 {
            let (status, object) = self.api.get(path);
            if !matches!(status, 429 | 503) {
                return (status, object);
            }
            testkit::pause(std::time::Duration::from_millis(100));
        }
        panic!("{path} is not there for 10 s")
    }

    /// Where the root of a set is.
    pub(crate) fn root_path(&self, set: &str) -> String {
        self.path("ConfigMap", &format!("gitops-{set}"))
    }

    fn send(&self, method: &str, path: &str, content: &str, body: &Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.api.must(&Call::new(method, path, body).with("content-type", content).with("accept", "application/json"))
    }

    fn patch(&self, kind: &str, name: &str, patch: &Value) -> Answer {
        let path = format!("{}?fieldManager=intruder", self.path(kind, name));
        self.send("PATCH", &path, "application/merge-patch+json", patch)
    }

    /// Makes an object as `kubectl create` does, and gives its path.
    ///
    /// # Panics
    /// When it is there already.
    pub(crate) fn create(&self, object: &Value) -> String {
        let answer = self.create_if_absent(object);
        assert!(answer.is_success(), "{}", String::from_utf8_lossy(&answer.body));
        self.path(text(object, "/kind"), text(object, "/metadata/name"))
    }

    fn create_if_absent(&self, object: &Value) -> Answer {
        let path = format!("{}?fieldManager=kubectl-create", self.collection(text(object, "/kind")));
        self.send("POST", &path, "application/json", object)
    }

    fn delete(&self, kind: &str, name: &str) {
        self.send("DELETE", &self.path(kind, name), "application/json", &Value::Null);
    }

    /// What an intruder does. What it is after may not be there. Gives the path of what it touched.
    pub(crate) fn intrude(&self, intruder: Intruder, victim: Victim, scenario: Scenario) -> String {
        let name = victim.word();
        let kind = if scenario == Scenario::Definition && victim == Victim::B { "Widget" } else { "ConfigMap" };
        let (metadata, marks) = ("metadata", json!({"labels": {MEMBER: null}, "annotations": {OWNER: null}}));
        let root = format!("gitops-{SET}");
        match intruder {
            Intruder::Nobody | Intruder::SecondRun => {}
            Intruder::Deletes => self.delete(kind, name),
            Intruder::Recreates => {
                self.delete(kind, name);
                let place = json!({"name": name, "namespace": self.namespace});
                let api_version =
                    if kind == "Widget" { format!("{}/v1", sets::group(&self.namespace)) } else { "v1".to_owned() };
                self.create_if_absent(
                    &json!({"apiVersion": api_version, "kind": kind, "metadata": place, "data": {"k": FOREIGN}}),
                );
            }
            Intruder::Steals => {
                self.patch(kind, name, &json!({metadata: {"annotations": {OWNER: THIEF}}}));
            }
            Intruder::StripsLabel => {
                self.patch(kind, name, &json!({metadata: {"labels": {MEMBER: null}}}));
            }
            Intruder::StripsMarks => {
                self.patch(kind, name, &json!({metadata: marks}));
            }
            Intruder::Edits => {
                self.patch(kind, name, &json!({"data": {"k": "edited"}, "spec": {"size": 7}}));
            }
            Intruder::AddsFinalizer => {
                self.patch(kind, name, &json!({metadata: {"finalizers": [FINALIZER]}}));
            }
            Intruder::DeletesRoot => self.delete("ConfigMap", &root),
            Intruder::LabelsRoot => {
                self.patch("ConfigMap", &root, &json!({metadata: {"labels": {"seen": "yes"}}}));
            }
            Intruder::DeletesDefinition => {
                let name = format!("widgets.{}", sets::group(&self.namespace));
                self.delete("CustomResourceDefinition", &name);
                return self.path("CustomResourceDefinition", &name);
            }
        }
        let roots = matches!(intruder, Intruder::DeletesRoot | Intruder::LabelsRoot);
        if roots { self.path("ConfigMap", &root) } else { self.path(kind, name) }
    }

    /// What a person does about an object that does not go away. Gives the path of the last one.
    pub(crate) fn release(&self, scenario: Scenario) -> String {
        let mut released = self.path("ConfigMap", "c");
        for (key, object) in self.look(scenario).objects {
            if object["metadata"].get("finalizers").is_some_and(|held| held.to_string().contains(FINALIZER)) {
                let (kind, name) = key.split_once('/').expect("kind and name");
                self.patch(kind, name, &json!({"metadata": {"finalizers": null}}));
                released = self.path(kind, name);
            }
        }
        released
    }

    /// Is the cell's definition there and about to go?
    pub(crate) fn is_definition_going(&self) -> bool {
        let name = format!("widgets.{}", sets::group(&self.namespace));
        let found = self.get(&self.path("CustomResourceDefinition", &name));
        found.is_some_and(|definition| definition["metadata"].get("deletionTimestamp").is_some())
    }

    /// Takes everything away that a cell left, so that the next one finds an empty place.
    pub(crate) fn clear(&self, scenario: Scenario) {
        if scenario == Scenario::Definition {
            self.release(scenario);
            let name = format!("widgets.{}", sets::group(&self.namespace));
            self.delete("CustomResourceDefinition", &name);
            let path = self.path("CustomResourceDefinition", &name);
            testkit::until("the definition is gone", 60, || self.get(&path).is_none());
        }
        // Again and again: an intruder may still have put a finalizer on something, or made something anew.
        testkit::until("the namespace is empty", 60, || {
            let sight = self.look(scenario);
            let empty = sight.objects.is_empty() && sight.roots.is_empty() && sight.shards.is_empty();
            if !empty {
                self.release(scenario);
                for kind in ["ConfigMap", "Secret"] {
                    self.send("DELETE", &self.collection(kind), "application/json", &Value::Null);
                }
            }
            empty
        });
    }
}
