//! Git's objects: their names, and what commits, tags and trees say. Owns identity and parsing, all bounded and pure; must
//! not know where objects are stored or what a tree may hold on a disk.

mod commit;
mod id;
mod tree;

pub(crate) use commit::{Commit, Tag};
pub(crate) use id::{Format, Hasher, ObjectId};
pub(crate) use tree::{EntryMode, entries};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A state of the tree, with history.
    Commit,
    /// A directory.
    Tree,
    /// A file or the target of a symbolic link.
    Blob,
    /// A name for another object, with a message.
    Tag,
}

impl Kind {
    /// As Git writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// An object that is not what Git writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Not 40 or 64 hexadecimal digits.
    #[error("an object's name is not hexadecimal")]
    Id,
    /// A line that must be there.
    #[error("a {0} is malformed")]
    Malformed(&'static str),
    /// The known attacks on SHA-1.
    #[error("an object shows the marks of a SHA-1 collision attack")]
    Collision,
}
