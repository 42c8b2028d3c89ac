//! The disk as a tree of files for the build engine, for tests and examples. The plugin has its own.

use std::borrow::Cow;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use kustomize::{Files, FilesError, Kind};

/// The disk.
#[derive(Debug, Clone, Copy)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<Cow<'_, [u8]>, FilesError> {
        let metadata = std::fs::metadata(path).map_err(|error| translated(&error))?;
        if !metadata.is_file() && !metadata.is_dir() {
            return Err(FilesError::Unreadable { message: "it is no regular file".to_owned() });
        }
        std::fs::read(path).map(Cow::Owned).map_err(|error| translated(&error))
    }

    fn kind(&self, path: &Path) -> Kind {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Kind::Directory,
            Ok(metadata) if metadata.is_file() => Kind::File,
            _ => Kind::Missing,
        }
    }

    fn list(&self, path: &Path) -> Result<Vec<String>, FilesError> {
        let entries = std::fs::read_dir(path).map_err(|error| translated(&error))?;
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn canonical(&self, path: &Path) -> Result<PathBuf, FilesError> {
        std::fs::canonicalize(path).map_err(|error| translated(&error))
    }
}

fn translated(error: &Error) -> FilesError {
    match error.kind() {
        ErrorKind::NotFound => FilesError::Missing,
        ErrorKind::IsADirectory => FilesError::IsDirectory,
        ErrorKind::NotADirectory => FilesError::NotADirectory,
        _ => FilesError::Unreadable { message: error.to_string() },
    }
}
