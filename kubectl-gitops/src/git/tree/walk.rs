//! The whole tree as a list, checked and bounded, before anything of it is written.

use std::collections::BTreeSet;

use super::names::{is_git_directory, is_modules_file, refusal};
use crate::git::object::{EntryMode, ObjectId, entries};
use crate::git::store::Store;
use crate::git::{GitError, Limits};

/// Longest path.
const PATH_MAX: usize = 2048;

/// One file, link or submodule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::git) struct Item {
    /// From the top, with `/`.
    pub(in crate::git) path: Vec<u8>,
    /// What it is; never a directory.
    pub(in crate::git) mode: EntryMode,
    /// Its object; for a submodule, a commit of the other repository.
    pub(in crate::git) id: ObjectId,
}

impl Item {
    /// For messages.
    pub(in crate::git) fn shown(&self) -> String {
        shown(&self.path)
    }
}

/// A path for messages.
pub(super) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).escape_debug().to_string()
}

/// Everything below `tree`, in Git's order.
pub(in crate::git) fn walk(store: &Store, tree: ObjectId, limits: &Limits) -> Result<Vec<Item>, GitError> {
    let mut items = Vec::new();
    let mut seen = 0;
    // Directories still to be read, the next one last.
    let mut ahead = vec![(Vec::new(), tree, 0)];
    while let Some((directory, id, depth)) = ahead.pop() {
        if depth > limits.depth {
            return Err(limit(store, &directory, "the depth of directories", limits.depth as u64));
        }
        let content = store.tree(&id)?;
        let mut names = BTreeSet::new();
        let mut below = Vec::new();
        for entry in entries(&content, store.format) {
            let entry = entry.map_err(|source| store.object(&id, source))?;
            let mut path = directory.clone();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(entry.name);
            seen += 1;
            if seen > limits.entries {
                return Err(limit(store, b".", "the number of files", limits.entries as u64));
            }
            let why = refusal(entry.name)
                .or_else(|| {
                    (!names.insert(folded(entry.name))).then_some("it is there twice, or differs in capitals only")
                })
                .or_else(|| (path.len() > PATH_MAX).then_some("its path is too long"))
                .or_else(|| {
                    let link = entry.mode == EntryMode::Link;
                    (link && is_modules_file(entry.name)).then_some("the list of submodules is a link")
                });
            if let Some(why) = why {
                return Err(hostile(&store.remote, &path, why.to_owned()));
            }
            match entry.mode {
                EntryMode::Directory => below.push((path, entry.id, depth + 1)),
                mode => items.push(Item { path, mode, id: entry.id }),
            }
        }
        ahead.extend(below.into_iter().rev());
    }
    items.sort_by(|a, b| a.path.cmp(&b.path));
    debug_assert!(items.iter().all(|item| !item.path.split(|byte| *byte == b'/').any(is_git_directory)));
    Ok(items)
}

/// A name as file systems compare it for which capitals do not count: of two files that they take for one, who writes last decides.
fn folded(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase()
}

/// Something that would do harm.
pub(super) fn hostile(remote: &str, path: &[u8], why: String) -> GitError {
    GitError::Hostile { remote: remote.to_owned(), path: shown(path), why }
}

/// More than what is accepted.
pub(super) fn limit(store: &Store, path: &[u8], what: &'static str, limit: u64) -> GitError {
    GitError::Limit { remote: store.remote.clone(), path: shown(path), what, limit }
}
