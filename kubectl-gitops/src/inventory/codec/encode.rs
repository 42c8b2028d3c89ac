//! From an [`Inventory`] to ConfigMaps. Owns which key of the root says what.

use serde_json::{Map, Value, json};

use super::shard::{self, Shard};
use super::{FORMAT, READABLE_MAX, field, line};
use crate::inventory::{Inventory, RunResult, Source, marks};

/// What is to be stored: all shards first, then the root.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// The root ConfigMap.
    pub root: Value,
    /// The shards it names; empty for a small set. Those whose name exists already need no write.
    pub shards: Vec<Shard>,
}

/// Why an inventory cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Beyond what one root can name.
    #[error("an inventory of {objects} objects is larger than this format holds")]
    TooLarge {
        /// Its members.
        objects: usize,
    },
}

/// The stored form of a root that does not exist yet.
pub fn encode(inventory: &Inventory) -> Result<Encoded, EncodeError> {
    let mut data = status(inventory);
    let mut insert = |name: &str, value: String| data.insert(name.to_owned(), Value::String(value));
    insert(field::OBJECTS, inventory.entries.len().to_string());
    let text = readable(inventory);
    let mut shards = Vec::new();
    if text.len() <= READABLE_MAX {
        insert(field::ENTRIES, text);
    } else {
        let split = shard::split(inventory)?;
        insert(field::SHARDS, lines(split.iter().map(|(reference, _)| reference.to_line())));
        shards = split.into_iter().map(|(_, shard)| shard).collect();
    }
    let root = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": inventory.root.name,
            "namespace": inventory.root.namespace,
            "labels": labels(inventory),
        },
        "data": data,
    });
    Ok(Encoded { root, shards })
}

/// The stored form that replaces `previous` by compare-and-swap (I4): its uid and resourceVersion are in it, and what others
/// wrote into its metadata stays.
pub fn encode_over(inventory: &Inventory, previous: &Value) -> Result<Encoded, EncodeError> {
    let mut encoded = encode(inventory)?;
    let Some(before) = previous.get("metadata").and_then(Value::as_object) else { return Ok(encoded) };
    let metadata = encoded.root["metadata"].as_object_mut().expect("encode writes metadata as an object");
    for name in ["uid", "resourceVersion", "annotations", "ownerReferences", "finalizers"] {
        if let Some(value) = before.get(name) {
            metadata.insert(name.to_owned(), value.clone());
        }
    }
    let ours = metadata["labels"].as_object_mut().expect("encode writes labels as an object");
    for (name, value) in before.get("labels").and_then(Value::as_object).into_iter().flatten() {
        if !name.starts_with(marks::PREFIX) {
            ours.insert(name.clone(), value.clone());
        }
    }
    Ok(encoded)
}

fn readable(inventory: &Inventory) -> String {
    lines(inventory.entries.iter().map(|(key, entry)| line::entry(key, entry)))
}

/// Has the stored form shards?
pub fn is_split(inventory: &Inventory) -> bool {
    readable(inventory).len() > READABLE_MAX
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.fold(String::new(), |mut text, line| {
        text.push_str(&line);
        text.push('\n');
        text
    })
}

fn labels(inventory: &Inventory) -> Map<String, Value> {
    let ready = match inventory.last.as_ref().map(|record| record.result) {
        Some(RunResult::Succeeded) => "true",
        Some(RunResult::Failed | RunResult::Unhealthy) => "false",
        Some(RunResult::Interrupted) | None => "unknown",
    };
    let mut labels = Map::new();
    let mut insert = |name: &str, value: &str| labels.insert(name.to_owned(), Value::String(value.to_owned()));
    insert(marks::ROOT_LABEL, "true");
    insert(marks::SET_NAME_LABEL, &label_value(inventory.root.set_name()));
    insert(marks::READY_LABEL, ready);
    insert(marks::SUSPENDED_LABEL, if inventory.suspended { "true" } else { "false" });
    insert(marks::REVISION_LABEL, &label_value(&inventory.revision));
    labels
}

/// The nearest text with the syntax of a label's value: at most 63 letters, digits, `-`, `_`, `.`, alphanumeric at both ends.
fn label_value(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let value: String = text.chars().map(keep).take(63).collect();
    value.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

fn status(inventory: &Inventory) -> Map<String, Value> {
    let mut data = Map::new();
    let mut insert = |name: &str, value: &str| data.insert(name.to_owned(), Value::String(value.to_owned()));
    insert(field::FORMAT, FORMAT);
    insert(field::ID, &inventory.id.to_string());
    insert(field::RUN, &inventory.run_id);
    insert(field::PHASE, inventory.phase.as_str());
    if let Some(lock) = &inventory.lock {
        insert(field::LOCK_HOLDER, &lock.holder);
        insert(field::LOCK_RENEW, &lock.renew.to_string());
        insert(field::LOCK_TTL, &lock.ttl_s.to_string());
    }
    match &inventory.source {
        Some(Source::Git { url, path }) => {
            insert(field::SOURCE, "git");
            insert(field::SOURCE_URL, url);
            insert(field::SOURCE_PATH, path);
        }
        Some(Source::Directory { path }) => {
            insert(field::SOURCE, "directory");
            insert(field::SOURCE_PATH, path);
        }
        Some(Source::Files) => {
            insert(field::SOURCE, "files");
        }
        None => {}
    }
    insert(field::REVISION, &inventory.revision);
    insert(field::ATTEMPTED, &inventory.attempted);
    insert(field::INPUTS, &inventory.inputs_digest);
    for (name, value) in [(field::DRIVER, &inventory.driver), (field::FULL, &inventory.full)] {
        if !value.is_empty() {
            insert(name, value);
        }
    }
    if !inventory.reload.is_empty() {
        insert(field::RELOAD, &lines(inventory.reload.iter().map(line::key)));
    }
    if !inventory.sources.is_empty() {
        insert(field::SOURCES, &lines(inventory.sources.iter().map(|(key, version)| line::source(key, version))));
    }
    if !inventory.left.kinds.is_empty() {
        insert(field::LEFT, &lines(inventory.left.kinds.iter().map(|(kind, version)| line::kind(kind, version))));
    }
    if inventory.left.shards {
        insert(field::LEFT_SHARDS, "true");
    }
    insert(field::SUSPENDED, if inventory.suspended { "true" } else { "false" });
    if inventory.rebuilt {
        insert(field::REBUILT, "true");
    }
    if let Some(record) = &inventory.last {
        insert(field::LAST_RESULT, record.result.as_str());
        insert(field::LAST_TIME, &record.time);
        insert(field::LAST_REVISION, &record.revision);
        insert(field::LAST_RUN, &record.run_id);
        insert(field::LAST_MESSAGE, &record.message);
    }
    insert(field::HISTORY, &lines(inventory.history.iter().map(line::run)));
    data
}
