//! Repositories elsewhere: resolving a reference and writing a revision as files. Owns the Git protocol, its transports, objects
//! and packs, everything bounded; must not know Kubernetes, Flux' kinds or the command line.
//!
//! ```text
//! wire        what is said: packets, references, requests and replies      pure
//! object      commits, tags, trees and their names                        pure
//! pack        scanning, naming, reading and writing packs                 pure but for its spool
//! transport   http, https and ssh
//! session     the order of messages over a transport
//! local       a repository on this disk
//! origin      one of both: references, and a commit with its tree
//! resolve     from what was asked for to one commit
//! typed       from what a person types to a commit, on this disk
//! check_out   from a commit to files, with submodules
//! verify      signatures of commits and tags
//! cache       objects kept for the next time
//! push        a commit from changed files, and its way to the repository
//! tree        from objects to files: which names, links and sizes may get to a disk
//! ```
//!
//! No git program and no C library is used. The calls block; each runs its own runtime.

mod address;
mod beside;
mod cache;
mod check_out;
mod error;
mod limits;
mod local;
mod neighbour;
mod object;
#[cfg(test)]
mod oracle;
mod origin;
mod pack;
mod push;
mod resolve;
mod semver;
mod session;
mod store;
mod transport;
mod tree;
mod typed;
mod verify;
mod wire;

use std::cell::Cell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use krm::Masked;

pub use error::GitError;
pub use limits::Limits;
pub use object::ObjectError;
pub use pack::{PackError, ShownId};
pub use push::{FileContent, NewCommit};
pub use transport::SshAccess;
pub use verify::{Signed, TrustedKeyError, UnknownMode, Verification};
pub use wire::WireError;

use address::Address;
use cache::Cache;
use check_out::CheckOut;
use local::LocalRepository;
use object::ObjectId;
use origin::{Notes, Origin};
use session::Session;
use transport::{Connection, Http, HttpSettings, Proxy, ProxyChoice, Ssh, SshSettings};
use tree::Written;

use crate::web::TlsIdentity;

/// As whom a repository is read.
#[derive(Debug, Clone, Default)]
pub enum Access {
    /// As nobody.
    #[default]
    Anonymous,
    /// http and https: with a password or a token in its place.
    Basic {
        /// The user; many servers take any with a token.
        user: String,
        /// The password.
        password: Masked<String>,
    },
    /// http and https: with a token in the header.
    Bearer(Masked<String>),
    /// ssh: with a deploy key.
    Ssh(SshAccess),
}

/// A repository elsewhere, and how it is reached. Its `Debug` shows no credential.
#[derive(Clone)]
pub struct Remote {
    address: Address,
    access: Access,
    ca: Option<Vec<u8>>,
    identity: Option<TlsIdentity>,
    proxy: ProxyChoice,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// What is wanted of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reference {
    /// The branch that its HEAD names.
    #[default]
    Head,
    /// A branch, without `refs/heads/`.
    Branch(String),
    /// A tag, without `refs/tags/`.
    Tag(String),
    /// The highest tag in a range of versions.
    SemVer(String),
    /// A name in full, as `refs/pull/7/head`; a short one is looked for as git does: among tags, then among branches.
    Name(String),
    /// A commit, by its full name.
    Commit {
        /// 40 or 64 hexadecimal digits.
        commit: String,
        /// The branch that must have it.
        branch: Option<String>,
    },
}

impl Reference {
    /// Is it the full name of a commit: 40 or 64 hexadecimal digits?
    pub fn is_commit(text: &str) -> bool {
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

/// A commit and the name by which it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revision {
    /// `main`, `v1.2.0`, `refs/pull/7/head`; empty for a commit that was asked for by its name.
    pub name: String,
    /// 40 or 64 hexadecimal digits.
    pub commit: String,
}

/// As Flux writes it: `main@sha1:4f2c…`
impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = if self.commit.len() == 64 { "sha256" } else { "sha1" };
        let at = if self.name.is_empty() { "" } else { "@" };
        write!(f, "{}{at}{hash}:{}", self.name, self.commit)
    }
}

/// What is wanted of a revision.
#[derive(Debug, Clone, Default)]
pub struct Wants {
    /// Submodules, too.
    pub submodules: bool,
    /// They come from what is on this disk: the top of the work tree that they are kept for. What is not there is told.
    pub beside: Option<PathBuf>,
    /// Only these directories; empty: everything.
    pub sparse: Vec<String>,
    /// Rules of `GitRepository.spec.ignore`.
    pub ignore: Option<String>,
    /// Files that Flux leaves out stay out: those of `.sourceignore`, of `ignore`, or Flux' own list.
    pub source_ignore: bool,
    /// The commit must be on this branch.
    pub within: Option<String>,
    /// Whose signatures the commit or its tag must have.
    pub verify: Option<Verification>,
    /// A directory of ours in which objects are kept for the next time.
    pub cache: Option<PathBuf>,
}

/// What the user should know of a check-out that succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckedOut {
    /// Links that were not made because they lead out of the tree, or nowhere: only who needs one of them misses it.
    pub left_out: Vec<LeftOut>,
    /// Why its objects are not kept for the next time, though they should be.
    pub not_kept: Option<String>,
    /// Submodules that were to come from this disk and are not on it, each with its commit.
    pub missing: Vec<(String, String)>,
}

/// A link that was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Path in the tree.
    pub path: String,
    /// Why.
    pub why: &'static str,
}

impl CheckedOut {
    /// In a line each, for warnings.
    pub fn told(&self) -> Vec<String> {
        const NAMED: usize = 3;
        let links = &self.left_out;
        let names: Vec<_> = links.iter().take(NAMED).map(|link| format!("`{}` ({})", link.path, link.why)).collect();
        let more = links.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let count = if links.len() == 1 { "a link was".to_owned() } else { format!("{} links were", links.len()) };
        let links = (!links.is_empty()).then(|| format!("{count} not made: {}{more}", names.join(", ")));
        let kept = self.not_kept.as_ref().map(|why| format!("the repository's objects cannot be kept: {why}"));
        let missing = self.missing.iter().map(|(path, commit)| {
            format!("the submodule `{path}` is empty there: its commit {commit} is not on this disk (`git -C {path} fetch` may bring it)")
        });
        links.into_iter().chain(kept).chain(missing).collect()
    }
}

/// The directory that is written to: empty, or not there, or it is made so.
fn emptied(into: &Path, clear: bool) -> Result<(), GitError> {
    let disk = |source| GitError::Disk { path: into.display().to_string(), source };
    let entries = match std::fs::read_dir(into) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(disk(error)),
    };
    for entry in entries {
        let entry = entry.map_err(disk)?;
        if !clear {
            return Err(disk(std::io::Error::new(std::io::ErrorKind::DirectoryNotEmpty, "it is not empty")));
        }
        let directory = entry.file_type().map_err(disk)?.is_dir();
        let path = entry.path();
        if directory { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.map_err(disk)?;
    }
    Ok(())
}

/// When everything must be over.
#[derive(Debug, Clone)]
pub(crate) struct Deadline {
    remote: String,
    after: Duration,
    until: Instant,
}

impl Deadline {
    fn check(&self) -> Result<(), GitError> {
        if Instant::now() < self.until { Ok(()) } else { Err(self.error()) }
    }

    fn error(&self) -> GitError {
        GitError::Slow { remote: self.remote.clone(), after: self.after }
    }
}

impl Remote {
    /// A repository by its URL: http, https, ssh (also `user@host:path`), file, or a path. User and password in the URL count
    /// where `access` gives none.
    ///
    /// # Errors
    /// It is not the URL of a repository.
    pub fn new(url: &str, access: Access) -> Result<Self, GitError> {
        let parsed = Address::parse(url)?;
        let access = match (access, parsed.login) {
            (Access::Anonymous, Some((user, password))) => Access::Basic { user, password },
            (access, _) => access,
        };
        Ok(Self { address: parsed.address, access, ca: None, identity: None, proxy: ProxyChoice::default() })
    }

    /// Trusts these authorities (PEM), too.
    #[must_use]
    pub fn with_ca(mut self, pem: Vec<u8>) -> Self {
        self.ca = Some(pem);
        self
    }

    /// Shows this certificate (PEM, with its chain) to a server that asks for one.
    #[must_use]
    pub fn with_client_certificate(mut self, certificate: Vec<u8>, key: Masked<Vec<u8>>) -> Self {
        self.identity = Some(TlsIdentity { certificate, key });
        self
    }

    /// Goes through this proxy, whatever the environment says.
    ///
    /// # Errors
    /// It is not the URL of a proxy.
    pub fn with_proxy(mut self, url: &str, login: Option<(String, Masked<String>)>) -> Result<Self, GitError> {
        self.proxy = ProxyChoice::Given(Proxy::parse(url, login)?);
        Ok(self)
    }

    /// Goes through no proxy, whatever the environment says.
    #[must_use]
    pub fn without_proxy(mut self) -> Self {
        self.proxy = ProxyChoice::None;
        self
    }

    /// The URL without credentials.
    pub fn url(&self) -> String {
        self.address.to_string()
    }

    /// The commit that a reference names now. Costs one advertisement of references; a commit costs nothing.
    ///
    /// # Errors
    /// There is none, or the server cannot be asked.
    pub fn resolve(&self, reference: &Reference, limits: &Limits) -> Result<Revision, GitError> {
        if let Some(revision) = resolve::without_asking(reference)? {
            return Ok(revision);
        }
        self.run(limits, async |_| {
            let mut origin = self.origin(limits)?;
            resolve::resolve(&mut origin, reference).await
        })
    }

    /// The commit that a person means: a branch, a tag, what was fetched from a remote, an abbreviated commit, with `~N` or `^N`
    /// behind it. Of a repository on this disk only.
    ///
    /// # Errors
    /// There is none, or it is not on this disk.
    pub fn find_typed(&self, text: &str, limits: &Limits) -> Result<Revision, GitError> {
        match &self.address {
            Address::File(path) => typed::find(&LocalRepository::open(path, &self.url())?, text, limits),
            _ => Err(self.unfit("only of a repository on this disk are such names understood")),
        }
    }

    /// The files of a revision, below `into`, which is empty or does not exist yet. After an error it may hold a part of them.
    ///
    /// # Errors
    /// The server does not give the commit, something in it is refused, or a limit is exceeded.
    pub fn check_out(
        &self,
        revision: &Revision,
        wants: &Wants,
        limits: &Limits,
        into: &Path,
    ) -> Result<CheckedOut, GitError> {
        let commit: ObjectId = revision.commit.parse().map_err(|_| GitError::Reference {
            text: revision.commit.clone(),
            what: "a commit's full name of 40 or 64 hexadecimal digits",
        })?;
        emptied(into, false)?;
        let used_cache = Cell::new(false);
        let work = async |deadline: &Deadline| {
            let (written, notes) = (Written::default(), Notes::default());
            let missing = Vec::new();
            let mut work = CheckOut { wants, limits, deadline, into, written, submodules: 0, notes, missing };
            let result = work.run(self, commit, &revision.name).await;
            used_cache.set(work.notes.used_cache);
            let CheckOut { notes, missing, .. } = work;
            result.map(|left_out| CheckedOut { left_out, not_kept: notes.not_kept, missing })
        };
        let result = self.run(limits, work);
        match (&result, &wants.cache) {
            // What was kept may be damaged: it is thrown away, and everything comes anew.
            (Err(GitError::Pack { remote, .. } | GitError::Object { remote, .. }), Some(root)) if used_cache.get() => {
                Cache::new(root, remote).discard();
                emptied(into, true)?;
                self.run(limits, work)
            }
            _ => result,
        }
    }

    fn origin(&self, limits: &Limits) -> Result<Origin, GitError> {
        let connection = match &self.address {
            Address::Http(uri) => Connection::Http(Box::new(Http::new(HttpSettings {
                address: uri.clone(),
                authorization: match &self.access {
                    Access::Anonymous => None,
                    Access::Basic { user, password } => Some(HttpSettings::basic(user, password)),
                    Access::Bearer(token) => Some(Masked::new(format!("Bearer {}", token.expose()))),
                    Access::Ssh(_) => return Err(self.unfit("a key is for ssh; https takes a password or a token")),
                },
                ca: self.ca.clone(),
                identity: self.identity.clone(),
                proxy: self.proxy.clone(),
                connect: limits.connect,
            }))),
            Address::Ssh { user, host, port, path } => {
                let Access::Ssh(access) = &self.access else {
                    return Err(self.unfit("ssh takes a private key and known_hosts"));
                };
                Connection::Ssh(Box::new(Ssh::new(SshSettings {
                    path: path.clone(),
                    user: user.clone(),
                    host: host.clone(),
                    port: *port,
                    access: access.clone(),
                    shown: self.url(),
                    connect: limits.connect,
                })))
            }
            Address::File(path) => return Ok(Origin::Disk(LocalRepository::open(path, &self.url())?, *limits)),
        };
        Ok(Origin::Server(Box::new(Session::new(connection, *limits))))
    }

    fn unfit(&self, reason: &'static str) -> GitError {
        GitError::Address { shown: self.url(), reason }
    }

    /// Where a submodule of it is. Credentials and certificates go with it only to the same server.
    fn submodule(&self, url: &str) -> Result<Self, String> {
        let address = self.address.submodule(url)?;
        let mut remote = self.clone();
        if !self.address.is_same_server(&address) {
            remote.access = Access::Anonymous;
            remote.identity = None;
        }
        remote.address = address;
        Ok(remote)
    }

    /// Runs one conversation within its time.
    fn run<T>(&self, limits: &Limits, work: impl AsyncFnOnce(&Deadline) -> Result<T, GitError>) -> Result<T, GitError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(GitError::Runtime)?;
        let deadline = Deadline { remote: self.url(), after: limits.time, until: Instant::now() + limits.time };
        let result = runtime.block_on(async { tokio::time::timeout(limits.time, work(&deadline)).await });
        // A name that is still being looked up must not hold us.
        runtime.shutdown_background();
        result.map_err(|_| deadline.error())?
    }
}
