//! A Git repository as a source: what the settings say becomes a revision, and a revision a tree on disk. Owns that
//! translation and what may be read of the tree; how a repository is spoken to is the business of `git`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kustomize::Directory;
use kustomize::load::{Files as _, Kind};
use tempfile::TempDir;

use super::credentials::{CredentialError, Credentials, is_ssh};
use super::{Bases, DiskFiles, Input, SourceError, download, material, nearby};
use crate::git::{Access, GitError, Limits, Reference, Remote, SshAccess, Wants};
use crate::settings::{Credential, RemoteSettings};
use kustomize::load::FilesError;

pub use crate::git::Revision;

/// Why a repository gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// Its credentials cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// The repository, its server or the network.
    #[error(transparent)]
    Git(#[from] GitError),
    /// No directory for the tree.
    #[error("no temporary directory can be made for the tree")]
    Directory(#[source] std::io::Error),
}

/// The repository's address, fit for eyes and for the inventory.
pub fn shown_url(settings: &RemoteSettings) -> String {
    download::without_credentials(settings.url.expose())
}

/// What the reference stands for now: one advertisement of references.
///
/// # Errors
/// The repository cannot be asked, or lacks the reference.
pub fn resolve(settings: &RemoteSettings, credentials: &Credentials) -> Result<Revision, RemoteError> {
    Ok(remote(settings, credentials)?.resolve(&settings.reference, &limits(settings))?)
}

/// The tree of a revision.
///
/// # Errors
/// It cannot be fetched, holds what is refused, or cannot be written.
pub fn check_out(
    settings: &RemoteSettings,
    credentials: &Credentials,
    revision: &Revision,
) -> Result<Tree, RemoteError> {
    let (directory, all) = private_directory()?;
    let top = all.join("tree");
    std::fs::create_dir(&top).map_err(RemoteError::Directory)?;
    let within = match &settings.reference {
        Reference::Commit { branch, .. } => branch.clone(),
        _ => None,
    };
    let wants = Wants {
        submodules: settings.submodules,
        source_ignore: true,
        within,
        verify: credentials.verification().cloned(),
        cache: settings.cache.as_ref().map(|cache| cache.join("repositories")),
        ..Wants::default()
    };
    let remote = remote(settings, credentials)?;
    let warnings = remote.check_out(revision, &wants, &limits(settings), &top)?.told();
    let bases = Arc::new(Bases::of_source(remote, all.clone()));
    Ok(Tree { top, all, bases, _directory: directory, warnings })
}

/// A directory for a tree, and its path: nobody else may read what a repository holds.
pub(super) fn private_directory() -> Result<(TempDir, PathBuf), RemoteError> {
    use std::os::unix::fs::PermissionsExt as _;
    let only_mine = std::fs::Permissions::from_mode(0o700);
    let directory = tempfile::Builder::new().prefix("kubectl-gitops-").permissions(only_mine).tempdir();
    let directory = directory.map_err(RemoteError::Directory)?;
    let all = std::fs::canonicalize(directory.path()).map_err(RemoteError::Directory)?;
    Ok((directory, all))
}

fn limits(settings: &RemoteSettings) -> Limits {
    Limits { time: settings.timeout, ..Limits::default() }
}

fn remote(settings: &RemoteSettings, credentials: &Credentials) -> Result<Remote, RemoteError> {
    let url = settings.url.expose();
    let text = |credential| credentials.text(credential);
    let access = if is_ssh(url) {
        Access::Ssh(SshAccess {
            private_key: text(Credential::Identity)?.unwrap_or_default(),
            passphrase: text(Credential::Password)?,
            known_hosts: text(Credential::KnownHosts)?.map(krm::Masked::into_exposed).unwrap_or_default(),
        })
    } else {
        match (text(Credential::BearerToken)?, text(Credential::Username)?, text(Credential::Password)?) {
            (Some(token), _, _) => Access::Bearer(token),
            (None, Some(user), Some(password)) => Access::Basic { user: user.into_exposed(), password },
            _ => Access::Anonymous,
        }
    };
    let mut remote = Remote::new(url, access)?;
    if let Some(ca) = credentials.bytes(Credential::Ca) {
        remote = remote.with_ca(ca.expose().clone());
    }
    if let (Some(certificate), Some(key)) =
        (credentials.bytes(Credential::ClientCertificate), credentials.bytes(Credential::ClientKey))
    {
        remote = remote.with_client_certificate(certificate.expose().clone(), key.clone());
    }
    Ok(remote)
}

/// A checked-out revision. The directory is removed with it.
#[derive(Debug)]
pub struct Tree {
    top: PathBuf,
    /// It and the repositories of its bases.
    all: PathBuf,
    bases: Arc<Bases>,
    _directory: TempDir,
    warnings: Vec<String>,
}

impl Tree {
    /// What is not in it, though the repository has it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Where it lies.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The directory `path` of it, to be built: nothing outside of the tree and of its bases is read.
    ///
    /// # Errors
    /// It is no directory of the tree.
    pub fn open(&self, path: &str) -> Result<Input, SourceError> {
        self.open_as(path, true)
    }

    /// The same; `plain` allows directories without a kustomization.
    ///
    /// # Errors
    /// It is no directory of the tree.
    pub fn open_as(&self, path: &str, plain: bool) -> Result<Input, SourceError> {
        let below = |found: String| {
            found.strip_prefix(&format!("{}/", self.top.display())).map_or(found.clone(), str::to_owned)
        };
        let wanted = self.top.join(path);
        let refused = |source| SourceError::Directory {
            path: path.to_owned(),
            nearby: nearby(&wanted).into_iter().map(below).collect(),
            source,
        };
        let files = DiskFiles::jailed(&self.all).map_err(refused)?;
        let root = files.canonical(&wanted).map_err(refused)?;
        if !root.starts_with(&self.top) {
            let message = "it leads out of the repository".to_owned();
            return Err(refused(FilesError::Unreadable { message }));
        }
        if files.kind(&root) != Kind::Directory {
            return Err(refused(FilesError::NotADirectory));
        }
        let material = material(files, Directory::local(root.clone()), plain, true)?;
        let (shown, bases) = (path.to_owned(), Arc::clone(&self.bases));
        Ok(Input { material, shown, directory: Some(root), checkout: None, bases })
    }
}
