//! An API server of one group with one kind, `Thing`, as others put behind an APIService: over TLS, objects in memory, and of
//! server-side apply as much as its clients here send. Stands on this machine; the real API server has to reach it.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Map, Value, json};

use crate::git::server_config;
use crate::http::{Answer, Call};

type Objects = BTreeMap<(String, String), Value>;

/// A running one. It answers nothing any more when it is dropped, and holds its objects as long.
#[derive(Debug)]
pub struct Aggregated {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    group: String,
    objects: Mutex<(u64, Objects)>,
    down: AtomicBool,
}

impl Aggregated {
    /// Serves `group` at a free port of `address`.
    ///
    /// # Panics
    /// When this machine does not have the address.
    pub fn start(group: &str, address: IpAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("an address of this machine");
        let address = listener.local_addr().expect("a bound listener");
        let shared = Arc::new(Shared {
            group: group.to_owned(),
            objects: Mutex::new((1, Objects::new())),
            down: AtomicBool::new(false),
        });
        let (tls, all) = (server_config(&address.ip().to_string()), Arc::clone(&shared));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if !all.down.load(Ordering::Relaxed) {
                    let (tls, shared) = (Arc::clone(&tls), Arc::clone(&all));
                    // Whoever only looks whether the port is open goes away in the middle.
                    thread::spawn(move || drop(serve(client, tls, &shared)));
                }
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it answers, or does not.
    pub fn set_down(&self, down: bool) {
        self.shared.down.store(down, Ordering::Relaxed);
    }

    /// An object as it is stored.
    ///
    /// # Panics
    /// When a thread of it died.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Value> {
        let key = (namespace.to_owned(), name.to_owned());
        self.shared.objects.lock().expect("no thread died").1.get(&key).cloned()
    }
}

impl Drop for Aggregated {
    fn drop(&mut self) {
        self.set_down(true);
    }
}

fn serve(client: TcpStream, tls: Arc<ServerConfig>, shared: &Shared) -> io::Result<()> {
    let session = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(session, client));
    while let Some(call) = Call::read(&mut stream)? {
        if shared.down.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (status, body) = shared.answer(&call);
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = Answer { status, headers, body: body.to_string().into_bytes() };
        stream.get_mut().write_all(&answer.bytes())?;
        stream.get_mut().flush()?;
    }
    Ok(())
}

impl Shared {
    fn answer(&self, call: &Call) -> (u16, Value) {
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let root = format!("/apis/{}/v1", self.group);
        let Some(rest) = path.strip_prefix(&root) else { return failure(404, "NotFound", path) };
        let steps: Vec<&str> = rest.split('/').filter(|step| !step.is_empty()).collect();
        let mut stored = self.objects.lock().expect("no thread died");
        let (version, objects) = &mut *stored;
        match (call.method.as_str(), steps.as_slice()) {
            ("GET", []) => (200, self.resources()),
            ("GET", ["things"]) => (200, self.list(objects, "", query)),
            ("GET", ["namespaces", namespace, "things"]) => (200, self.list(objects, namespace, query)),
            (method, ["namespaces", namespace, "things", name]) => {
                let key = ((*namespace).to_owned(), (*name).to_owned());
                match method {
                    "GET" => objects.get(&key).map_or_else(|| failure(404, "NotFound", name), |o| (200, o.clone())),
                    "PATCH" => apply(objects, key, call, query.contains("dryRun=All"), version),
                    "DELETE" => delete(objects, &key, call),
                    _ => failure(405, "MethodNotAllowed", method),
                }
            }
            (method, _) => failure(404, "NotFound", method),
        }
    }

    fn resources(&self) -> Value {
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{}/v1", self.group), "resources": [
            {"name": "things", "singularName": "thing", "namespaced": true, "kind": "Thing",
                "verbs": ["get", "list", "patch", "delete"]}]})
    }

    fn list(&self, objects: &Objects, namespace: &str, query: &str) -> Value {
        let selector = query.split('&').find_map(|part| part.strip_prefix("labelSelector="));
        let selector = selector.map(|text| text.replace("%2F", "/").replace("%3D", "="));
        let wanted = selector.as_deref().and_then(|text| text.split_once('='));
        let fits = |object: &&Value| {
            wanted.is_none_or(|(name, value)| object["metadata"]["labels"][name] == value)
                && (namespace.is_empty() || object["metadata"]["namespace"] == namespace)
        };
        let items: Vec<&Value> = objects.values().filter(fits).collect();
        json!({"kind": "ThingList", "apiVersion": format!("{}/v1", self.group), "metadata": {"resourceVersion": "1"}, "items": items})
    }
}

fn failure(code: u16, reason: &str, what: &str) -> (u16, Value) {
    let message = format!("{reason}: {what}");
    let details = json!({"name": what, "kind": "things"});
    (
        code,
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": message, "details": details}),
    )
}

/// Is what a request demands of the object so?
fn holds(object: &Value, demanded: &Value) -> bool {
    ["uid", "resourceVersion"]
        .iter()
        .all(|field| demanded.get(field).is_none_or(|wanted| *wanted == object["metadata"][field]))
}

fn apply(objects: &mut Objects, key: (String, String), call: &Call, dry: bool, version: &mut u64) -> (u16, Value) {
    let Ok(mut object) = serde_json::from_slice::<Value>(&call.body) else { return failure(400, "BadRequest", "body") };
    let demanded = object["metadata"].clone();
    let before = objects.get(&key);
    let created = before.is_none();
    match before {
        Some(before) if !holds(before, &demanded) => return failure(409, "Conflict", &key.1),
        None if demanded.get("uid").is_some() => return failure(409, "Conflict", &key.1),
        _ => {}
    }
    *version += 1;
    let uid = before.map_or_else(|| json!(format!("thing-{version}")), |before| before["metadata"]["uid"].clone());
    let api_version = object["apiVersion"].clone();
    for field in ["uid", "resourceVersion"] {
        object["metadata"].as_object_mut().map(|metadata| metadata.shift_remove(field));
    }
    let fields = fields(&object, true);
    object["metadata"]["uid"] = uid;
    object["metadata"]["resourceVersion"] = json!(version.to_string());
    object["metadata"]["managedFields"] = json!([{"manager": "kubectl-gitops", "operation": "Apply", "apiVersion": api_version,
        "fieldsType": "FieldsV1", "fieldsV1": fields}]);
    if !dry {
        objects.insert(key, object.clone());
    }
    (if created { 201 } else { 200 }, object)
}

/// The field set of what was applied; `top`: without what makes it the object that it is.
fn fields(value: &Value, top: bool) -> Value {
    let own = |name: &str| top && matches!(name, "apiVersion" | "kind" | "name" | "namespace");
    let members = value.as_object().into_iter().flatten().filter(|(name, _)| !own(name));
    let entries = members.map(|(name, value)| (format!("f:{name}"), fields(value, top && name == "metadata")));
    Value::Object(entries.collect::<Map<_, _>>())
}

fn delete(objects: &mut Objects, key: &(String, String), call: &Call) -> (u16, Value) {
    let options: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    match objects.get(key) {
        None => failure(404, "NotFound", &key.1),
        Some(object) if !holds(object, &options["preconditions"]) => failure(409, "Conflict", &key.1),
        Some(_) => {
            objects.remove(key);
            (200, json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}))
        }
    }
}
