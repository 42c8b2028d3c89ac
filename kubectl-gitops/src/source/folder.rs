//! A directory as what a function may read of the tree: what lies in or below it, whatever links say.

use std::path::{Path, PathBuf};

use krm::leads_out;
use kustomize::load::{Files as _, FilesError};
use kustomize::outside::TreeFiles;

use super::DiskFiles;
use super::disk::{convert, read_bounded};

/// The directory of a functionConfig.
#[derive(Debug)]
pub struct Folder {
    directory: PathBuf,
}

impl Folder {
    /// `directory` need not exist until it is read from.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }
}

impl TreeFiles for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let told = |error: FilesError| error.to_string();
        if path.is_empty() || leads_out(Path::new(path)) {
            return Err("it must be a path in or below the directory of the functionConfig".to_owned());
        }
        let files = DiskFiles::jailed(&self.directory).map_err(told)?;
        let content = files.read(&self.directory.join(path)).map_err(told)?;
        Ok(content.into_owned())
    }

    fn directory(&self) -> &Path {
        &self.directory
    }
}

/// No directory: standard input, a URL.
#[derive(Debug)]
pub struct NoFolder;

impl TreeFiles for NoFolder {
    fn read(&self, _path: &str) -> Result<Vec<u8>, String> {
        Err("its functionConfig has no directory, so it names no files".to_owned())
    }

    fn directory(&self) -> &Path {
        Path::new("")
    }
}

/// Besides its directory, files that the operator named.
pub struct WithOperatorFiles {
    /// By absolute paths.
    pub named: Vec<PathBuf>,
    /// The directory.
    pub own: Box<dyn TreeFiles>,
}

impl std::fmt::Debug for WithOperatorFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WithOperatorFiles").field("named", &self.named).finish_non_exhaustive()
    }
}

impl TreeFiles for WithOperatorFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match self.named.iter().find(|named| named.as_os_str() == path) {
            Some(named) => read_operators(named).map_err(|error| error.to_string()),
            None => self.own.read(path),
        }
    }

    fn directory(&self) -> &Path {
        self.own.directory()
    }
}

/// A pipe is welcome here: `--substitute-from <(command)`.
fn read_operators(path: &Path) -> Result<Vec<u8>, FilesError> {
    if path.is_dir() {
        return Err(FilesError::IsDirectory);
    }
    read_bounded(std::fs::File::open(path).map_err(|error| convert(&error))?, 0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn nothing_outside_of_the_folder_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("sub")).unwrap();
        fs::write(dir.path().join("secret"), "hunter2").unwrap();
        fs::write(tree.join("sub/in"), "inside").unwrap();
        std::os::unix::fs::symlink("../secret", tree.join("out")).unwrap();
        let folder = Folder::new(tree);
        assert_eq!(folder.read("sub/../sub/in").unwrap(), b"inside");
        for path in ["", "../secret", "out", "sub", "none", "/etc/hostname"] {
            assert!(folder.read(path).is_err(), "{path}");
        }
    }
}
