//! Names for the entries of a pack that are differences to others: each is built once, from a base that is kept only while
//! something is built from it.

use std::collections::BTreeMap;

use super::inflate::inflated_at;
use super::scan::Base;
use super::{PackError, Scan, Spool, delta};
use crate::git::object::{Hasher, Kind, ObjectId};

/// Contents that are held at once.
const MEMORY_MAX: usize = 256 << 20;

/// The names of all objects, in the order of the entries.
pub(crate) fn resolve(scan: &Scan, spool: &Spool) -> Result<Vec<ObjectId>, PackError> {
    let mut work = Resolving {
        scan,
        spool,
        names: scan.entries.iter().map(|_| None).collect(),
        by_offset: BTreeMap::new(),
        by_name: BTreeMap::new(),
    };
    work.gather()?;
    for (position, entry) in scan.entries.iter().enumerate() {
        if let Base::Whole(kind, id) = entry.base {
            work.names[position] = Some(id);
            work.below(position, kind)?;
        }
    }
    let missing = work.names.iter().filter(|name| name.is_none()).count();
    if missing > 0 {
        return Err(PackError::Bases(missing));
    }
    Ok(work.names.into_iter().flatten().collect())
}

struct Resolving<'a> {
    scan: &'a Scan,
    spool: &'a Spool,
    names: Vec<Option<ObjectId>>,
    /// Entries made from the entry at this byte.
    by_offset: BTreeMap<u64, Vec<usize>>,
    /// Entries made from the object of this name.
    by_name: BTreeMap<ObjectId, Vec<usize>>,
}

/// An object and what is still to be built from it.
struct Frame {
    content: Vec<u8>,
    children: Vec<usize>,
}

impl Resolving<'_> {
    fn gather(&mut self) -> Result<(), PackError> {
        for (position, entry) in self.scan.entries.iter().enumerate() {
            match entry.base {
                Base::Whole(..) => {}
                Base::Named(id) => self.by_name.entry(id).or_default().push(position),
                Base::Offset(offset) => {
                    let entries = &self.scan.entries;
                    if entries.binary_search_by_key(&offset, |entry| entry.offset).is_err() {
                        return Err(PackError::Entry { offset: entry.offset, what: "the distance to its base" });
                    }
                    self.by_offset.entry(offset).or_default().push(position);
                }
            }
        }
        Ok(())
    }

    /// Those made from an entry. Each is given once.
    fn children(&mut self, position: usize) -> Vec<usize> {
        let mut children = self.by_offset.remove(&self.scan.entries[position].offset).unwrap_or_default();
        if let Some(id) = self.names[position] {
            children.extend(self.by_name.remove(&id).unwrap_or_default());
        }
        children
    }

    /// Names everything that is made from an entry, directly or not.
    fn below(&mut self, position: usize, kind: Kind) -> Result<(), PackError> {
        let children = self.children(position);
        if children.is_empty() {
            return Ok(());
        }
        let mut stack = vec![Frame { content: self.inflate(position)?, children }];
        let mut held = stack[0].content.len();
        while let Some(mut frame) = stack.pop() {
            held -= frame.content.len();
            let Some(child) = frame.children.pop() else { continue };
            let entry = self.scan.entries[child];
            let built = delta::apply(&frame.content, &self.inflate(child)?)
                .ok_or(PackError::Entry { offset: entry.offset, what: "its delta" })?;
            self.names[child] = Some(Hasher::name_of(self.scan.format, kind, &built).map_err(PackError::Name)?);
            let children = self.children(child);
            // A base from which nothing more is built is not kept: a long chain takes the memory of two.
            if !frame.children.is_empty() {
                held += frame.content.len();
                stack.push(frame);
            }
            if !children.is_empty() {
                held += built.len();
                stack.push(Frame { content: built, children });
            }
            if held > MEMORY_MAX {
                return Err(PackError::Limit {
                    what: "the memory for the pack's differences",
                    limit: MEMORY_MAX as u64,
                });
            }
        }
        Ok(())
    }

    fn inflate(&self, position: usize) -> Result<Vec<u8>, PackError> {
        let entry = self.scan.entries[position];
        let size = usize::try_from(entry.size).expect("bounded when it was scanned");
        inflated_at(self.spool, entry.stream, size)
    }
}
