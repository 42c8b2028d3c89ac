//! Objects by name, wherever they are: packs that were received, packs and loose objects of a repository on this disk. What
//! comes from a disk is checked against its name.

use std::path::PathBuf;
use std::rc::Rc;

use super::GitError;
use super::object::{Commit, Format, Hasher, Kind, ObjectId, Tag};
use super::pack::{Found, Index, Pack, PackError, inflated_file};

/// Longest of the objects that are read whole for what they say: commits, tags, directories.
const SMALL_MAX: u64 = 32 << 20;
/// So many objects that begin alike are looked at.
const ALIKE_MAX: usize = 64;

/// Where objects are looked for.
#[derive(Debug)]
pub(super) struct Store {
    /// For messages.
    pub(super) remote: String,
    /// The hash.
    pub(super) format: Format,
    /// Packs, the likeliest first.
    pub(super) packs: Vec<Pack>,
    /// Directories named `objects`.
    pub(super) loose: Vec<PathBuf>,
}

impl Store {
    /// A file's content, or the target of a link.
    pub(super) fn blob(&self, id: &ObjectId, bytes_max: u64) -> Result<Rc<Vec<u8>>, GitError> {
        self.read(id, Kind::Blob, bytes_max)
    }

    /// A directory.
    pub(super) fn tree(&self, id: &ObjectId) -> Result<Rc<Vec<u8>>, GitError> {
        self.read(id, Kind::Tree, SMALL_MAX)
    }

    /// A commit.
    pub(super) fn commit(&self, id: &ObjectId) -> Result<Commit, GitError> {
        let content = self.read(id, Kind::Commit, SMALL_MAX)?;
        Commit::parse(&content).map_err(|source| self.object(id, source))
    }

    /// An annotated tag.
    pub(super) fn tag(&self, id: &ObjectId) -> Result<Tag, GitError> {
        let content = self.read(id, Kind::Tag, SMALL_MAX)?;
        Tag::parse(&content).map_err(|source| self.object(id, source))
    }

    /// An object of any kind, if it is here.
    pub(super) fn any(&self, id: &ObjectId, bytes_max: u64) -> Result<Option<Found>, GitError> {
        self.find(id, bytes_max)
    }

    /// What kind of object it is, if it is here.
    pub(super) fn kind(&self, id: &ObjectId) -> Result<Option<Kind>, GitError> {
        Ok(self.find(id, SMALL_MAX)?.map(|found| found.kind))
    }

    /// Objects whose names begin with these hexadecimal digits, up to [`ALIKE_MAX`].
    pub(super) fn beginning(&self, digits: &str) -> Result<Vec<ObjectId>, GitError> {
        let mut found = Vec::new();
        for pack in &self.packs {
            found.extend(pack.index().beginning(digits, self.format, ALIKE_MAX).map_err(|source| self.pack(source))?);
        }
        for directory in &self.loose {
            let Some((first, rest)) = digits.split_at_checked(2) else { continue };
            let Ok(entries) = std::fs::read_dir(directory.join(first)) else { continue };
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            found.extend(
                names
                    .filter(|name| name.starts_with(rest))
                    .filter_map(|name| format!("{first}{name}").parse::<ObjectId>().ok()),
            );
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(ALIKE_MAX);
        Ok(found)
    }

    /// An object that does not keep to the rules.
    pub(super) fn object(&self, id: &ObjectId, source: super::object::ObjectError) -> GitError {
        GitError::Object { remote: self.remote.clone(), id: id.to_string(), source }
    }

    fn pack(&self, source: PackError) -> GitError {
        GitError::Pack { remote: self.remote.clone(), source }
    }

    fn read(&self, id: &ObjectId, kind: Kind, bytes_max: u64) -> Result<Rc<Vec<u8>>, GitError> {
        let found = self.find(id, bytes_max)?.ok_or_else(|| self.pack(PackError::Missing((*id).into())))?;
        if found.kind != kind {
            return Err(self.object(id, super::object::ObjectError::Malformed(kind.name())));
        }
        Ok(found.content)
    }

    fn find(&self, id: &ObjectId, bytes_max: u64) -> Result<Option<Found>, GitError> {
        for pack in &self.packs {
            if let Some(found) = pack.read(id, bytes_max).map_err(|source| self.pack(source))? {
                if matches!(pack.index(), Index::File { .. }) {
                    self.check(id, &found)?;
                }
                return Ok(Some(found));
            }
        }
        for directory in &self.loose {
            let name = id.to_string();
            let path = directory.join(&name[..2]).join(&name[2..]);
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            if !metadata.is_file() || metadata.len() > bytes_max.saturating_add(1024) {
                return Err(self.pack(PackError::Limit { what: "the size of an object", limit: bytes_max }));
            }
            let compressed = std::fs::read(&path).map_err(|source| self.pack(PackError::Store(source)))?;
            let found = loose(&compressed, bytes_max)
                .ok_or_else(|| self.object(id, super::object::ObjectError::Malformed("loose object")))?;
            self.check(id, &found)?;
            return Ok(Some(found));
        }
        Ok(None)
    }

    fn check(&self, id: &ObjectId, found: &Found) -> Result<(), GitError> {
        match Hasher::name_of(self.format, found.kind, &found.content) {
            Ok(name) if name == *id => Ok(()),
            Ok(_) => Err(self.object(id, super::object::ObjectError::Malformed("stored object"))),
            Err(source) => Err(self.object(id, source)),
        }
    }
}

/// `blob 12\0content`, compressed.
fn loose(compressed: &[u8], bytes_max: u64) -> Option<Found> {
    let limit = usize::try_from(bytes_max).ok()?.saturating_add(64);
    let mut content = inflated_file(compressed, limit)?;
    let end = content.iter().take(32).position(|byte| *byte == 0)?;
    let head = std::str::from_utf8(&content[..end]).ok()?;
    let (kind, size) = head.split_once(' ')?;
    let kind = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag].into_iter().find(|known| known.name() == kind)?;
    let size: usize = size.parse().ok()?;
    content.drain(..=end);
    (content.len() == size && size as u64 <= bytes_max).then(|| Found { kind, content: Rc::new(content) })
}
