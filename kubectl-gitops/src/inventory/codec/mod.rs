//! The stored form of an inventory: one root ConfigMap that people can read, and compressed shards when it grows. Owns the
//! format; must not send anything: callers write shards first, then swap the root in one compare-and-swap, which is the
//! only commit point.
//!
//! Format 1. Status stands in plain keys of `data`. Entries stand under `entries`, one line per object, while they take at
//! most [`READABLE_MAX`] bytes; beyond that `shards` names content-addressed ConfigMaps, each holding the same lines
//! deflated. A key decides its shard, so a changed object rewrites one shard.

mod decode;
mod encode;
mod line;
mod shard;

pub use decode::{DecodeError, decode, is_root, shards};
pub use encode::{EncodeError, Encoded, encode, encode_over, is_split};
pub use shard::{Shard, ShardRef};

/// The format this module writes and the only one it reads.
pub const FORMAT: &str = "1";

/// Entries up to this size stay readable text in the root, in bytes.
pub const READABLE_MAX: usize = 16 * 1024;

/// Names of the root's keys.
pub(crate) mod field {
    pub(crate) const FORMAT: &str = "format";
    pub(crate) const ID: &str = "id";
    pub(crate) const RUN: &str = "run";
    pub(crate) const PHASE: &str = "phase";
    pub(crate) const LOCK_HOLDER: &str = "lock.holder";
    pub(crate) const LOCK_RENEW: &str = "lock.renew";
    pub(crate) const LOCK_TTL: &str = "lock.ttl-seconds";
    pub(crate) const SOURCE: &str = "source";
    pub(crate) const SOURCE_URL: &str = "source.url";
    pub(crate) const SOURCE_PATH: &str = "source.path";
    pub(crate) const REVISION: &str = "revision";
    pub(crate) const ATTEMPTED: &str = "revision.attempted";
    pub(crate) const INPUTS: &str = "inputs";
    pub(crate) const DRIVER: &str = "driver";
    pub(crate) const FULL: &str = "full";
    pub(crate) const RELOAD: &str = "reload";
    pub(crate) const SOURCES: &str = "sources";
    pub(crate) const LEFT: &str = "left";
    pub(crate) const LEFT_SHARDS: &str = "left.shards";
    pub(crate) const SUSPENDED: &str = "suspended";
    pub(crate) const REBUILT: &str = "rebuilt";
    pub(crate) const LAST_RESULT: &str = "last.result";
    pub(crate) const LAST_TIME: &str = "last.time";
    pub(crate) const LAST_REVISION: &str = "last.revision";
    pub(crate) const LAST_RUN: &str = "last.run";
    pub(crate) const LAST_MESSAGE: &str = "last.message";
    pub(crate) const HISTORY: &str = "history";
    pub(crate) const OBJECTS: &str = "objects";
    pub(crate) const ENTRIES: &str = "entries";
    pub(crate) const SHARDS: &str = "shards";
}

#[cfg(test)]
#[path = "../codec_tests.rs"]
mod tests;
