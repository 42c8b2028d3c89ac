//! Names for the entries of a pack that are differences to others: each is built once, from a base that is kept only while
//! something is built from it. A base that the pack lacks may come from elsewhere.

use std::collections::BTreeMap;

use super::inflate::inflated_at;
use super::scan::Base;
use super::{Found, PackError, Scan, Spool, delta};
use crate::git::object::{Hasher, Kind, ObjectId};

/// Contents that are held at once.
const MEMORY_MAX: usize = 256 << 20;

/// The names of all objects, in the order of the entries.
pub(crate) fn resolve(scan: &Scan, spool: &Spool) -> Result<Vec<ObjectId>, PackError> {
    resolve_thin(scan, spool, &|_| None).map(|named| named.names)
}

/// What the objects of a pack are called, and what it stands on.
#[derive(Debug)]
pub(crate) struct Named {
    /// The names of all objects, in the order of the entries.
    pub(crate) names: Vec<ObjectId>,
    /// Objects that it builds on and does not have.
    pub(crate) borrowed: Vec<ObjectId>,
}

/// The same for a pack that may build on objects which are somewhere else: `elsewhere` gives them.
pub(crate) fn resolve_thin(
    scan: &Scan,
    spool: &Spool,
    elsewhere: &dyn Fn(&ObjectId) -> Option<Found>,
) -> Result<Named, PackError> {
    let mut work = Resolving {
        scan,
        spool,
        names: scan.entries.iter().map(|_| None).collect(),
        by_offset: BTreeMap::new(),
        by_name: BTreeMap::new(),
        held: 0,
    };
    work.gather()?;
    for (position, entry) in scan.entries.iter().enumerate() {
        if let Base::Whole(kind, id) = entry.base {
            work.names[position] = Some(id);
            let children = work.children(position);
            if !children.is_empty() {
                let content = work.inflate(position)?;
                work.below(content, children, kind)?;
            }
        }
    }
    let mut borrowed = Vec::new();
    for id in work.by_name.keys().copied().collect::<Vec<_>>() {
        // One may have been built from another meanwhile.
        let Some(children) = work.by_name.remove(&id) else { continue };
        let Some(found) = elsewhere(&id) else { continue };
        borrowed.push(id);
        work.below(found.content.as_ref().clone(), children, found.kind)?;
    }
    let missing = work.names.iter().filter(|name| name.is_none()).count();
    if missing > 0 {
        return Err(PackError::Bases(missing));
    }
    Ok(Named { names: work.names.into_iter().flatten().collect(), borrowed })
}

struct Resolving<'a> {
    scan: &'a Scan,
    spool: &'a Spool,
    names: Vec<Option<ObjectId>>,
    /// Entries made from the entry at this byte.
    by_offset: BTreeMap<u64, Vec<usize>>,
    /// Entries made from the object of this name.
    by_name: BTreeMap<ObjectId, Vec<usize>>,
    /// Bytes of the contents that are kept now.
    held: usize,
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

    /// Names everything that is made from an object, directly or not.
    fn below(&mut self, content: Vec<u8>, children: Vec<usize>, kind: Kind) -> Result<(), PackError> {
        self.held = content.len();
        let mut stack = vec![Frame { content, children }];
        while let Some(mut frame) = stack.pop() {
            self.held -= frame.content.len();
            let Some(child) = frame.children.pop() else { continue };
            let entry = self.scan.entries[child];
            let built = delta::apply(&frame.content, &self.inflate(child)?)
                .ok_or(PackError::Entry { offset: entry.offset, what: "its delta" })?;
            self.names[child] = Some(Hasher::name_of(self.scan.format, kind, &built).map_err(PackError::Name)?);
            let children = self.children(child);
            // A base from which nothing more is built is not kept: a long chain takes the memory of two.
            for frame in [frame, Frame { content: built, children }] {
                if !frame.children.is_empty() {
                    self.held += frame.content.len();
                    stack.push(frame);
                }
            }
            if self.held > MEMORY_MAX {
                let limit = MEMORY_MAX as u64;
                return Err(PackError::Limit { what: "the memory for the pack's differences", limit });
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
