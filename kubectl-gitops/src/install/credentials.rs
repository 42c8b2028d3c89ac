//! What a repository is read with, as Flux names it in a Secret. Owns the names and which of them go together; values are
//! masked and no error holds any.

use std::collections::BTreeMap;

use krm::Masked;

use super::address::Scheme;

/// Values by their names in a Secret.
pub type Credentials = BTreeMap<&'static str, Masked<Vec<u8>>>;

/// User of http and https.
const USERNAME: &str = "username";
/// Password of http and https; passphrase of the key of ssh.
const PASSWORD: &str = "password";
/// Token of http and https.
const BEARER_TOKEN: &str = "bearerToken";
/// Private key of ssh.
const IDENTITY: &str = "identity";
/// Keys of the servers that ssh may speak to.
const KNOWN_HOSTS: &str = "known_hosts";
/// Certificates of authorities for https.
const CA: &str = "ca.crt";

/// Certificate of the client for https.
const CLIENT_CERTIFICATE: &str = "tls.crt";
/// Its key.
const CLIENT_KEY: &str = "tls.key";

/// All names that there are.
pub const CREDENTIAL_NAMES: [&str; 8] =
    [USERNAME, PASSWORD, BEARER_TOKEN, IDENTITY, KNOWN_HOSTS, CA, CLIENT_CERTIFICATE, CLIENT_KEY];

/// Credentials that do not fit each other, the address, or their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// A file holds nothing.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// A user alone.
    #[error("`--username` comes without a password")]
    NoPassword,
    /// A password alone.
    #[error("`--password-file` comes without `--username` or `--ssh-key-file`")]
    NoUser,
    /// Two ways at once.
    #[error("a password and a bearer token are two ways to log in: give one")]
    TwoWays,
    /// What http has and ssh has not, or the other way round.
    #[error("`{0}` has no meaning for an address of this scheme")]
    Scheme(&'static str),
    /// ssh without a key.
    #[error("an ssh address needs `--ssh-key-file` and `--known-hosts-file`, or `--secret-ref`")]
    NoKey,
    /// A key, and any server would do.
    #[error("`--ssh-key-file` comes without `--known-hosts-file`: anybody in between could pretend to be the server")]
    NoKnownHosts,
    /// A certificate without its key, or the other way round.
    #[error("`--tls-cert-file` and `--tls-key-file` come together")]
    HalfCertificate,
    /// Not what the flag asks for.
    #[error("the file of `{flag}` holds no {wanted}")]
    Content {
        /// The flag.
        flag: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
}

impl CredentialsError {
    /// What to do, where that is not said already.
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::NoPassword => Some("add `--password-file FILE`, or `--password-stdin`"),
            Self::NoKnownHosts => {
                Some("`ssh-keyscan HOST` prints them: compare the fingerprint with what the server's owner says")
            }
            Self::Content { flag: "--ssh-key-file", .. } => {
                Some("give the private key, not the one that ends in `.pub`")
            }
            Self::Scheme("--username") => Some("of ssh, the user is part of the address: `ssh://git@HOST/PATH`"),
            _ => None,
        }
    }
}

fn flag(name: &str) -> &'static str {
    match name {
        USERNAME => "--username",
        PASSWORD => "--password-file",
        BEARER_TOKEN => "--bearer-token-file",
        IDENTITY => "--ssh-key-file",
        KNOWN_HOSTS => "--known-hosts-file",
        CLIENT_CERTIFICATE => "--tls-cert-file",
        CLIENT_KEY => "--tls-key-file",
        _ => "--ca-file",
    }
}

/// All that is wrong with them.
pub(super) fn problems(credentials: &Credentials, scheme: Scheme) -> Vec<CredentialsError> {
    let has = |name: &str| credentials.contains_key(name);
    let mut found: Vec<CredentialsError> = Vec::new();
    for (name, value) in credentials {
        if value.expose().is_empty() {
            found.push(CredentialsError::Empty(flag(name)));
        } else if let Some(wanted) = unlike(name, value.expose()) {
            found.push(CredentialsError::Content { flag: flag(name), wanted });
        }
        let fits = match (*name, scheme) {
            (USERNAME | BEARER_TOKEN, Scheme::Http | Scheme::Https)
            | (CA | CLIENT_CERTIFICATE | CLIENT_KEY, Scheme::Https) => true,
            (PASSWORD, scheme) => scheme != Scheme::File,
            (IDENTITY | KNOWN_HOSTS, scheme) => scheme == Scheme::Ssh,
            _ => false,
        };
        if !fits {
            found.push(CredentialsError::Scheme(flag(name)));
        }
    }
    let rules = [
        (has(USERNAME) && !has(PASSWORD), CredentialsError::NoPassword),
        (has(PASSWORD) && !has(USERNAME) && !has(IDENTITY), CredentialsError::NoUser),
        (has(BEARER_TOKEN) && (has(USERNAME) || has(PASSWORD)), CredentialsError::TwoWays),
        (scheme == Scheme::Ssh && !has(IDENTITY), CredentialsError::NoKey),
        (has(IDENTITY) && !has(KNOWN_HOSTS), CredentialsError::NoKnownHosts),
        (has(CLIENT_CERTIFICATE) != has(CLIENT_KEY), CredentialsError::HalfCertificate),
    ];
    found.extend(rules.into_iter().filter(|(broken, _)| *broken).map(|(_, error)| error));
    found
}

/// What a value of this name should hold and does not.
fn unlike(name: &str, value: &[u8]) -> Option<&'static str> {
    let holds = |text: &str| value.windows(text.len()).any(|window| window == text.as_bytes());
    match name {
        IDENTITY | CLIENT_KEY => (!holds("PRIVATE KEY-----")).then_some("private key"),
        CA | CLIENT_CERTIFICATE => (!holds("-----BEGIN CERTIFICATE-----")).then_some("certificate in PEM form"),
        KNOWN_HOSTS => {
            let keys = value.split(|b| *b == b'\n').filter(|line| {
                let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                !line.starts_with(b"#") && words.count() >= 3
            });
            (keys.count() == 0).then_some("line of the form `HOST TYPE KEY`")
        }
        USERNAME | PASSWORD | BEARER_TOKEN => {
            value.iter().any(|b| [b'\n', b'\r', 0].contains(b)).then_some("single line of text")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    const HOSTS: &str = "# ours\ngit.example.com ssh-ed25519 AAAA\n";

    fn said(values: &[(&'static str, &str)], scheme: Scheme) -> String {
        let credentials: Credentials =
            values.iter().map(|(name, value)| (*name, Masked::new(value.as_bytes().to_vec()))).collect();
        let found = problems(&credentials, scheme);
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_goes_together_is_taken() {
        for (values, scheme) in [
            (vec![(USERNAME, "ann"), (PASSWORD, "x")], Scheme::Http),
            (vec![(USERNAME, "ann"), (PASSWORD, "x"), (CA, "-----BEGIN CERTIFICATE-----")], Scheme::Https),
            (vec![(BEARER_TOKEN, "x")], Scheme::Https),
            (vec![(CA, "-----BEGIN CERTIFICATE-----")], Scheme::Https),
            (vec![(IDENTITY, KEY), (KNOWN_HOSTS, HOSTS)], Scheme::Ssh),
            (vec![(IDENTITY, KEY), (KNOWN_HOSTS, HOSTS), (PASSWORD, "x")], Scheme::Ssh),
            (vec![], Scheme::Https),
        ] {
            assert_eq!(said(&values, scheme), "");
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_no_value() {
        for (values, scheme, says) in [
            (vec![(USERNAME, "hunter2")], Scheme::Https, "without a password"),
            (vec![(PASSWORD, "hunter2")], Scheme::Https, "without `--username`"),
            (vec![(USERNAME, "a"), (PASSWORD, "hunter2\n")], Scheme::Https, "no single line"),
            (vec![(USERNAME, "a"), (PASSWORD, "")], Scheme::Https, "`--password-file` is empty"),
            (vec![(USERNAME, "a"), (PASSWORD, "b"), (BEARER_TOKEN, "hunter2")], Scheme::Https, "two ways"),
            (vec![(CA, "-----BEGIN CERTIFICATE-----")], Scheme::Http, "`--ca-file` has no meaning"),
            (vec![(CA, "hunter2")], Scheme::Https, "no certificate"),
            (vec![(IDENTITY, KEY)], Scheme::Ssh, "without `--known-hosts-file`"),
            (vec![(IDENTITY, "ssh-ed25519 hunter2"), (KNOWN_HOSTS, HOSTS)], Scheme::Ssh, "no private key"),
            (vec![(IDENTITY, KEY), (KNOWN_HOSTS, "# hunter2")], Scheme::Ssh, "`HOST TYPE KEY`"),
            (vec![(IDENTITY, KEY), (KNOWN_HOSTS, HOSTS)], Scheme::Https, "`--ssh-key-file` has no meaning"),
            (vec![(USERNAME, "hunter2"), (PASSWORD, "x")], Scheme::Ssh, "needs `--ssh-key-file`"),
            (vec![], Scheme::Ssh, "needs `--ssh-key-file`"),
            (vec![(PASSWORD, "hunter2")], Scheme::File, "`--password-file` has no meaning"),
        ] {
            let all = said(&values, scheme);
            assert!(all.contains(says) && !all.contains("hunter2"), "{all}");
        }
    }
}
