//! How a kustomization reaches its files and its bases.
//!
//! Owns: the [`Files`] trait and its in-memory form, the restriction to files in or below the kustomization, the refusal of
//! bases that contain what refers to them, and the recognition of what lives elsewhere. Must not know what a file means.

mod around;
mod below;
mod elsewhere;
mod error;
mod files;
mod memory;
mod opened;
mod remote;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

pub use around::Around;
pub use elsewhere::Directory;
pub use error::LoadError;
pub use files::{Files, FilesError, Kind, clean, relative};
pub use memory::MemoryFiles;
pub use remote::{InvalidUrl, NotARepository, RepositoryRequest, UnsafeRequest, is_remote_file, without_credentials};

use crate::outside::Outside;
use crate::schema::Schema;
use around::View;
use elsewhere::{Fetched, Repository};

/// Which files a kustomization may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restriction {
    /// Those in or below its own directory.
    #[default]
    RootOnly,
    /// Any.
    None,
}

/// Bases in bases in bases: nobody needs more, and a stack is not endless.
const DEPTH_MAX: usize = 100;

/// Uses of a directory as a base or a component in one build.
const USES_MAX: usize = 10_000;

/// What all loaders of one build share.
pub struct Session<'a> {
    files: &'a dyn Files,
    outside: &'a dyn Outside,
    restriction: Restriction,
    root: PathBuf,
    /// The repository that the directory to build was fetched from, if it was.
    repository: Option<Repository>,
    read: Mutex<BTreeSet<PathBuf>>,
    uses: AtomicUsize,
    fetched: Mutex<Fetched>,
    warnings: Mutex<Vec<String>>,
    schema: Schema,
    helm_known: AtomicBool,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("root", &self.root).finish_non_exhaustive()
    }
}

/// Reads files for the kustomization in one directory.
#[derive(Debug, Clone, Copy)]
pub struct Loader<'a> {
    session: &'a Session<'a>,
    root: &'a Path,
    referrer: Option<&'a Loader<'a>>,
    depth: usize,
    /// The repository whose directory this is; one below it is found through `referrer`.
    repository: Option<&'a Repository>,
}

impl<'a> Session<'a> {
    /// A session over `files` that builds the directory `root`.
    ///
    /// # Errors
    /// `root` is missing, or is no directory.
    pub fn new(
        files: &'a dyn Files,
        outside: &'a dyn Outside,
        root: &Path,
        restriction: Restriction,
    ) -> Result<Self, LoadError> {
        Self::over(files, outside, Directory::local(root), restriction)
    }

    /// A session that builds a directory, which may have been fetched.
    ///
    /// # Errors
    /// It is missing, or is no directory.
    pub fn over(
        files: &'a dyn Files,
        outside: &'a dyn Outside,
        root: Directory,
        restriction: Restriction,
    ) -> Result<Self, LoadError> {
        let Directory { root, repository } = root;
        let root = root.as_path();
        let shown = root.display().to_string();
        let canonical = directory(files, root).map_err(|source| LoadError::Directory {
            nearby: around_root(files, root),
            path: shown,
            source,
        })?;
        Ok(Self {
            files,
            outside,
            restriction,
            root: canonical,
            repository,
            read: Mutex::default(),
            uses: AtomicUsize::new(0),
            fetched: Mutex::default(),
            warnings: Mutex::default(),
            schema: Schema::of_build(),
            helm_known: AtomicBool::new(false),
        })
    }

    /// The loader of the directory to build.
    pub fn loader(&'a self) -> Loader<'a> {
        Loader { session: self, root: &self.root, referrer: None, depth: 0, repository: self.repository.as_ref() }
    }

    /// What loaders' users said with [`Loader::warn`] since this was asked last.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every file that was read, by its resolved path.
    pub fn files_read(self) -> BTreeSet<PathBuf> {
        self.read.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Loader<'a> {
    /// The directory, resolved.
    pub fn root(&self) -> &'a Path {
        self.root
    }

    /// Who acts where the engine must not.
    pub fn outside(&self) -> &'a dyn Outside {
        self.session.outside
    }

    /// What this build knows about kinds.
    pub fn schema(&self) -> &'a Schema {
        &self.session.schema
    }

    /// Tells the user something that is no reason to fail.
    pub fn warn(&self, sentence: String) {
        self.session.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(sentence);
    }

    /// Was helm found to be one that can be used?
    pub fn knows_helm(&self) -> bool {
        self.session.helm_known.load(Ordering::Relaxed)
    }

    /// Remembers that helm can be used.
    pub fn remember_helm(&self) {
        self.session.helm_known.store(true, Ordering::Relaxed);
    }

    /// What stands at an absolute path, wherever that is: for programs and charts, which are not read as files of the build.
    pub fn kind_of(&self, path: &Path) -> Kind {
        self.session.files.kind(path)
    }

    /// The directory as seen from the one that is being built.
    pub fn shown_root(&self) -> String {
        match self.containing_repository() {
            Some(repository) => repository.shown(self.root),
            None => relative(&self.session.root, self.root).display().to_string(),
        }
    }

    /// A file of this directory as seen from the one that is being built; an absolute path or a URL stays as it is.
    pub fn shown(&self, path: &str) -> String {
        if is_remote_file(path) {
            return without_credentials(path);
        }
        if Path::new(path).is_absolute() {
            return path.to_owned();
        }
        if let Some(repository) = self.containing_repository() {
            return repository.shown(&clean(&self.root.join(path)));
        }
        relative(&self.session.root, &clean(&self.root.join(path))).display().to_string()
    }

    /// Content of a file, its path relative to this directory or absolute.
    ///
    /// # Errors
    /// It is remote, missing, no file, unreadable, or not allowed.
    pub fn read(&self, path: &str) -> Result<Cow<'a, [u8]>, LoadError> {
        if is_remote_file(path) {
            return self.fetch(path).map(Cow::Owned);
        }
        let full = clean(&self.root.join(path));
        let refused = |source| LoadError::Read { nearby: self.around(path, &full), path: path.to_owned(), source };
        let resolved = match self.restriction() {
            Restriction::None => full.clone(),
            Restriction::RootOnly => self.inside_root(path, &full)?,
        };
        let content = self.session.files.read(&resolved).map_err(refused)?;
        self.session.read.lock().unwrap_or_else(PoisonError::into_inner).insert(resolved);
        Ok(content)
    }

    /// Text of a file.
    ///
    /// # Errors
    /// As [`Loader::read`], or it is not UTF-8.
    pub fn read_text(&self, path: &str) -> Result<Cow<'a, str>, LoadError> {
        let not_text = || LoadError::NotText { path: path.to_owned() };
        match self.read(path)? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| not_text()),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| not_text()),
        }
    }

    /// Names of YAML files and of directories here, for messages.
    pub fn yaml_files(&self) -> Vec<String> {
        const NAMES_MAX: usize = 8;
        let mut names = self.session.files.list(self.root).unwrap_or_default();
        let wanted = |name: &str| Path::new(name).extension().is_none_or(|ending| ending == "yaml" || ending == "yml");
        names.retain(|name| wanted(name));
        names.truncate(NAMES_MAX);
        names
    }

    /// What stands at a path relative to this directory; nothing that is remote does.
    pub fn kind(&self, path: &str) -> Kind {
        if is_remote_file(path) { Kind::Missing } else { self.session.files.kind(&clean(&self.root.join(path))) }
    }

    /// The directory of a base or a component, resolved. Give it to [`Loader::below`].
    ///
    /// # Errors
    /// It is missing, no directory, cannot be fetched, or contains this directory or one that led here.
    pub fn directory(&self, path: &str) -> Result<Directory, LoadError> {
        if path.is_empty() {
            return Err(LoadError::EmptyPath);
        }
        if self.depth >= DEPTH_MAX {
            return Err(LoadError::TooDeep { limit: DEPTH_MAX });
        }
        if self.session.uses.fetch_add(1, Ordering::Relaxed) >= USES_MAX {
            return Err(LoadError::TooMany { limit: USES_MAX });
        }
        if let Ok(request) = RepositoryRequest::parse(path) {
            return self.repository_directory(request);
        }
        if Path::new(path).is_absolute() {
            return Err(LoadError::AbsoluteDirectory { path: path.to_owned() });
        }
        let full = clean(&self.root.join(path));
        let root = directory(self.session.files, &full).map_err(|source| LoadError::Directory {
            nearby: self.around(path, &full),
            path: path.to_owned(),
            source,
        })?;
        self.stays_in_repository(path, &root)?;
        let mut ancestor = Some(self);
        while let Some(loader) = ancestor {
            if loader.root.starts_with(&root) {
                return Err(LoadError::Cycle { path: path.to_owned(), visited: loader.shown_root() });
            }
            // Who refers to a repository lies outside of it.
            ancestor = loader.referrer.filter(|_| loader.repository.is_none());
        }
        Ok(Directory { root, repository: None })
    }

    /// The loader of a base that this one refers to.
    pub fn below<'b>(&'b self, directory: &'b Directory) -> Loader<'b> {
        Loader {
            session: self.session,
            root: &directory.root,
            referrer: Some(self),
            depth: self.depth + 1,
            repository: directory.repository.as_ref(),
        }
    }

    /// What stands around a path of the user's; nothing is told of absolute ones and of those that leave a repository.
    fn around(&self, path: &str, full: &Path) -> Around {
        let repository = self.containing_repository();
        if Path::new(path).is_absolute() || repository.is_some_and(|repository| !full.starts_with(&repository.top)) {
            return Around::default();
        }
        let shown = |path: &Path| match repository {
            Some(repository) => repository.shown(path),
            None => relative(&self.session.root, path).display().to_string(),
        };
        View { files: self.session.files, shown: &shown, written_from: self.root }.around(full)
    }

    fn inside_root(&self, path: &str, full: &Path) -> Result<PathBuf, LoadError> {
        let read = |source| LoadError::Read { nearby: self.around(path, full), path: path.to_owned(), source };
        let resolved = self.session.files.canonical(full).map_err(read)?;
        if !resolved.starts_with(self.root) {
            return Err(LoadError::OutsideRoot { path: path.to_owned(), root: self.shown_root() });
        }
        Ok(resolved)
    }
}

/// Around a directory to build that is not there: names as they are on the disk.
fn around_root(files: &dyn Files, root: &Path) -> Around {
    let shown = |path: &Path| path.display().to_string();
    View { files, shown: &shown, written_from: Path::new("") }.around(root)
}

fn directory(files: &dyn Files, path: &Path) -> Result<PathBuf, FilesError> {
    let resolved = files.canonical(path)?;
    match files.kind(&resolved) {
        Kind::Directory => Ok(resolved),
        Kind::File => Err(FilesError::IsFile),
        Kind::Missing => Err(FilesError::Missing),
    }
}

#[cfg(test)]
mod elsewhere_tests;
