//! What a repository is read with. Owns which credentials go together and with which address; values are masked and no error
//! holds any.

use std::collections::BTreeMap;

use krm::Masked;

use super::address::Scheme;
use crate::settings::Credential;

/// Values of credentials.
pub type Credentials = BTreeMap<Credential, Masked<Vec<u8>>>;

/// Credentials that do not fit each other, the address, or their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// A file holds nothing.
    #[error("`{0}` is empty")]
    Empty(&'static str),
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

/// All that is wrong with them.
pub(super) fn problems(credentials: &Credentials, scheme: Scheme) -> Vec<CredentialsError> {
    let has = |credential| credentials.contains_key(&credential);
    let mut found: Vec<CredentialsError> = Vec::new();
    for (credential, value) in credentials {
        let flag = credential.flag();
        if value.expose().is_empty() {
            found.push(CredentialsError::Empty(flag));
        } else if let Some(wanted) = unlike(*credential, value.expose()) {
            found.push(CredentialsError::Content { flag, wanted });
        }
        let fits = match (*credential, scheme) {
            (Credential::Username | Credential::BearerToken, Scheme::Http | Scheme::Https)
            | (Credential::Ca | Credential::ClientCertificate | Credential::ClientKey, Scheme::Https) => true,
            (Credential::Password, scheme) => scheme != Scheme::File,
            (Credential::Identity | Credential::KnownHosts, scheme) => scheme == Scheme::Ssh,
            _ => false,
        };
        if !fits {
            found.push(CredentialsError::Scheme(flag));
        }
    }
    let rules = [
        (
            has(Credential::Password) && !has(Credential::Username) && !has(Credential::Identity),
            CredentialsError::NoUser,
        ),
        (
            has(Credential::BearerToken) && (has(Credential::Username) || has(Credential::Password)),
            CredentialsError::TwoWays,
        ),
        (scheme == Scheme::Ssh && !has(Credential::Identity), CredentialsError::NoKey),
        (has(Credential::Identity) && !has(Credential::KnownHosts), CredentialsError::NoKnownHosts),
        (has(Credential::ClientCertificate) != has(Credential::ClientKey), CredentialsError::HalfCertificate),
    ];
    found.extend(rules.into_iter().filter(|(broken, _)| *broken).map(|(_, error)| error));
    found
}

/// What a value of this name should hold and does not.
fn unlike(credential: Credential, value: &[u8]) -> Option<&'static str> {
    let holds = |text: &str| value.windows(text.len()).any(|window| window == text.as_bytes());
    match credential {
        Credential::Identity | Credential::ClientKey => (!holds("PRIVATE KEY-----")).then_some("private key"),
        Credential::Ca | Credential::ClientCertificate => {
            (!holds("-----BEGIN CERTIFICATE-----")).then_some("certificate in PEM form")
        }
        Credential::KnownHosts => {
            let keys = value.split(|b| *b == b'\n').filter(|line| {
                let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                !line.starts_with(b"#") && words.count() >= 3
            });
            (keys.count() == 0).then_some("line of the form `HOST TYPE KEY`")
        }
        Credential::Username | Credential::Password | Credential::BearerToken => {
            value.iter().any(|b| [b'\n', b'\r', 0].contains(b)).then_some("single line of text")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    const HOSTS: &str = "# ours\ngit.example.com ssh-ed25519 AAAA\n";

    fn said(values: &[(Credential, &str)], scheme: Scheme) -> String {
        let credentials: Credentials =
            values.iter().map(|(credential, value)| (*credential, Masked::new(value.as_bytes().to_vec()))).collect();
        let found = problems(&credentials, scheme);
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_goes_together_is_taken() {
        for (values, scheme) in [
            (vec![(Credential::Username, "ann"), (Credential::Password, "x")], Scheme::Http),
            (
                vec![
                    (Credential::Username, "ann"),
                    (Credential::Password, "x"),
                    (Credential::Ca, "-----BEGIN CERTIFICATE-----"),
                ],
                Scheme::Https,
            ),
            (vec![(Credential::BearerToken, "x")], Scheme::Https),
            (vec![(Credential::Ca, "-----BEGIN CERTIFICATE-----")], Scheme::Https),
            (vec![(Credential::Identity, KEY), (Credential::KnownHosts, HOSTS)], Scheme::Ssh),
            (
                vec![(Credential::Identity, KEY), (Credential::KnownHosts, HOSTS), (Credential::Password, "x")],
                Scheme::Ssh,
            ),
            (vec![], Scheme::Https),
        ] {
            assert_eq!(said(&values, scheme), "");
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_no_value() {
        for (values, scheme, says) in [
            (vec![(Credential::Password, "hunter2")], Scheme::Https, "without `--username`"),
            (vec![(Credential::Username, "a"), (Credential::Password, "hunter2\n")], Scheme::Https, "no single line"),
            (
                vec![(Credential::Username, "a"), (Credential::Password, "")],
                Scheme::Https,
                "`--password-file` is empty",
            ),
            (
                vec![(Credential::Username, "a"), (Credential::Password, "b"), (Credential::BearerToken, "hunter2")],
                Scheme::Https,
                "two ways",
            ),
            (vec![(Credential::Ca, "-----BEGIN CERTIFICATE-----")], Scheme::Http, "`--ca-file` has no meaning"),
            (vec![(Credential::Ca, "hunter2")], Scheme::Https, "no certificate"),
            (vec![(Credential::Identity, KEY)], Scheme::Ssh, "without `--known-hosts-file`"),
            (
                vec![(Credential::Identity, "ssh-ed25519 hunter2"), (Credential::KnownHosts, HOSTS)],
                Scheme::Ssh,
                "no private key",
            ),
            (vec![(Credential::Identity, KEY), (Credential::KnownHosts, "# hunter2")], Scheme::Ssh, "`HOST TYPE KEY`"),
            (
                vec![(Credential::Identity, KEY), (Credential::KnownHosts, HOSTS)],
                Scheme::Https,
                "`--ssh-key-file` has no meaning",
            ),
            (
                vec![(Credential::Username, "hunter2"), (Credential::Password, "x")],
                Scheme::Ssh,
                "needs `--ssh-key-file`",
            ),
            (vec![], Scheme::Ssh, "needs `--ssh-key-file`"),
            (vec![(Credential::Password, "hunter2")], Scheme::File, "`--password-file` has no meaning"),
        ] {
            let all = said(&values, scheme);
            assert!(all.contains(says) && !all.contains("hunter2"), "{all}");
        }
    }
}
