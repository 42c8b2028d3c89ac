//! A tree of files written as one text, and a guard over what is read from it.
//!
//! `=== path` starts a file, `=== path -> target` is a symbolic link; what stands before the first of them is
//! `kustomization.yaml`. All lies below `/tree`. Outside of it is `/secret/token`, which nobody may read as long as files are
//! restricted, by whatever way: the guard panics.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use kustomize::{Files, FilesError, Kind};

/// Where the tree stands.
const ROOT: &str = "/tree";
const OUTSIDE: &str = "/secret";
/// As many links as Linux follows.
const HOPS_MAX: usize = 40;
const FILES_MAX: usize = 40;

#[derive(Debug, Clone)]
enum Entry {
    File(Vec<u8>),
    Link(PathBuf),
}

/// Files and links by their absolute path; directories are those in which something is.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The directory to build: that of the first file.
    pub start: PathBuf,
    entries: BTreeMap<PathBuf, Entry>,
    guarded: bool,
}

impl Tree {
    /// Only what lies outside. `guarded`: must that stay unread?
    pub fn new(guarded: bool) -> Self {
        let mut tree = Self { start: PathBuf::from(ROOT), entries: BTreeMap::new(), guarded };
        tree.entries.insert(Path::new(OUTSIDE).join("token"), Entry::File(b"token: S3CR3T\n".to_vec()));
        tree
    }

    /// The tree that a text describes.
    pub fn read(text: &[u8], guarded: bool) -> Self {
        let mut tree = Self::new(guarded);
        let sections = sections(text);
        if let Some((first, _)) = sections.first() {
            below(first).parent().unwrap_or(Path::new(ROOT)).clone_into(&mut tree.start);
        }
        for (name, content) in sections {
            match name.split_once(" -> ") {
                Some((name, target)) => tree.put(name, Entry::Link(PathBuf::from(target))),
                None => tree.put(&name, Entry::File(content)),
            }
        }
        tree
    }

    /// Puts a file below the root.
    pub fn insert(&mut self, name: &str, content: impl Into<Vec<u8>>) {
        self.put(name, Entry::File(content.into()));
    }

    fn put(&mut self, name: &str, entry: Entry) {
        let path = below(name);
        // A file is no directory, and a directory no file.
        let taken = self.entries.keys().any(|other| other.starts_with(&path) || path.starts_with(other));
        if path != Path::new(ROOT) && !taken && self.entries.len() < FILES_MAX {
            self.entries.insert(path, entry);
        }
    }

    /// The path without links; `None` if nothing is there.
    fn resolve(&self, path: &Path, hops: &mut usize) -> Result<PathBuf, FilesError> {
        let mut resolved = PathBuf::from("/");
        for part in path.components() {
            match part {
                Component::ParentDir => drop(resolved.pop()),
                Component::Normal(name) => {
                    resolved.push(name);
                    if let Some(Entry::Link(target)) = self.entries.get(&resolved) {
                        *hops += 1;
                        if *hops > HOPS_MAX {
                            return Err(FilesError::Unreadable { message: "too many symbolic links".to_owned() });
                        }
                        resolved.pop();
                        resolved = self.resolve(&resolved.join(target), hops)?;
                    } else if !self.exists(&resolved) {
                        return Err(FilesError::Missing);
                    }
                }
                _ => {}
            }
        }
        Ok(resolved)
    }

    fn exists(&self, path: &Path) -> bool {
        let next = self.entries.range(path.to_path_buf()..).next();
        next.is_some_and(|(first, _)| first.starts_with(path))
    }
}

fn below(name: &str) -> PathBuf {
    let mut path = PathBuf::from(ROOT);
    path.extend(Path::new(name).components().filter(|part| matches!(part, Component::Normal(_))));
    path
}

/// Names and contents, in order.
pub fn sections(text: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut sections = vec![("kustomization.yaml".to_owned(), Vec::new())];
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_prefix(b"=== ") {
            Some(name) => sections.push((String::from_utf8_lossy(name).trim_end().to_owned(), Vec::new())),
            None => sections.last_mut().expect("there is always one").1.extend_from_slice(line),
        }
    }
    if sections.len() > 1 && sections[0].1.is_empty() {
        sections.remove(0);
    }
    sections
}

impl Files for Tree {
    fn read(&self, path: &Path) -> Result<Cow<'_, [u8]>, FilesError> {
        let path = self.resolve(path, &mut 0)?;
        assert!(!(self.guarded && path.starts_with(OUTSIDE)), "read {}, which is outside", path.display());
        match self.entries.get(&path) {
            Some(Entry::File(content)) => Ok(Cow::Borrowed(content)),
            _ => Err(FilesError::IsDirectory),
        }
    }

    fn kind(&self, path: &Path) -> Kind {
        match self.resolve(path, &mut 0) {
            Ok(path) if self.entries.contains_key(&path) => Kind::File,
            Ok(_) => Kind::Directory,
            Err(_) => Kind::Missing,
        }
    }

    fn list(&self, path: &Path) -> Result<Vec<String>, FilesError> {
        let path = self.resolve(path, &mut 0)?;
        let below = self.entries.range(path.clone()..).take_while(|(entry, _)| entry.starts_with(&path));
        let mut names: Vec<String> = below
            .filter_map(|(entry, _)| entry.strip_prefix(&path).ok()?.components().next())
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        names.dedup();
        Ok(names)
    }

    fn canonical(&self, path: &Path) -> Result<PathBuf, FilesError> {
        self.resolve(path, &mut 0)
    }
}
