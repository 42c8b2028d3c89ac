//! Packs: many objects in one stream. Owns scanning a pack while it arrives (so that a bomb is refused before it is stored),
//! naming its objects, reading them, and writing packs and their indexes. Everything that a pack says is checked and bounded.

mod delta;
mod index;
mod inflate;
mod read;
mod resolve;
mod scan;
mod spool;
mod write;

pub(crate) use index::{Index, encode_index};
pub(crate) use inflate::inflated_file;
pub(crate) use read::{Found, Pack};
pub(crate) use resolve::{resolve, resolve_thin};
pub(crate) use scan::{Scan, Scanner};
pub(crate) use spool::Spool;
pub(crate) use write::{completed, encode_pack, save_pack};

use super::object::{ObjectError, ObjectId};

/// How much a pack may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackLimits {
    /// Bytes of the pack itself.
    pub(crate) pack_bytes: u64,
    /// Objects.
    pub(crate) objects: u32,
    /// Bytes of one object.
    pub(crate) object_bytes: u64,
    /// Bytes of all objects together.
    pub(crate) total_bytes: u64,
}

/// A pack that is not what Git writes, or larger than what is accepted.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// It does not begin as packs do.
    #[error("what the server sent is not a pack that is understood")]
    Header,
    /// An object in it.
    #[error("the object at byte {offset} of the pack is malformed: {what}")]
    Entry {
        /// Where.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// The checksum at its end.
    #[error("the pack's checksum is wrong")]
    Checksum,
    /// It ends too early.
    #[error("the pack is cut short")]
    Short,
    /// Bytes after its end.
    #[error("the pack has bytes after its end")]
    Long,
    /// A difference to an object that is not in it.
    #[error("the pack has {0} objects whose base is missing or which are their own base")]
    Bases(usize),
    /// A limit.
    #[error("{what} exceeds the limit of {limit}")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Its index.
    #[error("the index of a pack is malformed")]
    Index,
    /// An object's own name.
    #[error("an object of the pack cannot be named")]
    Name(#[source] ObjectError),
    /// Not in the pack.
    #[error("the object {0} is missing")]
    Missing(ShownId),
    /// The disk.
    #[error("the pack cannot be kept")]
    Store(#[from] std::io::Error),
}

/// An object's name, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownId(String);

impl From<ObjectId> for ShownId {
    fn from(id: ObjectId) -> Self {
        Self(id.to_string())
    }
}

impl std::fmt::Display for ShownId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
