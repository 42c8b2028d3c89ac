//! The room `git` against real servers: git's own HTTP backend, sshd and Gitea, on this machine. What the git program makes of
//! the same repository is the judge of what is checked out.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what a test sets up must be there")]

mod command;
mod gitea;
mod hostile;
mod http;
mod kept;
mod push;
mod references;
mod sources;
mod ssh;
mod submodules;
mod trees;
mod trust;

use std::collections::BTreeMap;
use std::error::Error;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use krm::Masked;
use kubectl_gitops::git::{Access, GitError, Limits, Reference, Remote, Revision, Wants};
use tempfile::TempDir;
use testkit::git::{GitServer, Repository, Serving};
use walkdir::WalkDir;

/// What lies in a directory: content, the target of a link, or nothing for a directory; with `x` for a program.
type Files = BTreeMap<String, String>;

/// A directory of repositories.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.root.path()
    }

    fn repository(&self, name: &str) -> Repository {
        Repository::at(self.path().join(name))
    }

    /// `home.git`, with one commit.
    fn home(&self) -> Repository {
        let repository = self.repository("home.git");
        repository.write("app/kustomization.yaml", "resources: []\n").write("README", "hello\n");
        repository.commit("first");
        repository
    }

    fn serve(&self, serving: &Serving<'_>) -> GitServer {
        GitServer::start(self.path(), serving)
    }
}

fn anonymous(url: &str) -> Remote {
    Remote::new(url, Access::Anonymous).unwrap()
}

fn basic(user: &str, password: &str) -> Access {
    Access::Basic { user: user.to_owned(), password: Masked::new(password.to_owned()) }
}

fn main_branch() -> Reference {
    Reference::Branch("main".to_owned())
}

/// The commit of the branch `main`, and its files.
fn fetch(remote: &Remote) -> Result<(Revision, Files), GitError> {
    fetch_with(remote, &main_branch(), &Wants::default(), &Limits::default())
}

fn fetch_with(
    remote: &Remote,
    reference: &Reference,
    wants: &Wants,
    limits: &Limits,
) -> Result<(Revision, Files), GitError> {
    let revision = remote.resolve(reference, limits)?;
    let into = tempfile::tempdir().unwrap();
    remote.check_out(&revision, wants, limits, into.path())?;
    Ok((revision, files(into.path())))
}

/// Everything below a directory but Git's own.
fn files(top: &Path) -> Files {
    let mut found = Files::new();
    let entries = WalkDir::new(top).min_depth(1).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.file_name() != ".git").map(Result::unwrap) {
        let name = entry.path().strip_prefix(top).unwrap().to_string_lossy().into_owned();
        let kind = entry.file_type();
        if kind.is_symlink() {
            found.insert(name, format!("-> {}", std::fs::read_link(entry.path()).unwrap().display()));
        } else if kind.is_file() {
            let x = if entry.metadata().unwrap().permissions().mode() & 0o100 == 0 { "" } else { "x " };
            let content = std::fs::read(entry.path()).unwrap();
            found.insert(name, format!("{x}{}", String::from_utf8_lossy(&content)));
        }
    }
    found
}

/// An error with its causes, as a user reads it.
fn told(error: &GitError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
