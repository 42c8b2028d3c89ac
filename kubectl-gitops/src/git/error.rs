//! Why a repository gave nothing. Owns the errors of this room and what to do about each; no message holds a credential, and
//! what a server said is shown as one bounded line.

use std::time::Duration;

use super::object::ObjectError;
use super::pack::PackError;
use super::wire::WireError;

/// Why a repository cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// Not a URL of a kind that is understood.
    #[error("`{shown}` is not the URL of a repository: {reason}")]
    Address {
        /// Without credentials.
        shown: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Certificates, keys or the machine's own trust are not usable.
    #[error("TLS for {remote} cannot be set up: {reason}")]
    TlsSetUp {
        /// Without credentials.
        remote: String,
        /// What is wrong.
        reason: String,
    },
    /// The proxy's address, or its answer.
    #[error("the proxy {proxy} cannot be used: {reason}")]
    Proxy {
        /// Without credentials.
        proxy: String,
        /// What is wrong.
        reason: String,
    },
    /// The runtime could not start.
    #[error("the network cannot be used")]
    Runtime(#[source] std::io::Error),
    /// No connection.
    #[error("{server} cannot be reached")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The certificate of the server, or of us.
    #[error("no secure connection to {server}: {reason}")]
    Tls {
        /// Host and port.
        server: String,
        /// The library's words.
        reason: String,
        /// Is it the server's certificate that is not trusted?
        untrusted: bool,
    },
    /// The connection broke.
    #[error("the connection to {server} broke off: {reason}")]
    Lost {
        /// Host and port.
        server: String,
        /// The library's words.
        reason: String,
    },
    /// It took too long.
    #[error("no complete answer from {remote} within {} s", after.as_secs())]
    Slow {
        /// Without credentials.
        remote: String,
        /// How long we waited.
        after: Duration,
    },
    /// A key of ours.
    #[error("the private key for {remote} cannot be used: {reason}")]
    PrivateKey {
        /// Without credentials.
        remote: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The key of a server.
    #[error("{server} shows the {algorithm} key {fingerprint}, but {why}")]
    HostKey {
        /// Host and port.
        server: String,
        /// Its kind.
        algorithm: String,
        /// As `ssh-keygen -l` shows it.
        fingerprint: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// A submodule that cannot be had.
    #[error("the submodule `{path}` of {remote} cannot be used: {reason}")]
    Submodule {
        /// Without credentials.
        remote: String,
        /// Path in the tree.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// Not a repository on this disk.
    #[error("{remote} cannot be read as a repository: {reason}")]
    Local {
        /// The URL.
        remote: String,
        /// What is wrong.
        reason: String,
    },
    /// 401, or a refused key.
    #[error("{remote} refuses the credentials{}", if *given { "" } else { ": it asks for some, and none were given" })]
    Unauthorized {
        /// Without credentials.
        remote: String,
        /// Were there any?
        given: bool,
    },
    /// 403
    #[error("{remote} forbids this account {what}")]
    Forbidden {
        /// Without credentials.
        remote: String,
        /// To do what.
        what: &'static str,
    },
    /// 404
    #[error("there is no repository at {remote}, or it may not be seen")]
    NotFound {
        /// Without credentials.
        remote: String,
    },
    /// Another answer.
    #[error("{remote} answered {status}")]
    Status {
        /// Without credentials.
        remote: String,
        /// Of HTTP.
        status: u16,
    },
    /// To another protocol, or in circles.
    #[error("{remote} redirects {how}")]
    Redirect {
        /// Without credentials.
        remote: String,
        /// Where.
        how: &'static str,
    },
    /// Not the Git protocol, or words of the server.
    #[error("{remote} does not answer as a Git server does")]
    Protocol {
        /// Without credentials.
        remote: String,
        /// What is wrong.
        #[source]
        source: WireError,
    },
    /// The server's own words.
    #[error("{remote} refuses: {words}")]
    Said {
        /// Without credentials.
        remote: String,
        /// Its words.
        words: String,
    },
    /// No such branch, tag or name.
    #[error("{remote} has no {wanted}")]
    NoReference {
        /// Without credentials.
        remote: String,
        /// What was asked for.
        wanted: String,
        /// Names that are alike.
        nearest: Vec<String>,
    },
    /// A commit that the server does not give.
    #[error("{remote} has no commit {commit}{}", within.as_ref().map(|b| format!(" on the branch `{b}`")).unwrap_or_default())]
    NoCommit {
        /// Without credentials.
        remote: String,
        /// The commit.
        commit: String,
        /// The branch that it must be on.
        within: Option<String>,
    },
    /// Not a reference at all.
    #[error("`{text}` is not {what}")]
    Reference {
        /// As given.
        text: String,
        /// What it should be.
        what: &'static str,
    },
    /// What was received.
    #[error("what {remote} sent cannot be used")]
    Pack {
        /// Without credentials.
        remote: String,
        /// Why.
        #[source]
        source: PackError,
    },
    /// An object in it.
    #[error("the object {id} from {remote} cannot be used")]
    Object {
        /// Without credentials.
        remote: String,
        /// Its name.
        id: String,
        /// Why.
        #[source]
        source: ObjectError,
    },
    /// More than what is accepted.
    #[error("`{path}` of {remote}: {what} exceeds the limit of {limit}")]
    Limit {
        /// Without credentials.
        remote: String,
        /// Path in the tree; `.` for all of it.
        path: String,
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Something that would harm the machine, or another one.
    #[error("`{path}` of {remote} is refused: {why}")]
    Hostile {
        /// Without credentials.
        remote: String,
        /// Path in the tree.
        path: String,
        /// Why.
        why: String,
    },
    /// A directory that was asked for.
    #[error("{remote} has no directory `{path}` at this revision")]
    NoDirectory {
        /// Without credentials.
        remote: String,
        /// Path in the tree.
        path: String,
    },
    /// A commit or a tag.
    #[error("the {object} of {remote} is not trusted: {reason}")]
    Signature {
        /// Without credentials.
        remote: String,
        /// `commit 4f2c…`, `tag v1`
        object: String,
        /// Why.
        reason: String,
    },
    /// Somebody else pushed meanwhile.
    #[error("`{name}` of {remote} has moved meanwhile: nothing was pushed")]
    Moved {
        /// Without credentials.
        remote: String,
        /// The reference.
        name: String,
    },
    /// A hook, a protected branch.
    #[error("{remote} refuses the push to `{name}`: {words}")]
    PushRefused {
        /// Without credentials.
        remote: String,
        /// The reference.
        name: String,
        /// Its words.
        words: String,
    },
    /// Our own disk.
    #[error("cannot write {path}")]
    Disk {
        /// On our disk.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl GitError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Unauthorized { given: true, .. } => {
                "check user name and password, token or key, and whether it has expired"
            }
            Self::Unauthorized { given: false, .. } => "give a user name and a password, a token or a key",
            Self::Forbidden { .. } => "the credentials are good, but this account has no such right on the repository",
            Self::NotFound { .. } => {
                "check the path of the URL; for repositories that an account may not see, servers answer as if there were none"
            }
            Self::Tls { untrusted: true, .. } => "if the certificate is of an authority of your own, give it as the CA",
            Self::Tls { untrusted: false, .. } => "is it an https server, and does it ask for a client certificate?",
            Self::Unreachable { .. } => "check host and port, the name's resolution, the network and the proxy",
            Self::Slow { .. } => "a larger timeout gives slow servers and large repositories more time",
            Self::Protocol { .. } => "is the URL that of a repository, as `git clone` takes it?",
            Self::NoReference { nearest, .. } => {
                let names: Vec<_> = nearest.iter().map(|name| format!("`{name}`")).collect();
                return (!names.is_empty()).then(|| format!("did you mean {}?", names.join(" or ")));
            }
            Self::NoCommit { within: None, .. } => {
                "a commit that is on no branch and has no tag any more cannot be had from most servers"
            }
            Self::HostKey { .. } => {
                "compare the fingerprint with the server's own (`ssh-keygen -lf`), then add the line of `ssh-keyscan` to known_hosts"
            }
            Self::Moved { .. } => "run again: it starts from where the branch is now",
            Self::Redirect { .. } => "give the URL that it redirects to",
            _ => return None,
        };
        Some(text.to_owned())
    }
}
