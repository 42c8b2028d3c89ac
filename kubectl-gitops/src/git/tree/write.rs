//! Writing the files. Links come last, so that nothing is ever written through one, and are followed beforehand; two names that
//! are one on this file system are refused, because the second would overwrite the first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::links::offenders;
use super::walk::{Item, hostile, limit, shown};
use crate::git::object::{EntryMode, Format};
use crate::git::store::Store;
use crate::git::{Deadline, GitError, LeftOut, Limits};

/// Longest target of a link.
const TARGET_MAX: u64 = 4096;

/// What was written so far, of a repository and its submodules.
#[derive(Debug, Default)]
pub(in crate::git) struct Written {
    bytes: u64,
    entries: usize,
    /// Links that are still to be made, and their targets.
    links: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Written {
    /// Writes `items` below `prefix` in `into`. Submodules become empty directories, links wait for [`Written::link`].
    pub(in crate::git) fn files(
        &mut self,
        store: &Store,
        items: &[Item],
        into: &Path,
        prefix: &[u8],
        (limits, deadline): (&Limits, &Deadline),
    ) -> Result<(), GitError> {
        let top = place(store, into, prefix)?;
        fs::create_dir_all(&top).map_err(|source| disk(&top, source))?;
        let mut made = BTreeSet::new();
        self.entries += items.len();
        if self.entries > limits.entries {
            return Err(limit(store, b".", "the number of files", limits.entries as u64));
        }
        for item in items {
            deadline.check()?;
            let place = place(store, &top, &item.path)?;
            directories(store, &top, &item.path, &mut made)?;
            match item.mode {
                EntryMode::File | EntryMode::Executable => self.file(store, item, &place, limits)?,
                EntryMode::Submodule => {
                    fs::create_dir(&place).map_err(|source| collision(store, &item.path, &place, source))?;
                }
                EntryMode::Link => {
                    let target = store.blob(&item.id, TARGET_MAX);
                    let why = "the link's target cannot be read or is too long";
                    let target = target.map_err(|_| hostile(&store.remote, &item.path, why.to_owned()))?;
                    self.links.insert([prefix, &item.path].concat(), target.to_vec());
                }
                EntryMode::Directory => {}
            }
        }
        Ok(())
    }

    fn file(&mut self, store: &Store, item: &Item, place: &Path, limits: &Limits) -> Result<(), GitError> {
        let content = store.blob(&item.id, limits.file_bytes).map_err(|error| named(error, store, item, limits))?;
        self.bytes += content.len() as u64;
        if self.bytes > limits.tree_bytes {
            return Err(limit(store, b".", "the size of all files", limits.tree_bytes));
        }
        let file = create(place, item.mode == EntryMode::Executable);
        let mut file = file.map_err(|source| collision(store, &item.path, place, source))?;
        file.write_all(&content).map_err(|source| disk(place, source))
    }

    /// Makes the links that stay below `into`; gives the others.
    pub(in crate::git) fn link(&self, into: &Path, remote: &str) -> Result<Vec<LeftOut>, GitError> {
        let offenders = offenders(&self.links);
        let store = Store { remote: remote.to_owned(), format: Format::Sha1, packs: Vec::new(), loose: Vec::new() };
        for (path, target) in self.links.iter().filter(|(path, _)| !offenders.contains_key(*path)) {
            let place = place(&store, into, path)?;
            link(target, &place).map_err(|source| collision(&store, path, &place, source))?;
        }
        Ok(offenders.into_iter().map(|(path, why)| LeftOut { path: shown(&path), why }).collect())
    }
}

/// A limit of one object, told with the file's path.
fn named(error: GitError, store: &Store, item: &Item, limits: &Limits) -> GitError {
    match error {
        GitError::Pack { source: crate::git::pack::PackError::Limit { .. }, .. } => {
            limit(store, &item.path, "the size of a file", limits.file_bytes)
        }
        error => error,
    }
}

fn directories(store: &Store, into: &Path, path: &[u8], made: &mut BTreeSet<Vec<u8>>) -> Result<(), GitError> {
    for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
        let directory = &path[..at];
        if made.insert(directory.to_vec()) {
            let place = place(store, into, directory)?;
            fs::create_dir(&place).map_err(|source| collision(store, directory, &place, source))?;
        }
    }
    Ok(())
}

fn collision(store: &Store, path: &[u8], place: &Path, source: io::Error) -> GitError {
    if source.kind() == io::ErrorKind::AlreadyExists {
        let why =
            "another name of the tree is the same on this file system, but for upper and lower case or its spelling";
        return hostile(&store.remote, path, why.to_owned());
    }
    disk(place, source)
}

fn disk(path: &Path, source: io::Error) -> GitError {
    GitError::Disk { path: path.display().to_string(), source }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems know no names that are no text")]
fn place(_store: &Store, into: &Path, path: &[u8]) -> Result<PathBuf, GitError> {
    use std::os::unix::ffi::OsStrExt as _;
    Ok(into.join(std::ffi::OsStr::from_bytes(path)))
}

#[cfg(not(unix))]
fn place(store: &Store, into: &Path, path: &[u8]) -> Result<PathBuf, GitError> {
    match std::str::from_utf8(path) {
        Ok(path) => Ok(into.join(path)),
        Err(_) => Err(hostile(&store.remote, path, "its name is no text".to_owned())),
    }
}

#[cfg(unix)]
fn create(path: &Path, executable: bool) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().write(true).create_new(true).mode(if executable { 0o755 } else { 0o644 }).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _executable: bool) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn link(target: &[u8], path: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target), path)
}

/// As git does where links cannot be made: a file with the target.
#[cfg(not(unix))]
fn link(target: &[u8], path: &Path) -> io::Result<()> {
    create(path, false)?.write_all(target)
}
