//! The form of a state: what later runs could tell apart, without what differs from one place and moment to the next. Two cells
//! whose runs left states of one form have one future, so that what is wanted next need be tried from one of them only.
//! Owns what counts as the same; must not know how a state came about.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;

use kubectl_gitops::inventory::digest::{Digest, desired_hash, live_digest};
use kubectl_gitops::inventory::{Entry, Inventory};
use serde_json::{Value, json};

use crate::cell::{Cell, Intruder};
use crate::server::Sight;

/// What the digests in an inventory stand for: they differ with the namespace, and so from one place to the other.
#[derive(Debug, Default)]
pub(crate) struct Meanings(BTreeMap<Digest, String>);

impl Meanings {
    /// A manifest as it is sent. The guards in it belong to the request.
    pub(crate) fn add_manifest(&mut self, sent: &Value) {
        let mut manifest = sent.clone();
        if let Some(metadata) = manifest["metadata"].as_object_mut() {
            metadata.retain(|name, _| name != "uid" && name != "resourceVersion");
        }
        self.0.insert(desired_hash(&manifest), format!("<manifest {manifest}>"));
    }

    /// An object as it once was.
    pub(crate) fn add_live(&mut self, object: &Value) {
        if let Some(digest) = live_digest(object) {
            // All that the digest is taken from, and nothing else: two digests may not mean the same, and one not two.
            let ours = |entry: &&Value| entry["manager"] == "kubectl-gitops" && entry["operation"] == "Apply";
            let fields = object["metadata"]["managedFields"].as_array().and_then(|all| all.iter().find(ours));
            let (labels, annotations) = (&object["metadata"]["labels"], &object["metadata"]["annotations"]);
            let data = if object["kind"] == "Secret" { &Value::Null } else { &object["data"] };
            let content = json!([fields, labels, annotations, data, object["spec"], object["immutable"]]);
            self.0.entry(digest).or_insert_with(|| format!("<live {}>", timeless(&content)));
        }
    }

    fn of(&self, digest: Option<Digest>) -> Option<&str> {
        digest.map_or(Some("-"), |digest| self.0.get(&digest).map(String::as_str))
    }
}

/// The form of a state in one place; none if it holds something whose meaning is not known.
pub(crate) fn form(sight: &Sight, meanings: &Meanings, place: &[(&str, &str)]) -> Option<String> {
    let mut text = String::new();
    for (key, object) in &sight.objects {
        writeln!(text, "{key} {}", timeless(object)).expect("writing to a string");
    }
    for (set, (root, said)) in &sight.roots {
        let metadata = &root["metadata"];
        let named = &root["data"]["shards"];
        let outside = json!([metadata["labels"], metadata["annotations"], metadata["finalizers"], named]);
        writeln!(text, "root {set} {outside} {}", told(said.as_ref().ok()?, meanings)?).expect("writing to a string");
    }
    writeln!(text, "shards {:?}", sight.shards).expect("writing to a string");
    for (from, to) in place {
        text = text.replace(from, to);
    }
    Some(symbols(&text))
}

/// An inventory without times, and without the names of runs and of processes.
fn told(inventory: &Inventory, meanings: &Meanings) -> Option<String> {
    let Inventory { id, phase, source, revision, attempted, suspended, reload, sources, left, rebuilt, .. } = inventory;
    let mut text = format!("{id} {phase:?} {source:?} {revision} {attempted} {suspended} {rebuilt}");
    let (locked, full, inputs) = (inventory.lock.is_some(), inventory.full.is_empty(), &inventory.inputs_digest);
    write!(text, " {locked} {full} {inputs} {reload:?} {sources:?} {left:?}").expect("writing to a string");
    for (key, entry) in &inventory.entries {
        let Entry { version, uid, state, adopted, desired_hash, live_digest } = entry;
        let (desired, live) = (meanings.of(*desired_hash)?, meanings.of(*live_digest)?);
        write!(text, "\n  {key} {version} {uid:?} {state:?} {adopted} {desired} {live}").expect("writing to a string");
    }
    Some(text)
}

/// Without the fields that hold a time.
fn timeless(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| !["creationTimestamp", "time", "lastTransitionTime"].contains(&key.as_str()))
            .map(|(key, value)| {
                let value = if key == "deletionTimestamp" { Value::from("some time") } else { timeless(value) };
                (key.clone(), value)
            })
            .collect(),
        Value::Array(items) => items.iter().map(timeless).collect(),
        plain => plain.clone(),
    }
}

/// Every uid, id, version and digest becomes the number of its first occurrence: which are equal is all that counts.
fn symbols(text: &str) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut symbol = |word: &str| {
        let next = seen.len();
        format!("${}", seen.entry(word.to_owned()).or_insert(next))
    };
    let mut form = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        // `gitops-demo-0123456789ab` is three words, a uid is one.
        if !is_uid(&rest[..end]) {
            end = rest.find(|c| c == '-' || !part(c)).unwrap_or(rest.len());
        }
        let (word, tail) = rest.split_at(end);
        if is_uid(word) || is_opaque(word) {
            // The label on members is the first half of the id.
            let (first, second) = if word.len() == 32 { word.split_at(16) } else { (word, "") };
            form += &symbol(first);
            form += &if second.is_empty() { String::new() } else { symbol(second) };
        } else {
            form += word;
        }
        let separator = tail.chars().next().map_or(0, char::len_utf8);
        form += &tail[..separator];
        rest = &tail[separator..];
    }
    form
}

fn is_uid(word: &str) -> bool {
    word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}

fn is_opaque(word: &str) -> bool {
    let number = word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    let hexadecimal = word.len() > 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    number || hexadecimal
}

/// Futures that were seen to end well.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<BTreeSet<String>>);

impl Known {
    /// Those of an earlier run.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(Mutex::new(names.into_iter().collect()))
    }

    pub(crate) fn holds(&self, name: &str) -> bool {
        self.0.lock().expect("no thread died").contains(name)
    }

    /// Takes it in; was it new?
    pub(crate) fn learn(&self, name: &str) -> bool {
        self.0.lock().expect("no thread died").insert(name.to_owned())
    }
}

/// The name of a cell's future from a state: all that `trial` makes depend on the cell after its run.
pub(crate) fn future(form: &str, cell: Cell) -> String {
    let deed = match cell.intruder {
        Intruder::Steals | Intruder::Edits | Intruder::AddsFinalizer | Intruder::DeletesRoot => cell.intruder.word(),
        _ => "",
    };
    let all = json!([form, cell.scenario.word(), cell.next.word(), deed]);
    desired_hash(&all).to_string()
}
