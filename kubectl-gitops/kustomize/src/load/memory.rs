//! A tree of files in memory: for tests and for trees that come from elsewhere. Has no links.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{Files, FilesError, Kind, clean};

/// Files by their clean absolute path; directories are those in which files are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MemoryFiles {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

/// The names only: what is in the files may be secret.
impl std::fmt::Debug for MemoryFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.files.keys()).finish()
    }
}

impl MemoryFiles {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a file at an absolute path.
    pub fn insert(&mut self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) {
        self.files.insert(clean(path.as_ref()), content.into());
    }
}

impl<P: AsRef<Path>, C: Into<Vec<u8>>> FromIterator<(P, C)> for MemoryFiles {
    fn from_iter<I: IntoIterator<Item = (P, C)>>(iter: I) -> Self {
        let mut tree = Self::new();
        for (path, content) in iter {
            tree.insert(path, content);
        }
        tree
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &Path) -> Result<Cow<'_, [u8]>, FilesError> {
        let path = clean(path);
        match self.files.get(&path) {
            Some(content) => Ok(Cow::Borrowed(content)),
            None if self.kind(&path) == Kind::Directory => Err(FilesError::IsDirectory),
            None => Err(FilesError::Missing),
        }
    }

    fn kind(&self, path: &Path) -> Kind {
        let path = clean(path);
        if self.files.contains_key(&path) {
            return Kind::File;
        }
        let below = self.files.range(path.clone()..).next().is_some_and(|(first, _)| first.starts_with(&path));
        if below { Kind::Directory } else { Kind::Missing }
    }

    fn list(&self, path: &Path) -> Result<Vec<String>, FilesError> {
        let path = clean(path);
        match self.kind(&path) {
            Kind::File => return Err(FilesError::NotADirectory),
            Kind::Missing => return Err(FilesError::Missing),
            Kind::Directory => {}
        }
        let below = self.files.range(path.clone()..).take_while(|(file, _)| file.starts_with(&path));
        let mut names: Vec<String> = below
            .filter_map(|(file, _)| file.strip_prefix(&path).ok()?.components().next())
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        names.dedup();
        Ok(names)
    }

    fn canonical(&self, path: &Path) -> Result<PathBuf, FilesError> {
        let path = clean(path);
        if self.kind(&path) == Kind::Missing { Err(FilesError::Missing) } else { Ok(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_follow_from_files() {
        let tree: MemoryFiles = [("/a/b/c.yaml", "1"), ("/a/d.yaml", "2"), ("/ab", "3")].into_iter().collect();
        assert_eq!(tree.kind(Path::new("/a/b")), Kind::Directory);
        assert_eq!(tree.kind(Path::new("/a/x")), Kind::Missing);
        assert_eq!(tree.list(Path::new("/a")), Ok(vec!["b".to_owned(), "d.yaml".to_owned()]));
        assert_eq!(tree.read(Path::new("/a")), Err(FilesError::IsDirectory));
        assert_eq!(tree.canonical(Path::new("/a/b/../d.yaml")), Ok(PathBuf::from("/a/d.yaml")));
    }
}
