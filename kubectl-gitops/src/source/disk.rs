//! A tree of files on this machine's disk. Owns the bounds on what is read; must not restrict where (the engine does that).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use kustomize::load::{Files, FilesError, Kind};

use super::FILE_BYTES_MAX;

/// Most entries of one directory.
const ENTRIES_MAX: usize = 100_000;

/// The disk. With a jail, nothing outside of it is seen, whatever links say.
///
/// Where a directory's links lead is asked once: a build asks for the files of a directory one after the other, and following
/// the links of each whole path would be most of its system calls. One value is for one build.
#[derive(Debug, Default)]
pub struct DiskFiles {
    jail: Option<PathBuf>,
    /// Directories by the paths they were asked for, with their links followed.
    directories: Mutex<BTreeMap<PathBuf, PathBuf>>,
}

impl DiskFiles {
    /// Everything that the process may read, as kustomize has it on a developer's machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only what lies in `root` after every link is followed: for trees that other people wrote.
    ///
    /// # Errors
    /// `root` does not exist.
    pub fn jailed(root: &Path) -> Result<Self, FilesError> {
        let jail = fs::canonicalize(root).map_err(|error| convert(&error))?;
        Ok(Self { jail: Some(jail), ..Self::default() })
    }

    /// The path with its links followed, if the jail holds it.
    fn resolve(&self, path: &Path) -> Result<PathBuf, FilesError> {
        let resolved = self.follow(path).map_err(|error| convert(&error))?;
        match &self.jail {
            Some(jail) if !resolved.starts_with(jail) => {
                Err(FilesError::Unreadable { message: format!("it leads outside of `{}`", jail.display()) })
            }
            _ => Ok(resolved),
        }
    }

    /// As `fs::canonicalize`; of what lies in a directory that is known, only the last step is asked for.
    fn follow(&self, path: &Path) -> io::Result<PathBuf> {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return fs::canonicalize(path) };
        if path.is_relative() {
            return fs::canonicalize(path);
        }
        if let Some(known) = self.known(path) {
            return Ok(known);
        }
        let directory = match self.known(directory) {
            Some(known) => known,
            None => self.remember(directory, fs::canonicalize(directory)?),
        };
        let resolved = directory.join(name);
        match fs::symlink_metadata(&resolved)?.file_type() {
            kind if kind.is_symlink() => fs::canonicalize(&resolved),
            kind if kind.is_dir() => Ok(self.remember(path, resolved)),
            _ => Ok(resolved),
        }
    }

    fn known(&self, directory: &Path) -> Option<PathBuf> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner).get(directory).cloned()
    }

    /// Where a directory's links lead. Those above the place it leads to are free of links as well.
    fn remember(&self, directory: &Path, resolved: PathBuf) -> PathBuf {
        let mut known = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(directory.to_owned(), resolved.clone());
        for above in resolved.ancestors() {
            if above != directory && known.insert(above.to_owned(), above.to_owned()).is_some() {
                break;
            }
        }
        resolved
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<Cow<'_, [u8]>, FilesError> {
        let path = if self.jail.is_some() { Cow::Owned(self.resolve(path)?) } else { Cow::Borrowed(path) };
        let metadata = fs::metadata(&path).map_err(|error| convert(&error))?;
        if metadata.is_dir() {
            return Err(FilesError::IsDirectory);
        }
        // A pipe or a device in a tree would be read for ever.
        if !metadata.is_file() {
            return Err(FilesError::Unreadable { message: "it is no regular file".to_owned() });
        }
        let file = fs::File::open(&path).map_err(|error| convert(&error))?;
        read_bounded(file, metadata.len()).map(Cow::Owned)
    }

    fn kind(&self, path: &Path) -> Kind {
        if self.jail.is_some() && self.resolve(path).is_err() {
            return Kind::Missing;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Kind::Directory,
            Ok(metadata) if metadata.is_file() => Kind::File,
            Ok(_) | Err(_) => Kind::Missing,
        }
    }

    fn list(&self, path: &Path) -> Result<Vec<String>, FilesError> {
        let path = self.resolve(path)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(|error| convert(&error))? {
            let entry = entry.map_err(|error| convert(&error))?;
            if names.len() >= ENTRIES_MAX {
                return Err(FilesError::Unreadable { message: format!("it has more than {ENTRIES_MAX} entries") });
            }
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn canonical(&self, path: &Path) -> Result<PathBuf, FilesError> {
        self.resolve(path)
    }
}

/// Everything a stream has, up to the limit. `expected` sizes the buffer.
pub(super) fn read_bounded(stream: impl Read, expected: u64) -> Result<Vec<u8>, FilesError> {
    if expected > FILE_BYTES_MAX {
        return Err(FilesError::TooLarge { limit: FILE_BYTES_MAX });
    }
    let mut content = Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1);
    stream.take(FILE_BYTES_MAX + 1).read_to_end(&mut content).map_err(|error| convert(&error))?;
    if content.len() as u64 > FILE_BYTES_MAX {
        return Err(FilesError::TooLarge { limit: FILE_BYTES_MAX });
    }
    Ok(content)
}

/// The operating system's answer in our words.
pub(super) fn convert(error: &io::Error) -> FilesError {
    match error.kind() {
        ErrorKind::NotFound => FilesError::Missing,
        ErrorKind::NotADirectory => FilesError::NotADirectory,
        ErrorKind::IsADirectory => FilesError::IsDirectory,
        ErrorKind::PermissionDenied => FilesError::Unreadable { message: "permission denied".to_owned() },
        _ => FilesError::Unreadable { message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_out_of_the_jail_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir(&tree).unwrap();
        fs::write(dir.path().join("secret"), "x").unwrap();
        fs::write(tree.join("inside"), "y").unwrap();
        std::os::unix::fs::symlink("../secret", tree.join("out")).unwrap();
        std::os::unix::fs::symlink("inside", tree.join("in")).unwrap();
        let files = DiskFiles::jailed(&tree).unwrap();
        assert!(matches!(files.read(&tree.join("out")), Err(FilesError::Unreadable { .. })));
        assert_eq!(files.kind(&tree.join("out")), Kind::Missing);
        assert!(files.canonical(&tree.join("../secret")).is_err());
        assert_eq!(files.read(&tree.join("in")).unwrap().as_ref(), b"y");
        assert_eq!(DiskFiles::new().read(&tree.join("out")).unwrap().as_ref(), b"x");
    }

    #[test]
    fn links_are_followed_as_the_system_follows_them() {
        let dir = tempfile::tempdir().unwrap();
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, dir.path().join(at)).unwrap();
        fs::create_dir_all(dir.path().join("real/below")).unwrap();
        fs::write(dir.path().join("real/below/file"), "x").unwrap();
        link("real", "alias");
        link("../alias/below/file", "real/link");
        link("nowhere", "dangling");
        link("loop", "loop");
        let paths = [
            ".",
            "real",
            "real/below",
            "alias/below/file",
            "alias/link",
            "alias/../real/link",
            "alias/below/..",
            "real/./below/",
            "real/below/file/deeper",
            "real/none",
            "dangling",
            "loop/x",
            "alias/below",
        ];
        let files = DiskFiles::new();
        let system = |path: &Path| fs::canonicalize(path).map_err(|error| convert(&error));
        // Twice in either order: what is known must not change an answer.
        for path in paths.iter().chain(paths.iter().rev()).map(|path| dir.path().join(path)) {
            assert_eq!(files.canonical(&path), system(&path), "{}", path.display());
        }
        assert_eq!(files.canonical(Path::new("src")), system(Path::new("src")));
    }

    #[test]
    fn what_is_no_regular_file_is_never_read() {
        let files = DiskFiles::new();
        assert!(matches!(files.read(Path::new("/dev/zero")), Err(FilesError::Unreadable { .. })));
        assert_eq!(files.kind(Path::new("/dev/zero")), Kind::Missing);
        assert_eq!(files.read(Path::new("/")), Err(FilesError::IsDirectory));
        assert_eq!(files.read(Path::new("/nowhere-at-all")), Err(FilesError::Missing));
    }

    #[test]
    fn an_endless_stream_is_cut_off() {
        assert_eq!(read_bounded(io::repeat(0), 0), Err(FilesError::TooLarge { limit: FILE_BYTES_MAX }));
    }
}
