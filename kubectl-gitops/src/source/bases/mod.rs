//! Remote bases: repositories that kustomizations name, fetched as the user's own Git would fetch them. Owns which address counts,
//! whose credentials are used where, and what is kept; the room `git` speaks with servers. Must not know what a base means.

mod config;
mod credentials;
mod keys;
mod trees;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use krm::Masked;
use kustomize::{OutsideError, RepositoryRequest};

use super::Checkout;
use crate::git::{Access, GitError, Limits, Reference, Remote, Revision, Wants};
use config::GitConfig;
use trees::Trees;

const OFFLINE: &str =
    "without a network only what was fetched before can be used, and only by its full commit (`?ref=` with 40 digits)";
const NO_LOGIN: &str = "git's configuration, its credential store and helpers, `.netrc` and GIT_ASKPASS have no user and password for \
                        this server: store them as for `git clone`";
const BAD_LOGIN: &str =
    "user and password come from the URL, or from git's credential store or helper for this server: check them there";

/// How repositories of bases are reached.
pub struct Bases {
    /// The source that names them: what is on its server is read as it is.
    source: Option<Remote>,
    /// Git's own configuration of the user of this machine; read when it is first needed. A pod has none.
    config: OnceLock<GitConfig>,
    /// Where trees are kept between runs, if they are.
    kept: Option<PathBuf>,
    trees: OnceLock<Trees>,
    /// Which revision each tree is of.
    revisions: Mutex<BTreeMap<PathBuf, Revision>>,
    /// What the user should know of trees that were written.
    warnings: Mutex<Vec<String>>,
}

/// Credentials stay out.
impl std::fmt::Debug for Bases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bases").field("kept", &self.kept).finish_non_exhaustive()
    }
}

impl Bases {
    /// As the user of this machine. `cache`: where `--cache-dir` says; otherwise where programs keep such things.
    pub fn of_user(cache: Option<&Path>) -> Self {
        let usual = || Some(xdg(&variable, "XDG_CACHE_HOME", ".cache")?.join("kubectl-gitops"));
        Self::new(None, cache.map(|cache| cache.join("kubectl-gitops")).or_else(usual))
    }

    /// Those of a source that was fetched itself: on its server they are read as it is. Trees lie in `directory`.
    pub fn of_source(source: Remote, directory: PathBuf) -> Self {
        Self::new(Some(source), Some(directory))
    }

    fn new(source: Option<Remote>, kept: Option<PathBuf>) -> Self {
        Self {
            source,
            config: OnceLock::new(),
            kept,
            trees: OnceLock::new(),
            revisions: Mutex::default(),
            warnings: Mutex::default(),
        }
    }

    fn config(&self) -> &GitConfig {
        self.config.get_or_init(|| GitConfig::of_user(&variable))
    }

    /// The tree that a request names. It stays as long as this value.
    ///
    /// # Errors
    /// It cannot be had.
    pub(super) fn check_out(&self, request: &RepositoryRequest) -> Result<PathBuf, OutsideError> {
        let url = self.config().rewritten(&request.clone_url);
        self.fetch(&url, request).map_err(|error| explained(&error))
    }

    /// Where the tree's top was found, and at which commit; nothing for a directory that did not come from here.
    pub(super) fn checkout_of(&self, top: &Path, request: &RepositoryRequest) -> Option<Checkout> {
        let revisions = self.revisions.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = revisions.get(top)?;
        let path = request.path.trim_matches('/');
        Some(Checkout {
            remote: kustomize::load::without_credentials(&request.clone_url),
            path: if path.is_empty() { ".".to_owned() } else { path.to_owned() },
            branch: revision.name.clone(),
            commit: revision.commit.clone(),
        })
    }

    /// What the user should know of trees that were written since this was asked last.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remember(&self, tree: PathBuf, revision: Revision) -> PathBuf {
        self.revisions.lock().unwrap_or_else(PoisonError::into_inner).insert(tree.clone(), revision);
        tree
    }

    fn fetch(&self, url: &str, request: &RepositoryRequest) -> Result<PathBuf, GitError> {
        let reference = reference(&request.reference);
        if let Reference::Commit { commit, .. } = &reference
            && let Some(tree) = self.trees()?.find(url, commit, request.submodules)
        {
            return Ok(self.remember(tree, Revision { name: String::new(), commit: commit.clone() }));
        }
        let mut result = self.tree(&self.remote(url)?, &reference, url, request);
        // As git does it: nobody is asked for a password before a server does.
        if let Err(GitError::Unauthorized { given: false, .. }) = &result
            && let Some(remote) = self.logged_in(url)?
        {
            result = self.tree(&remote, &reference, url, request);
        }
        // The user's next key, as ssh tries them.
        for key in 1..keys::NAMES.len() {
            let refused = matches!(result, Err(GitError::Unauthorized { .. }));
            let Some(access) = refused.then(|| keys::access(url, key, &variable)).flatten() else { break };
            result = self.tree(&Remote::new(url, Access::Ssh(access))?, &reference, url, request);
        }
        result
    }

    fn tree(
        &self,
        remote: &Remote,
        reference: &Reference,
        url: &str,
        request: &RepositoryRequest,
    ) -> Result<PathBuf, GitError> {
        let limits = Limits { time: request.timeout, ..Limits::default() };
        let trees = self.trees()?;
        let revision = remote.resolve(reference, &limits)?;
        if let Some(tree) = trees.find(url, &revision.commit, request.submodules) {
            return Ok(self.remember(tree, revision));
        }
        let wants = Wants { submodules: request.submodules, ..Wants::default() };
        let key = (url, revision.commit.as_str(), request.submodules);
        let tree = trees.add(key, disk, |into| {
            let told = remote.check_out(&revision, &wants, &limits, into)?.told();
            self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
            Ok(())
        })?;
        Ok(self.remember(tree, revision))
    }

    fn trees(&self) -> Result<&Trees, GitError> {
        if let Some(trees) = self.trees.get() {
            return Ok(trees);
        }
        let opened = Trees::open(self.kept.clone()).map_err(|source| disk(&std::env::temp_dir(), source))?;
        Ok(self.trees.get_or_init(|| opened))
    }

    /// The repository, read as the source is, with a key of the user's, as its URL says, or as nobody.
    fn remote(&self, url: &str) -> Result<Remote, GitError> {
        if let Some(remote) = self.source.as_ref().map(|source| source.neighbour(url)).transpose()?.flatten() {
            return Ok(remote);
        }
        let access = keys::access(url, 0, &variable).map_or(Access::Anonymous, Access::Ssh);
        configured(url, access, self.config())
    }

    /// The repository, read as the user whose password is known.
    fn logged_in(&self, url: &str) -> Result<Option<Remote>, GitError> {
        let Some(login) = credentials::find(url, self.config(), &variable) else { return Ok(None) };
        configured(url, Access::Basic { user: login.user, password: login.password }, self.config()).map(Some)
    }
}

fn explained(error: &GitError) -> OutsideError {
    let hint = match error {
        GitError::Unreachable { .. } => Some(OFFLINE.to_owned()),
        GitError::Unauthorized { given: false, .. } => Some(NO_LOGIN.to_owned()),
        GitError::Unauthorized { given: true, .. } => Some(BAD_LOGIN.to_owned()),
        GitError::Slow { .. } => Some("give it more time: `?timeout=120s` in the URL of the base".to_owned()),
        _ => error.hint(),
    };
    let failed = OutsideError::failed(error);
    match hint {
        Some(hint) => failed.with_hint(&hint),
        None => failed,
    }
}

/// What `ref` of a URL means to git: a commit by its full name, or a name that is looked for.
fn reference(text: &str) -> Reference {
    match text {
        "" | "HEAD" => Reference::Head,
        commit if Reference::is_commit(commit) => {
            Reference::Commit { commit: commit.to_ascii_lowercase(), branch: None }
        }
        name => Reference::Name(name.to_owned()),
    }
}

/// The repository as Git's configuration says it is reached.
fn configured(url: &str, access: Access, config: &GitConfig) -> Result<Remote, GitError> {
    let mut remote = Remote::new(url, access)?;
    let home = variable("HOME").map(PathBuf::from);
    let file = |name: &str, over: &str| {
        let path = variable(over).or_else(|| config.for_url("http", name, url).map(str::to_owned))?;
        Some(config::expanded(&path, home.as_deref()))
    };
    let read = |path: PathBuf| std::fs::read(&path).map_err(|source| disk(&path, source));
    if let Some(path) = file("sslCAInfo", "GIT_SSL_CAINFO") {
        remote = remote.with_ca(read(path)?);
    }
    if let Some(path) = file("sslCert", "GIT_SSL_CERT") {
        let certificate = read(path)?;
        let key = match file("sslKey", "GIT_SSL_KEY") {
            Some(path) => read(path)?,
            None => certificate.clone(),
        };
        remote = remote.with_client_certificate(certificate, Masked::new(key));
    }
    match config.for_url("http", "proxy", url) {
        Some("") => Ok(remote.without_proxy()),
        Some(proxy) => remote.with_proxy(proxy, None),
        None => Ok(remote),
    }
}

fn disk(path: &Path, source: std::io::Error) -> GitError {
    GitError::Disk { path: path.display().to_string(), source }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A directory of the user's, where the environment or the custom puts it.
fn xdg(variable: &dyn Fn(&str) -> Option<String>, name: &str, below_home: &str) -> Option<PathBuf> {
    let named = variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    named.or_else(|| Some(home()?.join(below_home)))
}

/// Where programs have their configuration.
fn configuration_directory(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    xdg(variable, "XDG_CONFIG_HOME", ".config")
}
