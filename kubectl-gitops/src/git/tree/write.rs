//! Writing the files. Links come last, so that nothing is ever written through one, and are followed beforehand; two names that
//! are one on this file system are refused, because the second would overwrite the first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::links::offender;
use super::walk::{Item, hostile, limit};
use crate::git::object::EntryMode;
use crate::git::store::Store;
use crate::git::{Deadline, GitError, Limits};

/// Longest target of a link.
const TARGET_MAX: u64 = 4096;

/// Writes `items` below `into`, which is empty or does not exist yet. Submodules become empty directories.
pub(in crate::git) fn write(
    store: &Store,
    items: &[Item],
    into: &Path,
    limits: &Limits,
    deadline: &Deadline,
) -> Result<(), GitError> {
    fs::create_dir_all(into).map_err(|source| disk(into, source))?;
    let mut made = BTreeSet::new();
    let mut bytes = 0;
    let links = targets(store, items)?;
    if let Some((path, why)) = offender(&links) {
        return Err(hostile(store, path, why.to_owned()));
    }
    for item in items {
        deadline.check()?;
        let place = place(store, into, &item.path)?;
        directories(store, into, &item.path, &mut made)?;
        match item.mode {
            EntryMode::File | EntryMode::Executable => {
                let content =
                    store.blob(&item.id, limits.file_bytes).map_err(|error| named(error, store, item, limits))?;
                bytes += content.len() as u64;
                if bytes > limits.tree_bytes {
                    return Err(limit(store, b".", "the size of all files", limits.tree_bytes));
                }
                let file = create(&place, item.mode == EntryMode::Executable);
                let mut file = file.map_err(|source| collision(store, item, &place, source))?;
                file.write_all(&content).map_err(|source| disk(&place, source))?;
            }
            EntryMode::Submodule => {
                fs::create_dir(&place).map_err(|source| collision(store, item, &place, source))?;
            }
            EntryMode::Link | EntryMode::Directory => {}
        }
    }
    for item in items.iter().filter(|item| item.mode == EntryMode::Link) {
        let place = place(store, into, &item.path)?;
        link(&links[&item.path], &place).map_err(|source| collision(store, item, &place, source))?;
    }
    Ok(())
}

fn targets(store: &Store, items: &[Item]) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, GitError> {
    let links = items.iter().filter(|item| item.mode == EntryMode::Link);
    links
        .map(|item| {
            let content = store.blob(&item.id, TARGET_MAX);
            let content =
                content.map_err(|_| hostile(store, &item.path, "the link's target cannot be read".to_owned()))?;
            Ok((item.path.clone(), content.to_vec()))
        })
        .collect()
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
            fs::create_dir(&place).map_err(|source| {
                let item = Item {
                    path: directory.to_vec(),
                    mode: EntryMode::Directory,
                    id: crate::git::object::ObjectId::zero(store.format),
                };
                collision(store, &item, &place, source)
            })?;
        }
    }
    Ok(())
}

fn collision(store: &Store, item: &Item, place: &Path, source: io::Error) -> GitError {
    if source.kind() == io::ErrorKind::AlreadyExists {
        let why =
            "another name of the tree is the same on this file system, but for upper and lower case or its spelling";
        return hostile(store, &item.path, why.to_owned());
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
        Err(_) => Err(hostile(store, path, "its name is no text".to_owned())),
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
