//! What must hold at every request and after every committed write. Owns the invariants; requests that write go one after
//! another through it, so that each state is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Mutex;

use base64::Engine as _;
use kubectl_gitops::inventory::{Inventory, State};
use serde_json::Value;
use testkit::http::{Answer, Call};

use crate::form::{self, Meanings};
use crate::server::{Server, Sight, THIEF, is_inventory, member, owner, text};
use crate::sets::SECRETS;

/// Watches one cell.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) server: Server,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Ids of every inventory there ever was in this cell.
    ids: BTreeSet<String>,
    /// What each root said last.
    said: BTreeMap<String, Inventory>,
    /// Every object that was ever written, as it is, by its path.
    objects: BTreeMap<String, Value>,
    /// Objects that a request made which its sender had given up long before. No guard stops a creation, so they may be there
    /// without a record, until the next run finds their marks.
    haunted: BTreeSet<String>,
    meanings: Meanings,
    violations: Vec<String>,
}

/// Who sends a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender<'a> {
    /// Its set.
    pub(crate) set: &'a str,
    /// Its process.
    pub(crate) pid: i32,
    /// The program has given the request up: what it may do cannot be its business any more, and guards alone protect.
    pub(crate) given_up: bool,
}

/// Does it change anything?
pub(crate) fn writes(call: &Call) -> bool {
    !matches!(call.method.as_str(), "GET" | "HEAD") && !call.path.contains("dryRun=")
}

impl Watch {
    pub(crate) fn new(server: Server) -> Self {
        Self { server, seen: Mutex::default() }
    }

    /// What was violated so far.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.seen.lock().expect("no thread died").violations.clone()
    }

    pub(crate) fn accuse(&self, violation: String) {
        self.seen.lock().expect("no thread died").violations.push(violation);
    }

    /// The form of the state, if all of it is understood.
    pub(crate) fn form(&self, sight: &Sight, dir: &str) -> Option<String> {
        let seen = self.seen.lock().expect("no thread died");
        form::form(sight, &seen.meanings, &[(dir, "DIR"), (&self.server.namespace, "NAMESPACE")])
    }

    /// Lets somebody else do something while no request that writes is under way.
    pub(crate) fn alone(&self, deed: impl FnOnce(&Server) -> String) {
        let mut seen = self.seen.lock().expect("no thread died");
        let touched = deed(&self.server);
        self.refresh(&mut seen, &touched);
        // A definition takes its objects along, and what a finalizer held is gone with it.
        self.refresh_all(&mut seen, |path, object| {
            path.contains("/widgets/") || object["metadata"].get("finalizers").is_some()
        });
    }

    fn refresh_all(&self, seen: &mut Seen, stale: impl Fn(&str, &Value) -> bool) {
        let paths = seen.objects.iter().filter(|(path, object)| stale(path, object));
        let paths: Vec<String> = paths.map(|(path, _)| path.clone()).collect();
        for path in paths {
            self.refresh(seen, &path);
        }
    }

    /// What the answer to a write says the object is now; it is read again where the answer does not hold what is judged.
    fn learn(&self, seen: &mut Seen, call: &Call, answer: &Answer) -> String {
        let mut object = answer.json();
        let mut path = bare(&call.path).to_owned();
        if call.method == "POST" {
            path = format!("{path}/{}", text(&object, "/metadata/name"));
        }
        let written = call.method != "DELETE" && object.pointer("/metadata/uid").is_some();
        match kind_at(&path).filter(|_| written) {
            // Of an inventory the content counts, which an answer of metadata alone does not have.
            Some(kind) if !is_inventory(&object) || object["kind"] == kind => {
                object["kind"] = Value::from(kind);
                seen.meanings.add_live(&object);
                seen.objects.insert(path.clone(), object);
            }
            _ => self.refresh(seen, &path),
        }
        path
    }

    /// Reads one object again. A LIST would do, but takes half a second on SQLite.
    fn refresh(&self, seen: &mut Seen, path: &str) {
        match self.server.get(path) {
            Some(object) => {
                seen.meanings.add_live(&object);
                seen.objects.insert(path.to_owned(), object)
            }
            None => seen.objects.remove(path),
        };
    }

    /// Sends a request on, judging it before and the cluster after it.
    pub(crate) fn forward(&self, call: &Call, sender: Sender<'_>) -> io::Result<Answer> {
        if !writes(call) {
            return self.server.api.send(call);
        }
        let mut seen = self.seen.lock().expect("no thread died");
        if let Err(violation) = self.judge_request(call, sender, &seen) {
            seen.violations.push(format!("{} {}: {violation}", call.method, call.path));
        }
        if call.method == "PATCH" {
            seen.meanings.add_manifest(&serde_json::from_slice(&call.body).unwrap_or_default());
        }
        let answer = self.server.api.send(call)?;
        if answer.is_success() {
            let path = self.learn(&mut seen, call, &answer);
            if sender.given_up
                && let Some(object) = seen.objects.get(&path)
            {
                let key = key_of(object);
                seen.haunted.insert(key);
            }
            // Objects of a definition that somebody deleted go a moment after it.
            self.refresh_all(&mut seen, |path, object| {
                path.contains("/widgets/") || object["metadata"].get("deletionTimestamp").is_some()
            });
            let sight = Sight::of(seen.objects.values());
            let found = judge_sight(&sight, &mut seen);
            let place = format!("after {} {}", call.method, call.path);
            seen.violations.extend(found.into_iter().map(|violation| format!("{place}: {violation}")));
        }
        Ok(answer)
    }

    fn judge_request(&self, call: &Call, sender: Sender<'_>, seen: &Seen) -> Result<(), String> {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let before = if call.method == "POST" { None } else { self.now(bare(&call.path), seen) };
        let inventory = is_inventory(&body) || before.as_ref().is_some_and(is_inventory);
        if inventory {
            no_secret_in(&String::from_utf8_lossy(&call.body))?;
        } else {
            self.under_lock(sender, seen)?;
        }
        match call.method.as_str() {
            "DELETE" => judge_deletion(&body["preconditions"], before.as_ref(), seen),
            "PATCH" => judge_guard(&body["metadata"]),
            "PUT" if text(&body, "/metadata/resourceVersion").is_empty() => {
                Err("a PUT that compares with nothing".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// An object before a write. All that changes these kinds here comes this way; the server itself writes others.
    fn now(&self, path: &str, seen: &Seen) -> Option<Value> {
        if matches!(kind_at(path), Some("ConfigMap" | "Secret")) {
            return seen.objects.get(path).cloned();
        }
        self.server.get(path)
    }

    /// Objects are written by the holder of the lock only.
    fn under_lock(&self, sender: Sender<'_>, seen: &Seen) -> Result<(), String> {
        // Without a root (somebody deleted it) nobody can hold its lock, and guards alone protect.
        let root = self.now(&self.server.root_path(sender.set), seen);
        let Some(root) = root.filter(|_| !sender.given_up) else { return Ok(()) };
        let holder = root["data"]["lock.holder"].as_str().unwrap_or_default();
        if holder.contains(&format!("/{}/", sender.pid)) {
            return Ok(());
        }
        Err(format!("process {} writes, and the lock is held by `{holder}`", sender.pid))
    }
}

/// A path without its query.
fn bare(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// The kind of the object at a path, of those that only these runs and the intruder change.
fn kind_at(path: &str) -> Option<&'static str> {
    let collection = path.rsplit('/').nth(1)?;
    [("configmaps", "ConfigMap"), ("secrets", "Secret"), ("widgets", "Widget")]
        .into_iter()
        .find_map(|(plural, kind)| (plural == collection).then_some(kind))
}

fn judge_deletion(preconditions: &Value, before: Option<&Value>, seen: &Seen) -> Result<(), String> {
    let (uid, version) = (text(preconditions, "/uid"), text(preconditions, "/resourceVersion"));
    if uid.is_empty() || version.is_empty() {
        return Err("a deletion without both preconditions".to_owned());
    }
    let Some(before) = before else { return Ok(()) };
    let exact = text(before, "/metadata/uid") == uid && text(before, "/metadata/resourceVersion") == version;
    let ours = is_inventory(before) || owner(before).is_some_and(|owner| seen.ids.contains(owner));
    if exact && !ours {
        return Err("a deletion of what is not ours".to_owned());
    }
    Ok(())
}

fn judge_guard(metadata: &Value) -> Result<(), String> {
    let (uid, version) = (text(metadata, "/uid"), text(metadata, "/resourceVersion"));
    match (uid, version) {
        ("", "1") => Ok(()),
        (uid, version) if !uid.is_empty() && !version.is_empty() => Ok(()),
        _ => Err(format!("a write under the guard `{uid}` `{version}`")),
    }
}

/// Secrets may be nowhere but in Secrets.
pub(crate) fn no_secret_in(text: &str) -> Result<(), String> {
    let encoded = SECRETS.map(|secret| base64::engine::general_purpose::STANDARD.encode(secret));
    let leaks =
        SECRETS.iter().any(|secret| text.contains(secret)) || encoded.iter().any(|secret| text.contains(secret));
    if leaks { Err("a secret value stands where it must not".to_owned()) } else { Ok(()) }
}

/// What each root says against what is there, and against what it said before.
fn judge_sight(sight: &Sight, seen: &mut Seen) -> Vec<String> {
    let mut violations = Vec::new();
    let mut said = BTreeMap::new();
    for (set, (_, inventory)) in &sight.roots {
        let inventory = match inventory {
            Ok(inventory) => inventory,
            Err(error) => {
                violations.push(format!("the root of {set} cannot be read: {error}"));
                continue;
            }
        };
        let id = inventory.id.to_string();
        seen.ids.insert(id.clone());
        let recorded: BTreeSet<String> =
            inventory.entries.keys().map(|key| format!("{}/{}", key.kind, key.name)).collect();
        let ours = sight.objects.iter().filter(|(_, object)| owner(object) == Some(id.as_str()));
        for (key, _) in ours.filter(|(key, _)| !recorded.contains(*key) && !seen.haunted.contains(*key)) {
            violations.push(format!("{key} is marked as {set}'s and not on record"));
        }
        // An entry leaves only when the object is gone or another's. (After a lost root this is another story.)
        let before = seen.said.get(set).filter(|before| before.id == inventory.id && !inventory.rebuilt);
        for key in before.into_iter().flat_map(|before| before.entries.keys()) {
            let name = format!("{}/{}", key.kind, key.name);
            let stays = sight.objects.get(&name).is_some_and(|object| owner(object) == Some(id.as_str()));
            if stays && !recorded.contains(&name) && !seen.haunted.contains(&name) {
                violations.push(format!("{name} left the record of {set} while it is there and ours"));
            }
        }
        said.insert(set.clone(), inventory.clone());
    }
    seen.said = said;
    violations
}

/// Is everything as wished, on record, and nothing else marked? Sets by name; none for one that was deleted.
///
/// With `may_leave` workloads of others may still have to roll, and shards that nobody names may still be there, where the next run
/// looks for some: a run that could not ask for them warns, ends well, and leaves it to that one.
pub(crate) fn judge_end(sight: &Sight, wished: &[(&str, Option<Vec<Value>>)], may_leave: bool) -> Vec<String> {
    let mut violations = Vec::new();
    let mut expected: BTreeSet<String> = BTreeSet::new();
    for (set, objects) in wished {
        match (objects, sight.roots.get(*set)) {
            (None, None) => {}
            (None, Some(_)) => violations.push(format!("{set} was deleted, and its root is there")),
            (Some(objects), Some((_, Ok(inventory)))) => {
                let mut inventory = inventory.clone();
                if may_leave {
                    inventory.reload.clear();
                }
                violations.extend(judge_set(sight, set, objects, &inventory));
                expected.extend(objects.iter().map(key_of));
            }
            (Some(_), _) => violations.push(format!("{set} has no root that can be read")),
        }
    }
    for (key, object) in &sight.objects {
        let marked = owner(object).is_some_and(|owner| owner != THIEF);
        if marked && !expected.contains(key) {
            violations.push(leaked(key));
        }
    }
    let named: usize = sight.roots.values().map(|(root, _)| text(root, "/data/shards").lines().count()).sum();
    let looked_for = named > 0 || sight.roots.values().flat_map(|(_, said)| said).any(|said| said.left.shards);
    if named != sight.shards.len() && !(may_leave && looked_for && named < sight.shards.len()) {
        violations.push(format!("the roots name {named} shards and there are {:?}", sight.shards));
    }
    violations
}

/// The violation of an object that is left over.
pub(crate) fn leaked(key: &str) -> String {
    format!("{key} leaked: it is marked and nobody's")
}

/// `Kind/name`
pub(crate) fn key_of(object: &Value) -> String {
    format!("{}/{}", text(object, "/kind"), text(object, "/metadata/name"))
}

fn judge_set(sight: &Sight, set: &str, objects: &[Value], inventory: &Inventory) -> Vec<String> {
    let mut violations = Vec::new();
    if !inventory.is_settled() {
        let (phase, lock) = (inventory.phase, &inventory.lock);
        let under_way: Vec<String> = inventory
            .entries
            .iter()
            .filter(|(_, entry)| entry.state != State::Owned)
            .map(|(key, _)| key.to_string())
            .collect();
        let reload = &inventory.reload;
        violations.push(format!("the root of {set} is not settled: {phase:?} {lock:?} {under_way:?} {reload:?}"));
    }
    let keys: BTreeSet<String> = objects.iter().map(key_of).collect();
    let recorded: BTreeSet<String> = inventory.entries.keys().map(|key| format!("{}/{}", key.kind, key.name)).collect();
    if keys != recorded {
        violations.push(format!("{set} should hold {keys:?} and records {recorded:?}"));
    }
    let id = inventory.id.to_string();
    for object in objects {
        let key = key_of(object);
        match sight.objects.get(&key) {
            None => violations.push(format!("{key} is missing")),
            Some(live) => violations.extend(differs(object, live, &id).map(|what| format!("{key}: {what}"))),
        }
    }
    violations
}

fn differs(wanted: &Value, live: &Value, id: &str) -> Option<String> {
    if owner(live) != Some(id) || member(live) != Some(&id[..16]) {
        return Some(format!("its marks are {:?} and {:?}", owner(live), member(live)));
    }
    if live["metadata"].get("deletionTimestamp").is_some() {
        return Some("it is going away".to_owned());
    }
    let secret = wanted.get("stringData").and_then(|data| data["password"].as_str());
    if let Some(secret) = secret {
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        return (live["data"]["password"] != encoded.as_str()).then(|| "its value is another".to_owned());
    }
    let field = match text(wanted, "/kind") {
        "ConfigMap" => "data",
        "Widget" => "spec",
        _ => return None,
    };
    (wanted[field] != live[field]).then(|| format!("{} instead of {}", live[field], wanted[field]))
}
