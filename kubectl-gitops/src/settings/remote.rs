//! Which repository, at which reference, by which credentials. Values of credentials are not here: only where they are found.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use krm::Masked;

pub use crate::git::{Reference, Signed};

/// A repository at a reference.
#[derive(Debug, Clone)]
pub struct RemoteSettings {
    /// `--url`; it may hold credentials.
    pub url: Masked<String>,
    /// What of it.
    pub reference: Reference,
    /// `--secret-ref`, `--credentials-dir`
    pub credentials: CredentialStore,
    /// Single credentials by flags; each is over one of the store.
    pub given: BTreeMap<Credential, Given>,
    /// `--recurse-submodules`
    pub submodules: bool,
    /// `--git-timeout`
    pub timeout: Duration,
    /// `--verify` and whose signatures count.
    pub verify: Option<VerifySettings>,
    /// Where objects are kept for the next time.
    pub cache: Option<PathBuf>,
}

/// What must be signed, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifySettings {
    /// `--verify`
    pub mode: Signed,
    /// `--verify-keys`, `--verify-secret-ref`
    pub keys: KeyStore,
}

/// Where public keys are kept: a file per key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStore {
    /// A Secret of the cluster.
    Secret {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Files, and directories of them.
    Files(Vec<PathBuf>),
}

/// May a tag with a signature be what this stands for?
pub fn can_be_tag(reference: &Reference) -> bool {
    match reference {
        Reference::Tag(_) | Reference::SemVer(_) => true,
        Reference::Name(name) => name.starts_with("refs/tags/") || !name.starts_with("refs/"),
        Reference::Head | Reference::Branch(_) | Reference::Commit { .. } => false,
    }
}

/// Where credentials are kept, in the layout of Flux's Secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialStore {
    /// Nowhere: the repository is public, or single credentials are given.
    None,
    /// A Secret of the cluster.
    Secret {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A directory with a file per key: a Secret that is mounted.
    Directory(PathBuf),
}

/// One credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// User name of basic authentication.
    Username,
    /// Its password, or the passphrase of the SSH key.
    Password,
    /// A bearer token.
    BearerToken,
    /// Certificates of the authority that signed the server's.
    Ca,
    /// Certificate of the client.
    ClientCertificate,
    /// Its key.
    ClientKey,
    /// SSH key.
    Identity,
    /// Keys of SSH hosts.
    KnownHosts,
}

impl Credential {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Username,
        Self::Password,
        Self::BearerToken,
        Self::Ca,
        Self::ClientCertificate,
        Self::ClientKey,
        Self::Identity,
        Self::KnownHosts,
    ];

    /// The flag that gives it.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Username => "--username",
            Self::Password => "--password-file",
            Self::BearerToken => "--bearer-token-file",
            Self::Ca => "--ca-file",
            Self::ClientCertificate => "--tls-cert-file",
            Self::ClientKey => "--tls-key-file",
            Self::Identity => "--ssh-key-file",
            Self::KnownHosts => "--known-hosts-file",
        }
    }

    /// The key of a Secret that holds it.
    pub const fn key(self) -> &'static str {
        self.keys()[0]
    }

    /// Is it one line of text, so that the line end of a file is no part of it?
    pub const fn is_line(self) -> bool {
        matches!(self, Self::Username | Self::Password | Self::BearerToken)
    }

    /// The keys that hold it in Flux's Secrets; the first that is there counts.
    pub const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Username => &["username"],
            Self::Password => &["password"],
            Self::BearerToken => &["bearerToken"],
            Self::Ca => &["ca.crt", "caFile"],
            Self::ClientCertificate => &["tls.crt", "certFile"],
            Self::ClientKey => &["tls.key", "keyFile"],
            Self::Identity => &["identity"],
            Self::KnownHosts => &["known_hosts"],
        }
    }
}

/// Where one credential comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It was typed.
    Text(Masked<String>),
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}
