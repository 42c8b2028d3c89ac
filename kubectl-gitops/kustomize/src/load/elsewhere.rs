//! Files on web servers and directories of repositories: asked for once in a build, kept within their bounds. Must not know
//! how they are fetched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::files::{Files, FilesError, clean, relative};
use super::remote::{RepositoryRequest, file_url, without_credentials};
use super::{Around, LoadError, Loader, Restriction, directory};
use crate::outside::{Outside, OutsideError};

/// The directory of a base: local, or in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    pub(super) root: PathBuf,
    /// The repository, if the base is one rather than lying in one.
    pub(super) repository: Option<Repository>,
}

impl Directory {
    /// A directory of the caller's own tree.
    pub fn local(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), repository: None }
    }

    /// The directory that a request names, fetched: what a URL in place of a directory to build means.
    ///
    /// # Errors
    /// It must not reach git, cannot be fetched, or is not in the repository.
    pub fn fetch(files: &dyn Files, outside: &dyn Outside, request: RepositoryRequest) -> Result<Self, LoadError> {
        let shown = || request.shown();
        request.check().map_err(|source| LoadError::Unsafe { url: shown(), source })?;
        let checkout = outside.fetch_repository(&request);
        let top = checkout.map_err(|source| LoadError::Repository { url: shown(), source })?.top;
        Self::of_checkout(files, request, &top)
    }

    /// The directory of a request, in the tree that was checked out for it.
    fn of_checkout(files: &dyn Files, request: RepositoryRequest, top: &Path) -> Result<Self, LoadError> {
        let missing = |source| LoadError::Directory { path: request.shown(), nearby: Around::default(), source };
        let outside = || LoadError::OutsideRepository {
            path: request.shown(),
            repository: without_credentials(&request.clone_url),
        };
        let top = directory(files, top).map_err(missing)?;
        let wanted = clean(&top.join(request.path.trim_start_matches('/')));
        if !wanted.starts_with(&top) {
            return Err(outside());
        }
        let root = directory(files, &wanted).map_err(missing)?;
        if !root.starts_with(&top) {
            return Err(outside());
        }
        Ok(Self { root, repository: Some(Repository { request, top }) })
    }

    /// Where it is in the tree that a build reads from.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The top of its repository, if it was fetched.
    pub fn top(&self) -> Option<&Path> {
        self.repository.as_ref().map(|repository| repository.top.as_path())
    }
}

/// A repository that was fetched, and what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repository {
    pub(super) request: RepositoryRequest,
    /// Its top directory, resolved.
    pub(super) top: PathBuf,
}

/// Answers to what was asked in this build.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    files: BTreeMap<String, Result<Vec<u8>, OutsideError>>,
    /// By clone URL, revision, and whether submodules are wanted.
    repositories: BTreeMap<(String, String, bool), Result<PathBuf, OutsideError>>,
}

impl Repository {
    /// A path in it for messages: `https://github.com/org/repo//dir/file?ref=v1`.
    pub(super) fn shown(&self, path: &Path) -> String {
        let inside = relative(&self.top, path).display().to_string();
        let separator = if inside == "." { "" } else { "//" };
        let inside = if inside == "." { "" } else { inside.as_str() };
        let url = without_credentials(&self.request.clone_url);
        let reference = &self.request.reference;
        if reference.is_empty() {
            format!("{url}{separator}{inside}")
        } else {
            format!("{url}{separator}{inside}?ref={reference}")
        }
    }
}

impl<'a> Loader<'a> {
    /// The request of the repository that this directory lies in.
    pub fn repository(&self) -> Option<&'a RepositoryRequest> {
        self.containing_repository().map(|repository| &repository.request)
    }

    /// A file on a web server.
    pub(super) fn fetch(&self, text: &str) -> Result<Vec<u8>, LoadError> {
        let shown = || without_credentials(text);
        let url = file_url(text).map_err(|source| LoadError::Url { url: shown(), source })?;
        let mut fetched = self.session.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = fetched.files.entry(url).or_insert_with_key(|url| self.session.outside.fetch_file(url));
        answer.clone().map_err(|source| LoadError::Fetch { url: shown(), source })
    }

    /// The directory of a repository that a request names.
    pub(super) fn repository_directory(&self, request: RepositoryRequest) -> Result<Directory, LoadError> {
        let shown = || request.shown();
        request.check().map_err(|source| LoadError::Unsafe { url: shown(), source })?;
        if let Some(earlier) = self.repositories().find(|earlier| earlier.request.repeats(&request)) {
            return Err(LoadError::RepositoryCycle { url: shown(), visited: earlier.request.shown() });
        }
        let top = self.check_out(&request).map_err(|source| LoadError::Repository { url: shown(), source })?;
        Directory::of_checkout(self.session.files, request, &top)
    }

    fn check_out(&self, request: &RepositoryRequest) -> Result<PathBuf, OutsideError> {
        let key = (request.clone_url.clone(), request.reference.clone(), request.submodules);
        let mut fetched = self.session.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let fetch = || self.session.outside.fetch_repository(request).map(|checkout| checkout.top);
        fetched.repositories.entry(key).or_insert_with(fetch).clone()
    }

    /// The repositories that led here, innermost first.
    fn repositories(&self) -> impl Iterator<Item = &Repository> {
        std::iter::successors(Some(self), |loader| loader.referrer).filter_map(|loader| loader.repository)
    }

    pub(super) fn containing_repository(&self) -> Option<&'a Repository> {
        let mut loader = *self;
        loop {
            match (loader.repository, loader.referrer) {
                (Some(repository), _) => return Some(repository),
                (None, Some(referrer)) => loader = *referrer,
                (None, None) => return None,
            }
        }
    }

    /// What a stranger wrote reads nothing outside of its directory, whatever the caller allows.
    pub(super) fn restriction(&self) -> Restriction {
        if self.containing_repository().is_some() { Restriction::RootOnly } else { self.session.restriction }
    }

    /// A base of a repository's kustomization must lie in that repository.
    pub(super) fn stays_in_repository(&self, path: &str, root: &Path) -> Result<(), LoadError> {
        match self.containing_repository() {
            Some(repository) if !root.starts_with(&repository.top) => {
                let repository = without_credentials(&repository.request.clone_url);
                Err(LoadError::OutsideRepository { path: path.to_owned(), repository })
            }
            _ => Ok(()),
        }
    }
}

impl LoadError {
    /// A web server answered, and not with the file: there is nothing else to try.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Fetch { source: OutsideError::Status { .. }, .. })
    }

    /// Nothing is there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Read { source: FilesError::Missing, .. })
    }
}
