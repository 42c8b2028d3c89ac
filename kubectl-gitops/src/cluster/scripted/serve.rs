//! Requests to answers. Owns paths, statuses and preconditions of the fake.

use krm::ObjectKey;
use serde_json::{Value, json};

use super::apply::{self, Outcome};
use super::store::{Served, Store};
use super::watch::Watched;
use crate::cluster::transport::{Method, Request, Response};
use crate::plan::is_terminating;

/// A parsed URL.
#[derive(Clone)]
pub(super) struct Target {
    served: Served,
    namespace: String,
    name: String,
    query: Vec<(String, String)>,
}

impl Target {
    fn key(&self) -> ObjectKey {
        let Served { group, kind, namespaced, .. } = &self.served;
        let namespace = if *namespaced { self.namespace.as_str() } else { "" };
        ObjectKey::new(group.as_str(), kind.as_str(), namespace, self.name.as_str())
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Is it one of those that a LIST or a watch asks for?
    pub(super) fn selects(&self, key: &ObjectKey, object: &Value) -> bool {
        let pair = |name: &str| self.query(name).and_then(|selector| selector.split_once('='));
        let Served { group, kind, .. } = &self.served;
        key.group == group.as_str()
            && key.kind == kind.as_str()
            && (self.namespace.is_empty() || key.namespace == self.namespace.as_str())
            && pair("labelSelector").is_none_or(|(name, value)| object["metadata"]["labels"][name] == value)
            && pair("fieldSelector").is_none_or(|(field, value)| match field {
                "metadata.name" => key.name == value,
                field => object.pointer(&format!("/{}", field.replace('.', "/"))).is_some_and(|found| found == value),
            })
    }
}

impl Store {
    pub(super) fn serve(&mut self, request: &Request) -> Response {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if path == "/api" || path == "/apis" {
            return ok(200, &self.discovery(path == "/api"));
        }
        let Some(target) = self.target(path, query) else {
            return Response { status: 404, body: b"404 page not found\n".to_vec(), ..Response::default() };
        };
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let dry_run = target.query("dryRun").is_some() || body["dryRun"] == json!(["All"]);
        if request.method != Method::Get && !dry_run {
            self.writes += 1;
        }
        match request.method {
            Method::Get if target.name.is_empty() => self.list(&target),
            Method::Get => match self.objects.get(&target.key()) {
                Some(object) => ok(200, object),
                None => missing(&target),
            },
            Method::Patch if request.content_type.contains("apply-patch") => self.apply(&target, &body, dry_run),
            Method::Patch => self.merge(&target, &body, dry_run),
            Method::Post => self.create(&target, &body, dry_run),
            Method::Put => self.replace(&target, &body),
            Method::Delete => self.delete(&target, &body, dry_run),
        }
    }

    fn target(&self, path: &str, query: &str) -> Option<Target> {
        let mut parts: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
        let core = parts.first().map(String::as_str) == Some("api");
        let group = if core { String::new() } else { parts.get(1)?.clone() };
        parts.drain(..if core { 1 } else { 2 });
        let version = parts.first()?.clone();
        parts.remove(0);
        let mut namespace = String::new();
        if parts.len() > 2 && parts[0] == "namespaces" {
            namespace.clone_from(&parts[1]);
            parts.drain(..2);
        }
        let plural = parts.first()?.clone();
        let served =
            self.served().into_iter().find(|s| s.group == group && s.plural == plural && s.version == version)?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = pairs.map(|(key, value)| (key.to_owned(), decode(value))).collect();
        Some(Target { served, namespace, name: parts.get(1).cloned().unwrap_or_default(), query })
    }

    fn discovery(&self, core: bool) -> Value {
        let served: Vec<Served> = self.served().into_iter().filter(|s| s.group.is_empty() == core).collect();
        let groups: std::collections::BTreeSet<&str> = served.iter().map(|s| s.group.as_str()).collect();
        let resource = |s: &Served| {
            json!({"resource": s.plural, "responseKind": {"group": s.group, "version": s.version, "kind": s.kind},
                "scope": if s.namespaced { "Namespaced" } else { "Cluster" },
                "verbs": ["create", "delete", "get", "list", "patch", "update"]})
        };
        let items: Vec<Value> = groups
            .into_iter()
            .map(|group| {
                let resources: Vec<Value> = served.iter().filter(|s| s.group == group).map(resource).collect();
                json!({"metadata": {"name": group},
                    "versions": [{"version": "v1", "freshness": "Current", "resources": resources}]})
            })
            .collect();
        json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items})
    }

    fn list(&self, target: &Target) -> Response {
        let kind = &target.served.kind;
        let items = self.objects.iter().filter(|(key, object)| target.selects(key, object)).map(|(_, object)| object);
        let items: Vec<&Value> = items.collect();
        let metadata = json!({"resourceVersion": self.version().to_string()});
        ok(200, &json!({"kind": format!("{kind}List"), "apiVersion": "v1", "metadata": metadata, "items": items}))
    }

    /// What a request asks to watch, or the refusal.
    pub(super) fn watched(&self, request: &Request) -> Result<Watched, Response> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let unknown = || failure(404, "NotFound", "page not found", &Value::Null);
        let target = self.target(path, query).ok_or_else(unknown)?;
        let number = |name: &str| target.query(name).and_then(|text| text.parse().ok());
        let (Some(after), Some(seconds)) = (number("resourceVersion"), number("timeoutSeconds")) else {
            return Err(failure(400, "BadRequest", "no version or no time", &Value::Null));
        };
        if after < self.oldest {
            return Err(failure(410, "Expired", "too old resource version", &Value::Null));
        }
        Ok(Watched { target, after, seconds })
    }

    /// Creation is refused in a namespace that is missing or going away.
    fn no_place(&self, target: &Target) -> Option<Response> {
        if !target.served.namespaced {
            return None;
        }
        let namespace = ObjectKey::new("", "Namespace", "", target.namespace.as_str());
        match self.objects.get(&namespace) {
            None => {
                let details = json!({"name": target.namespace, "kind": "namespaces"});
                Some(failure(404, "NotFound", "the namespace does not exist", &details))
            }
            Some(object) if is_terminating(object) => {
                let cause = json!([{"reason": "NamespaceTerminating", "message": "", "field": "metadata.namespace"}]);
                Some(failure(403, "Forbidden", "the namespace is being terminated", &json!({"causes": cause})))
            }
            Some(_) => None,
        }
    }

    fn apply(&mut self, target: &Target, body: &Value, dry_run: bool) -> Response {
        let key = target.key();
        let (uid, version) = (body["metadata"]["uid"].as_str(), body["metadata"]["resourceVersion"].as_str());
        // A field that no schema declares, as the real server answers it.
        if body.get("broken").is_some() {
            return failure(
                500,
                "",
                "failed to create typed patch object: .broken: field not declared in schema",
                &json!({}),
            );
        }
        let live = self.objects.get(&key).cloned();
        match &live {
            None if uid.is_some() => return conflict("uid mismatch: the object does not exist"),
            None => {
                if let Some(refused) = self.no_place(target) {
                    return refused;
                }
            }
            Some(live) if version.is_some_and(|version| live["metadata"]["resourceVersion"] != version) => {
                return conflict("the object has been modified");
            }
            Some(live) if uid.is_some_and(|uid| live["metadata"]["uid"] != uid) => {
                let causes = json!([{"reason": "FieldValueInvalid", "field": "metadata.uid", "message": "immutable"}]);
                return failure(422, "Invalid", "metadata.uid: field is immutable", &json!({"causes": causes}));
            }
            Some(_) => {}
        }
        let manager = target.query("fieldManager").unwrap_or_default();
        let mut manifest = body.clone();
        for field in ["uid", "resourceVersion"] {
            manifest["metadata"].as_object_mut().map(|metadata| metadata.remove(field));
        }
        match apply::apply(live.as_ref(), &manifest, manager, target.query("force") == Some("true")) {
            Outcome::Conflict(fields) => {
                let causes: Vec<Value> = fields
                    .iter()
                    .map(|f| json!({"reason": "FieldManagerConflict", "field": f, "message": "conflict"}))
                    .collect();
                failure(409, "Conflict", "Apply failed", &json!({"causes": causes}))
            }
            Outcome::Same => ok(200, &live.unwrap_or(Value::Null)),
            Outcome::Changed(object) if dry_run => ok(200, &object),
            Outcome::Changed(object) => {
                let status = if live.is_some() { 200 } else { 201 };
                let stored = self.put(key.clone(), object);
                self.commit("apply", key, live.unwrap_or(Value::Null), Value::Null);
                ok(status, &stored)
            }
        }
    }

    fn merge(&mut self, target: &Target, body: &Value, dry_run: bool) -> Response {
        let key = target.key();
        let Some(live) = self.objects.get(&key).cloned() else { return missing(target) };
        if let Some(refused) = stale(&live, &body["metadata"]) {
            return refused;
        }
        let mut object = live.clone();
        merge_into(&mut object, body);
        if dry_run {
            return ok(200, &object);
        }
        let stored = self.put(key.clone(), object);
        self.commit("patch", key, live, Value::Null);
        ok(200, &stored)
    }

    fn create(&mut self, target: &Target, body: &Value, dry_run: bool) -> Response {
        let name = body["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let target = Target { name, ..target.clone() };
        let key = target.key();
        if self.objects.contains_key(&key) {
            return failure(409, "AlreadyExists", "it exists", &json!({"name": target.name}));
        }
        if let Some(refused) = self.no_place(&target) {
            return refused;
        }
        if dry_run {
            return ok(201, body);
        }
        let stored = self.put(key.clone(), body.clone());
        self.commit("create", key, Value::Null, Value::Null);
        ok(201, &stored)
    }

    fn replace(&mut self, target: &Target, body: &Value) -> Response {
        let key = target.key();
        let Some(live) = self.objects.get(&key).cloned() else { return missing(target) };
        if let Some(refused) = stale(&live, &body["metadata"]) {
            return refused;
        }
        let mut object = body.clone();
        object["metadata"]["uid"] = live["metadata"]["uid"].clone();
        let stored = self.put(key.clone(), object);
        self.commit("replace", key, live, Value::Null);
        ok(200, &stored)
    }

    fn delete(&mut self, target: &Target, body: &Value, dry_run: bool) -> Response {
        let key = target.key();
        let preconditions = body["preconditions"].clone();
        if !preconditions["uid"].is_string() || !preconditions["resourceVersion"].is_string() {
            self.violations.insert(format!("a DELETE of {key} without uid and resourceVersion"));
        }
        let Some(live) = self.objects.get(&key).cloned() else { return missing(target) };
        if let Some(refused) = stale(&live, &preconditions) {
            return refused;
        }
        if dry_run {
            return ok(200, &json!({"kind": "Status", "status": "Success"}));
        }
        let pending = self.remove(&key);
        self.commit("delete", key, live, preconditions);
        ok(200, &pending.unwrap_or_else(|| json!({"kind": "Status", "status": "Success"})))
    }
}

fn stale(live: &Value, wanted: &Value) -> Option<Response> {
    let differs = |field: &str| wanted[field].is_string() && wanted[field] != live["metadata"][field];
    (differs("uid") || differs("resourceVersion")).then(|| conflict("the object has been modified"))
}

fn merge_into(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (field, value) in fields {
        if value.is_null() {
            target.as_object_mut().map(|map| map.remove(field));
        } else {
            merge_into(&mut target[field.as_str()], value);
        }
    }
}

fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
            let digits = std::str::from_utf8(&digits).unwrap_or("00").to_owned();
            out.push(u8::from_str_radix(&digits, 16).unwrap_or(0));
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

fn ok(status: u16, body: &Value) -> Response {
    Response { status, body: body.to_string().into_bytes(), ..Response::default() }
}

fn failure(status: u16, reason: &str, message: &str, details: &Value) -> Response {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message,
        "details": details, "code": status});
    ok(status, &body)
}

fn conflict(message: &str) -> Response {
    failure(409, "Conflict", message, &json!({"kind": "objects"}))
}

fn missing(target: &Target) -> Response {
    failure(404, "NotFound", "not found", &json!({"name": target.name, "kind": target.served.plural}))
}
