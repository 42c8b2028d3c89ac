//! The address of a repository as an installation may name it. Owns which forms there are and what is refused; must not reach
//! it: `install` never needs to.

use std::fmt;

/// An address that an installation cannot use. Texts hold no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is empty.
    #[error("`--url` is empty")]
    Empty,
    /// It holds characters that no address has.
    #[error("`--url` holds a space or a control character")]
    Unprintable,
    /// It holds a user or a password.
    #[error("`--url` holds credentials: they would stand in the CronJob, in every Job and in `ps`")]
    Credentials {
        /// The address without them.
        bare: String,
    },
    /// It holds a query or a fragment.
    #[error("`--url` has a `{0}`: which commit and which directory are flags of their own")]
    Extra(char),
    /// Its scheme is none of ours.
    #[error("`--url` has the scheme `{0}`: there are https, http, ssh and, with --systemd, file")]
    Scheme(String),
    /// It names no host.
    #[error("`--url` names no host")]
    NoHost,
    /// It names no repository.
    #[error("`--url` names no repository on its host")]
    NoRepository,
    /// It is a path.
    #[error("`{0}` is no URL of a repository")]
    Path(String),
}

impl AddressError {
    /// What to do.
    pub fn hint(&self) -> String {
        match self {
            Self::Credentials { bare } => {
                format!("give `--url {bare}`, and `--username NAME --password-file FILE` or `--secret-ref NAME`")
            }
            Self::Extra('?') => "a branch is named by --branch, a directory by --path".to_owned(),
            Self::Path(_) => "a pod does not see this machine's files: push the repository to a server".to_owned(),
            _ => "write `https://HOST/PATH.git` or `ssh://git@HOST/PATH.git`".to_owned(),
        }
    }
}

/// How a repository is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
    /// `ssh://` and `user@host:path`
    Ssh,
    /// A directory of this machine.
    File,
}

/// The address of a repository, without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    scheme: Scheme,
    server: String,
    repository: String,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none, or holds what belongs elsewhere.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Unprintable);
        }
        match text.split_once("://") {
            Some((scheme, rest)) => Self::with_scheme(text, &scheme.to_ascii_lowercase(), rest),
            None => Self::as_scp(text),
        }
    }

    fn with_scheme(text: &str, word: &str, rest: &str) -> Result<Self, AddressError> {
        let scheme = match word {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "ssh" => Scheme::Ssh,
            "file" => Scheme::File,
            other => return Err(AddressError::Scheme(other.to_owned())),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let allowed = user.is_empty() || (scheme == Scheme::Ssh && !user.contains(':'));
        if !allowed || (authority.contains('@') && user.is_empty()) {
            return Err(AddressError::Credentials { bare: format!("{word}://{host}{path}") });
        }
        if let Some(extra) = rest.chars().find(|c| ['?', '#'].contains(c)) {
            return Err(AddressError::Extra(extra));
        }
        if (scheme == Scheme::File) != host.is_empty() {
            return Err(AddressError::NoHost);
        }
        let server = format!("{word}://{}", host.to_ascii_lowercase());
        Self::of(text, scheme, server, path)
    }

    /// `user@host:path`, as ssh's own copy program writes it.
    fn as_scp(text: &str) -> Result<Self, AddressError> {
        let refused = || AddressError::Path(text.to_owned());
        let (before, path) = text.split_once(':').ok_or_else(refused)?;
        if before.contains('/') || path.starts_with(':') {
            return Err(refused());
        }
        let host = before.rsplit_once('@').map_or(before, |(_, host)| host);
        if host.is_empty() {
            return Err(AddressError::NoHost);
        }
        if let Some(extra) = path.chars().find(|c| ['?', '#'].contains(c)) {
            return Err(AddressError::Extra(extra));
        }
        Self::of(text, Scheme::Ssh, format!("ssh://{}", host.to_ascii_lowercase()), path)
    }

    fn of(text: &str, scheme: Scheme, server: String, path: &str) -> Result<Self, AddressError> {
        // `home.git`, and `home/.git`, which is a checkout's.
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
        let repository = path.rsplit('/').next().unwrap_or_default().to_owned();
        if repository.is_empty() {
            return Err(AddressError::NoRepository);
        }
        Ok(Self { text: text.to_owned(), scheme, server, repository })
    }

    /// How it is spoken to.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// `https://git.example.com`: whom credentials are shown to.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The last part of its path, without `.git`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (text, scheme, server, repository) in [
            ("https://git.example.com/ann/home.git", Scheme::Https, "https://git.example.com", "home"),
            ("HTTP://Git.example.com:3000/home", Scheme::Http, "http://git.example.com:3000", "home"),
            ("ssh://git@[fe80::1]:2222/srv/home.git/", Scheme::Ssh, "ssh://[fe80::1]:2222", "home"),
            ("git@github.com:ann/home.git", Scheme::Ssh, "ssh://github.com", "home"),
            ("http://127.0.0.1/home/.git", Scheme::Http, "http://127.0.0.1", "home"),
            ("file:///srv/git/home.git", Scheme::File, "file://", "home"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((address.scheme(), address.server(), address.repository()), (scheme, server, repository));
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, says) in [
            ("", "is empty"),
            ("https://a/b c", "a space"),
            ("https://a/b\n", "control character"),
            ("git://a/b", "the scheme `git`"),
            ("oci://a/b", "the scheme `oci`"),
            ("https:///b", "no host"),
            ("file://host/b", "no host"),
            ("https://a", "no repository"),
            ("https://a/.git", "no repository"),
            ("https://a/b?ref=main", "has a `?`"),
            ("git@a:b#c", "has a `#`"),
            ("./home", "`./home` is no URL"),
            ("/srv/git:x", "is no URL"),
            ("ext::sh", "is no URL"),
            ("git@:b", "no host"),
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
            assert!(!error.hint().is_empty());
        }
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        for text in [
            "https://ann:hunter2@git.example.com/home.git",
            "https://hunter2@git.example.com/home.git",
            "http://ann:p@hunter2@git.example.com/home.git",
            "ssh://git:hunter2@git.example.com/home.git",
            "https://@git.example.com/home.git",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert!(
                matches!(&error, AddressError::Credentials { bare } if bare.ends_with("://git.example.com/home.git"))
            );
            let all = format!("{error} {error:?} {}", error.hint());
            assert!(!all.contains("hunter2"), "{all}");
        }
    }
}
