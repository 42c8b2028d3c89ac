//! From ConfigMaps to an [`Inventory`]. Owns every way in which a stored form can be wrong; none of them is "empty".

use std::collections::{BTreeMap, BTreeSet};

use krm::{GroupKind, ObjectKey};
use serde_json::{Map, Value};

use super::shard::ShardRef;
use super::{FORMAT, field, line};
use crate::inventory::{
    Entry, Inventory, InventoryId, Left, Lock, Phase, RootRef, RunRecord, RunResult, Source, marks,
};

/// Why a stored inventory cannot be used. Nothing may be deleted on the strength of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A ConfigMap of this name that we did not write.
    #[error("ConfigMap {name} is not an inventory: it lacks the label `{}`", marks::ROOT_LABEL)]
    NotARoot {
        /// Namespace and name.
        name: String,
    },
    /// Written by a later version.
    #[error("inventory {name} has format `{format}`, this version reads format `{}`", FORMAT)]
    UnknownFormat {
        /// Namespace and name.
        name: String,
        /// The format found.
        format: String,
    },
    /// A key is missing or does not hold what it should.
    #[error("inventory {name}: `{field}` {why}")]
    Field {
        /// Namespace and name.
        name: String,
        /// The key of its data.
        field: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// A line that is no entry.
    #[error("line {line} of the entries is damaged")]
    Entry {
        /// From 1.
        line: usize,
    },
    /// An object stands there twice.
    #[error("the entries list {key} twice")]
    Twice {
        /// The object.
        key: ObjectKey,
    },
    /// The root names a shard that was not found.
    #[error("shard {name} is missing")]
    MissingShard {
        /// Its ConfigMap's name.
        name: String,
    },
    /// A shard is not what the root says.
    #[error("shard {name} is damaged: {why}")]
    CorruptShard {
        /// Its ConfigMap's name.
        name: String,
        /// What is wrong.
        why: String,
    },
}

/// Is this ConfigMap an inventory root (of whatever format)?
pub fn is_root(config_map: &Value) -> bool {
    marks::label(config_map, marks::ROOT_LABEL) == Some("true")
}

/// The shards that [`decode`] needs; empty for a small set.
pub fn shards(root: &Value) -> Result<Vec<ShardRef>, DecodeError> {
    let data = Data::of(root)?;
    let Some(lines) = data.get(field::SHARDS) else { return Ok(Vec::new()) };
    lines.lines().map(|line| ShardRef::parse(line).ok_or_else(|| data.bad(field::SHARDS, "is damaged"))).collect()
}

/// Reads a root and its shards, by name. Anything unknown, missing or damaged is an error (I5).
pub fn decode(root: &Value, stored: &BTreeMap<String, Value>) -> Result<Inventory, DecodeError> {
    let data = Data::of(root)?;
    let mut inventory = data.status()?;
    match (data.get(field::ENTRIES), data.get(field::SHARDS)) {
        (Some(text), None) => entries(text, &mut inventory.entries)?,
        (None, Some(_)) => {
            for reference in shards(root)? {
                let missing = || DecodeError::MissingShard { name: reference.name.clone() };
                let config_map = stored.get(&reference.name).ok_or_else(missing)?;
                reference.read(config_map, &mut inventory.entries)?;
            }
        }
        (Some(_), Some(_)) => return Err(data.bad(field::ENTRIES, "stands beside shards")),
        (None, None) => return Err(data.bad(field::ENTRIES, "is missing")),
    }
    if inventory.entries.len() != data.number::<usize>(field::OBJECTS)? {
        return Err(data.bad(field::OBJECTS, "is not the number of entries"));
    }
    Ok(inventory)
}

/// Reads entry lines into `entries`.
pub(super) fn entries(text: &str, entries: &mut BTreeMap<ObjectKey, Entry>) -> Result<(), DecodeError> {
    for (index, line) in text.lines().enumerate() {
        let (key, entry) = line::parse_entry(line).ok_or(DecodeError::Entry { line: index + 1 })?;
        if entries.insert(key.clone(), entry).is_some() {
            return Err(DecodeError::Twice { key });
        }
    }
    Ok(())
}

/// The root's data with its name, for messages.
struct Data<'a> {
    root: RootRef,
    map: &'a Map<String, Value>,
}

impl<'a> Data<'a> {
    fn of(config_map: &'a Value) -> Result<Self, DecodeError> {
        let text = |name: &str| {
            config_map.get("metadata").and_then(|m| m.get(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let root = RootRef { namespace: text("namespace"), name: text("name") };
        if !is_root(config_map) {
            return Err(DecodeError::NotARoot { name: root.to_string() });
        }
        let no_data = || DecodeError::Field { name: root.to_string(), field: field::FORMAT, why: "is missing" };
        let map = config_map.get("data").and_then(Value::as_object).ok_or_else(no_data)?;
        let data = Self { root, map };
        match data.require(field::FORMAT)? {
            FORMAT => Ok(data),
            other => Err(DecodeError::UnknownFormat {
                name: data.root.to_string(),
                format: other.chars().take(40).collect(),
            }),
        }
    }

    fn get(&self, field: &'static str) -> Option<&'a str> {
        self.map.get(field).and_then(Value::as_str)
    }

    fn bad(&self, field: &'static str, why: &'static str) -> DecodeError {
        DecodeError::Field { name: self.root.to_string(), field, why }
    }

    fn require(&self, field: &'static str) -> Result<&'a str, DecodeError> {
        self.get(field).ok_or_else(|| self.bad(field, "is missing"))
    }

    fn text(&self, field: &'static str) -> Result<String, DecodeError> {
        self.require(field).map(str::to_owned)
    }

    fn number<T: std::str::FromStr>(&self, field: &'static str) -> Result<T, DecodeError> {
        self.require(field)?.parse().map_err(|_| self.bad(field, "is not a number"))
    }

    fn flag(&self, field: &'static str) -> Result<bool, DecodeError> {
        match self.get(field) {
            Some("true") => Ok(true),
            Some("false") | None => Ok(false),
            Some(_) => Err(self.bad(field, "is neither true nor false")),
        }
    }

    fn status(&self) -> Result<Inventory, DecodeError> {
        let id: InventoryId =
            self.require(field::ID)?.parse().map_err(|_| self.bad(field::ID, "is not an inventory id"))?;
        let phase = self.require(field::PHASE)?;
        let history = self.require(field::HISTORY)?.lines().map(line::parse_run).collect::<Option<Vec<RunRecord>>>();
        Ok(Inventory {
            id,
            root: self.root.clone(),
            run_id: self.text(field::RUN)?,
            phase: Phase::parse(phase).ok_or_else(|| self.bad(field::PHASE, "is no known phase"))?,
            lock: self.lock()?,
            source: self.source()?,
            revision: self.text(field::REVISION)?,
            attempted: self.text(field::ATTEMPTED)?,
            inputs_digest: self.text(field::INPUTS)?,
            driver: self.get(field::DRIVER).unwrap_or_default().to_owned(),
            full: self.get(field::FULL).unwrap_or_default().to_owned(),
            suspended: self.flag(field::SUSPENDED)?,
            last: self.last()?,
            history: history.ok_or_else(|| self.bad(field::HISTORY, "is damaged"))?,
            entries: BTreeMap::new(),
            reload: self.reload()?,
            sources: self.sources()?,
            left: Left { kinds: self.left_kinds()?, shards: self.flag(field::LEFT_SHARDS)? },
            rebuilt: self.flag(field::REBUILT)?,
        })
    }

    fn lock(&self) -> Result<Option<Lock>, DecodeError> {
        let Some(holder) = self.get(field::LOCK_HOLDER) else { return Ok(None) };
        Ok(Some(Lock {
            holder: holder.to_owned(),
            renew: self.number(field::LOCK_RENEW)?,
            ttl_s: self.number(field::LOCK_TTL)?,
        }))
    }

    fn source(&self) -> Result<Option<Source>, DecodeError> {
        match self.get(field::SOURCE) {
            None => Ok(None),
            Some("git") => {
                Ok(Some(Source::Git { url: self.text(field::SOURCE_URL)?, path: self.text(field::SOURCE_PATH)? }))
            }
            Some("directory") => Ok(Some(Source::Directory { path: self.text(field::SOURCE_PATH)? })),
            Some("files") => Ok(Some(Source::Files)),
            Some(_) => Err(self.bad(field::SOURCE, "is no known kind of source")),
        }
    }

    fn reload(&self) -> Result<BTreeSet<ObjectKey>, DecodeError> {
        let lines = self.get(field::RELOAD).unwrap_or_default().lines();
        lines.map(line::parse_key).collect::<Option<_>>().ok_or_else(|| self.bad(field::RELOAD, "is damaged"))
    }

    fn sources(&self) -> Result<BTreeMap<ObjectKey, String>, DecodeError> {
        let lines = self.get(field::SOURCES).unwrap_or_default().lines();
        lines.map(line::parse_source).collect::<Option<_>>().ok_or_else(|| self.bad(field::SOURCES, "is damaged"))
    }

    fn left_kinds(&self) -> Result<BTreeMap<GroupKind, String>, DecodeError> {
        let lines = self.get(field::LEFT).unwrap_or_default().lines();
        lines.map(line::parse_kind).collect::<Option<_>>().ok_or_else(|| self.bad(field::LEFT, "is damaged"))
    }

    fn last(&self) -> Result<Option<RunRecord>, DecodeError> {
        let Some(result) = self.get(field::LAST_RESULT) else { return Ok(None) };
        Ok(Some(RunRecord {
            result: RunResult::parse(result).ok_or_else(|| self.bad(field::LAST_RESULT, "is no known result"))?,
            time: self.text(field::LAST_TIME)?,
            revision: self.text(field::LAST_REVISION)?,
            run_id: self.text(field::LAST_RUN)?,
            message: self.text(field::LAST_MESSAGE)?,
        }))
    }
}
