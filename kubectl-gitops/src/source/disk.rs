//! A tree of files on this machine's disk. Owns the bounds on what is read; must not restrict where (the engine does that).

use std::borrow::Cow;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use kustomize::load::{Files, FilesError, Kind};

use super::FILE_BYTES_MAX;

/// Most entries of one directory.
const ENTRIES_MAX: usize = 100_000;

/// The disk. With a jail, nothing outside of it is seen, whatever links say.
#[derive(Debug, Clone, Default)]
pub struct DiskFiles {
    jail: Option<PathBuf>,
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
        Ok(Self { jail: Some(jail) })
    }

    /// The path with its links followed, if the jail holds it.
    fn resolve(&self, path: &Path) -> Result<PathBuf, FilesError> {
        let resolved = fs::canonicalize(path).map_err(|error| convert(&error))?;
        match &self.jail {
            Some(jail) if !resolved.starts_with(jail) => {
                Err(FilesError::Unreadable { message: format!("it leads outside of `{}`", jail.display()) })
            }
            _ => Ok(resolved),
        }
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
pub(super) fn convert(error: &std::io::Error) -> FilesError {
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
    fn what_is_no_regular_file_is_never_read() {
        let files = DiskFiles::new();
        assert!(matches!(files.read(Path::new("/dev/zero")), Err(FilesError::Unreadable { .. })));
        assert_eq!(files.kind(Path::new("/dev/zero")), Kind::Missing);
        assert_eq!(files.read(Path::new("/")), Err(FilesError::IsDirectory));
        assert_eq!(files.read(Path::new("/nowhere-at-all")), Err(FilesError::Missing));
    }

    #[test]
    fn an_endless_stream_is_cut_off() {
        assert_eq!(read_bounded(std::io::repeat(0), 0), Err(FilesError::TooLarge { limit: FILE_BYTES_MAX }));
    }
}
