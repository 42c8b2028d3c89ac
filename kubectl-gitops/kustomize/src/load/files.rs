//! What the engine asks of a tree of files. Owns the questions; must not know where the answers come from (a disk, a Git
//! tree, a test).

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// Nothing, or something that is neither.
    Missing,
}

/// A path that could not be read or resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    /// Nothing is there.
    #[error("there is no such file or directory")]
    Missing,
    /// A directory where a file was wanted.
    #[error("it is a directory")]
    IsDirectory,
    /// A file where a directory was wanted.
    #[error("it is a file")]
    IsFile,
    /// A part of the path is a file.
    #[error("a part of its path is not a directory")]
    NotADirectory,
    /// It is larger than what is accepted.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// What the tree itself says.
    #[error("{message}")]
    Unreadable {
        /// In the words of the tree.
        message: String,
    },
}

/// A tree of files. All paths are absolute; symbolic links may be in them.
pub trait Files: Sync {
    /// Content of a file.
    ///
    /// # Errors
    /// It is missing, no file (neither is a pipe or a device, which may never end), or unreadable.
    fn read(&self, path: &Path) -> Result<Cow<'_, [u8]>, FilesError>;

    /// What stands at `path`, links followed.
    fn kind(&self, path: &Path) -> Kind;

    /// Names in a directory, sorted.
    ///
    /// # Errors
    /// It is missing, no directory, or unreadable.
    fn list(&self, path: &Path) -> Result<Vec<String>, FilesError>;

    /// The path with every link resolved and without `.` and `..`.
    ///
    /// # Errors
    /// It is missing or unreadable.
    fn canonical(&self, path: &Path) -> Result<PathBuf, FilesError>;
}

/// The path without `.` and `..`, by its text alone.
pub fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

/// `path` as seen from the directory `from`, both clean and absolute: `../../base/a.yaml`.
pub fn relative(from: &Path, path: &Path) -> PathBuf {
    let common = from.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let ups = from.components().count() - common;
    let mut result: PathBuf = std::iter::repeat_n(Component::ParentDir, ups).collect();
    result.extend(path.components().skip(common));
    if result.as_os_str().is_empty() {
        result.push(".");
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_from_the_root() {
        for (from, path, expected) in [
            ("/a/b", "/a/b/c.yaml", "c.yaml"),
            ("/a/b", "/a/c/d.yaml", "../c/d.yaml"),
            ("/a/b", "/a/b", "."),
            ("/a/b", "/a", ".."),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(path)), Path::new(expected), "{from} {path}");
        }
    }

    #[test]
    fn clean_never_leaves_the_root() {
        assert_eq!(clean(Path::new("/a/./b/../../../c")), Path::new("/c"));
    }
}
