//! Objects out of a pack, by name: one that was just received, or one of a repository on this disk.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::inflate::inflated_at;
use super::scan::{EntryHeader, HeaderBase, entry_header};
use super::{Index, PackError, Spool, delta};
use crate::git::object::{Format, Kind, ObjectId};

/// Longest chain of differences; git makes none longer than this.
const CHAIN_MAX: usize = 4096;
/// Bases that are kept because the next object is likely to need them.
const KEPT_BYTES: usize = 8 << 20;

/// An object.
#[derive(Debug)]
pub(crate) struct Found {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its content.
    pub(crate) content: Rc<Vec<u8>>,
}

/// A pack with its index.
#[derive(Debug)]
pub(crate) struct Pack {
    spool: Spool,
    index: Index,
    format: Format,
    kept: RefCell<Kept>,
}

#[derive(Default)]
struct Kept {
    by_offset: BTreeMap<u64, (Kind, Rc<Vec<u8>>)>,
    bytes: usize,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({} bytes)", self.bytes)
    }
}

impl Pack {
    /// From its parts, which belong together.
    pub(crate) fn new(spool: Spool, index: Index, format: Format) -> Self {
        Self { spool, index, format, kept: RefCell::default() }
    }

    /// Bytes of it.
    pub(crate) fn length(&self) -> u64 {
        self.spool.length()
    }

    /// The index.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The object of this name, if it is here; an error if it is larger than accepted.
    pub(crate) fn read(&self, id: &ObjectId, bytes_max: u64) -> Result<Option<Found>, PackError> {
        match self.index.find(id)? {
            Some(offset) => self.build(offset, bytes_max).map(Some),
            None => Ok(None),
        }
    }

    fn build(&self, offset: u64, bytes_max: u64) -> Result<Found, PackError> {
        // Downwards to something whole or kept, then upwards again.
        let mut deltas: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut at = offset;
        let (kind, mut content) = loop {
            if let Some((kind, content)) = self.kept.borrow().by_offset.get(&at) {
                break (*kind, content.clone());
            }
            let header = self.header(at)?;
            let bad = |what| PackError::Entry { offset: at, what };
            if header.size > bytes_max {
                return Err(PackError::Limit { what: "the size of an object", limit: bytes_max });
            }
            let size = usize::try_from(header.size).map_err(|_| bad("its size"))?;
            let inflated = inflated_at(&self.spool, at + header.length as u64, size)?;
            let base = match header.base {
                HeaderBase::Whole(kind) => break (kind, Rc::new(inflated)),
                HeaderBase::Distance(distance) => {
                    at.checked_sub(distance).filter(|_| distance > 0).ok_or(bad("the distance to its base"))?
                }
                HeaderBase::Named(id) => self.index.find(&id)?.ok_or_else(|| PackError::Missing(id.into()))?,
            };
            if deltas.len() >= CHAIN_MAX {
                return Err(bad("the length of its chain of bases"));
            }
            let (_, result, _) = delta::sizes(&inflated).ok_or(bad("its delta"))?;
            if result > bytes_max {
                return Err(PackError::Limit { what: "the size of an object", limit: bytes_max });
            }
            deltas.push((at, inflated));
            at = base;
        };
        self.keep(at, kind, &content);
        while let Some((place, delta)) = deltas.pop() {
            let built = delta::apply(&content, &delta).ok_or(PackError::Entry { offset: place, what: "its delta" })?;
            content = Rc::new(built);
            self.keep(place, kind, &content);
        }
        Ok(Found { kind, content })
    }

    fn keep(&self, offset: u64, kind: Kind, content: &Rc<Vec<u8>>) {
        let mut kept = self.kept.borrow_mut();
        if content.len() > KEPT_BYTES / 4 || kept.by_offset.contains_key(&offset) {
            return;
        }
        if kept.bytes + content.len() > KEPT_BYTES {
            *kept = Kept::default();
        }
        kept.bytes += content.len();
        kept.by_offset.insert(offset, (kind, content.clone()));
    }

    fn header(&self, offset: u64) -> Result<EntryHeader, PackError> {
        let mut bytes = [0; 48];
        let read = self.spool.read_at(offset, &mut bytes)?;
        let bad = |what| PackError::Entry { offset, what };
        entry_header(&bytes[..read], self.format).map_err(bad)?.ok_or(bad("its header"))
    }
}
