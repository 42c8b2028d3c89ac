//! Another commit of the repository around a directory, beside it on this disk. Owns the copy, which only its owner may read and which
//! goes with this value.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::remote::private_directory;
use super::{Bases, Checkout, Input, RemoteError, SourceError, open_directory};
use crate::git::{Access, Limits, Remote, Revision, Wants};

/// A commit, checked out.
#[derive(Debug)]
pub struct Past {
    /// Which.
    pub revision: Revision,
    /// What is not in it, though the repository has it.
    pub warnings: Vec<String>,
    top: PathBuf,
    /// The directory, from the top.
    path: PathBuf,
    _directory: TempDir,
}

/// Why there is no such commit.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// No repository.
    #[error("`{directory}` lies in no Git repository")]
    NoRepository {
        /// As given.
        directory: String,
    },
    /// The repository gives nothing.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl Past {
    /// Checks out what `reference` names in the repository around `directory`, which is absolute.
    ///
    /// # Errors
    /// There is no repository, or no such commit, or it cannot be written.
    pub fn of(directory: &Path, reference: &str) -> Result<Self, PastError> {
        let none = || PastError::NoRepository { directory: directory.display().to_string() };
        let top = Checkout::top_of(directory).ok_or_else(none)?;
        let path = directory.strip_prefix(top).map_err(|_| none())?.to_owned();
        // A path that is no URL stays a path: it may hold what has a meaning there.
        let shown = top.to_str().ok_or_else(none)?;
        let remote = Remote::new(shown, Access::Anonymous).map_err(RemoteError::from)?;
        let limits = Limits::default();
        let revision = remote.find_typed(reference, &limits).map_err(RemoteError::from)?;
        let (kept, all) = private_directory()?;
        let wants = Wants { submodules: true, beside: Some(top.to_owned()), ..Wants::default() };
        let top = all.join("tree");
        std::fs::create_dir(&top).map_err(RemoteError::Directory)?;
        let warnings = remote.check_out(&revision, &wants, &limits, &top).map_err(RemoteError::from)?.told();
        Ok(Self { revision, warnings, top, path, _directory: kept })
    }

    /// Where it lies.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The directory as it was then; none if it was not there.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(&self, bases: std::sync::Arc<Bases>) -> Result<Option<Input>, SourceError> {
        let directory = self.top.join(&self.path);
        if !directory.is_dir() {
            return Ok(None);
        }
        open_directory(&directory, true, bases).map(Some)
    }
}
