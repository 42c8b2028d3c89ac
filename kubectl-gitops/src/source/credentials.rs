//! Credentials of a repository: gathered from a Secret's keys, a mounted directory or single files, and checked for what
//! contradicts itself. Values are masked; no error holds one.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use krm::Masked;
use krm_functions::InputError;

use super::surroundings::operator_file;
use crate::git::{TrustedKeyError, Verification};
use crate::settings::{Credential, CredentialStore, Given, KeyStore, RemoteSettings, VerifySettings};

/// Longest password on standard input.
const STDIN_BYTES_MAX: u64 = 64 << 10;

/// Keys of a Secret with their values.
pub type SecretData = BTreeMap<String, Masked<Vec<u8>>>;

/// What is known of a repository's secrets, and whose signatures count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    values: BTreeMap<Credential, Masked<Vec<u8>>>,
    verification: Option<Verification>,
}

/// Data of the Secrets that settings name.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// Of `--secret-ref`.
    pub credentials: Option<SecretData>,
    /// Of `--verify-secret-ref`.
    pub trusted: Option<SecretData>,
}

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// A file cannot be read.
    #[error("the credential in `{path}` cannot be read")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: InputError,
    },
    /// The directory of a mounted Secret is none.
    #[error("`{path}` is no directory with credentials")]
    Directory {
        /// As given.
        path: String,
    },
    /// Standard input cannot be read.
    #[error("no password can be read from standard input")]
    Stdin(#[source] std::io::Error),
    /// It must be text.
    #[error("the credential `{key}` is not UTF-8 text")]
    NotText {
        /// Its key in a Secret.
        key: &'static str,
    },
    /// The public keys.
    #[error(transparent)]
    Trusted(#[from] TrustedKeyError),
    /// Some do not go together.
    #[error("the credentials contradict themselves: {why}")]
    Contradiction {
        /// What is wrong.
        why: &'static str,
    },
}

impl Credentials {
    /// Gathers what the settings name. `secrets`: the data of the Secrets that they name.
    ///
    /// # Errors
    /// Something cannot be read, or does not go together.
    pub fn gather(settings: &RemoteSettings, secrets: Secrets) -> Result<Self, CredentialError> {
        let mut values = BTreeMap::new();
        if let Some(mut secret) = secrets.credentials {
            for credential in Credential::ALL {
                let found = credential.keys().iter().find_map(|key| secret.remove(*key));
                values.extend(found.map(|value| (credential, value)));
            }
        }
        if let CredentialStore::Directory(directory) = &settings.credentials {
            from_directory(directory, &mut values)?;
        }
        for (credential, given) in &settings.given {
            values.insert(*credential, read_credential(given)?);
        }
        values.retain(|_, value| !value.expose().is_empty());
        let verification = match &settings.verify {
            Some(VerifySettings { mode, keys }) => {
                let keys = trusted_keys(keys, secrets.trusted.unwrap_or_default())?;
                Some(Verification::new(*mode, &keys)?)
            }
            None => None,
        };
        let credentials = Self { values, verification };
        check(|credential| credentials.values.contains_key(&credential), is_ssh(settings.url.expose()))?;
        Ok(credentials)
    }

    /// What must be signed, and by whom.
    pub fn verification(&self) -> Option<&Verification> {
        self.verification.as_ref()
    }

    /// The bytes of one.
    pub fn bytes(&self, credential: Credential) -> Option<&Masked<Vec<u8>>> {
        self.values.get(&credential)
    }

    /// The text of one, without the line end that a file has.
    ///
    /// # Errors
    /// It is no text.
    pub fn text(&self, credential: Credential) -> Result<Option<Masked<String>>, CredentialError> {
        let Some(bytes) = self.bytes(credential) else { return Ok(None) };
        let text =
            std::str::from_utf8(bytes.expose()).map_err(|_| CredentialError::NotText { key: credential.key() })?;
        Ok(Some(Masked::new(text.trim_end_matches(['\r', '\n']).to_owned())))
    }

    /// Is there something wrong with single credentials already, before any of them is read? Where there is a store besides,
    /// it may hold what is missing.
    ///
    /// # Errors
    /// They do not go together.
    pub fn check_given(settings: &RemoteSettings) -> Result<(), CredentialError> {
        if settings.credentials != CredentialStore::None || settings.given.is_empty() {
            return Ok(());
        }
        check(|credential| settings.given.contains_key(&credential), is_ssh(settings.url.expose()))
    }
}

/// The rules that Flux has for its Secrets.
fn check(has: impl Fn(Credential) -> bool, ssh: bool) -> Result<(), CredentialError> {
    let basic = has(Credential::Username);
    let contradictions = [
        (ssh && !has(Credential::Identity), "an SSH address needs a key (`identity`, `--ssh-key-file`)"),
        (
            has(Credential::Identity) && !has(Credential::KnownHosts),
            "an SSH key needs the keys of its host (`known_hosts`, `--known-hosts-file`)",
        ),
        (!ssh && basic && !has(Credential::Password), "there is a user name without a password"),
        (
            !ssh && !basic && has(Credential::Password) && !has(Credential::Identity),
            "there is a password without a user name",
        ),
        (!ssh && basic && has(Credential::BearerToken), "there is a user name beside a bearer token"),
        (
            has(Credential::ClientCertificate) != has(Credential::ClientKey),
            "a client certificate and its key come together (`tls.crt`, `tls.key`)",
        ),
    ];
    match contradictions.into_iter().find(|(found, _)| *found) {
        Some((_, why)) => Err(CredentialError::Contradiction { why }),
        None => Ok(()),
    }
}

/// Public keys by their files' names.
fn trusted_keys(store: &KeyStore, secret: SecretData) -> Result<BTreeMap<String, Vec<u8>>, CredentialError> {
    match store {
        KeyStore::Secret { .. } => Ok(secret.into_iter().map(|(name, key)| (name, key.into_exposed())).collect()),
        KeyStore::Files(paths) => trusted_files(paths),
    }
}

/// Public keys in files and directories, by their paths. What begins with a dot is not one: a mounted Secret has such.
///
/// # Errors
/// One cannot be read.
pub fn trusted_files(paths: &[PathBuf]) -> Result<BTreeMap<String, Vec<u8>>, CredentialError> {
    let mut keys = BTreeMap::new();
    for path in paths {
        let mut files = vec![path.clone()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path);
            let entries = entries.map_err(|_| CredentialError::Directory { path: path.display().to_string() })?;
            files = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            files.retain(|file| {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                !name.starts_with('.') && file.is_file()
            });
        }
        for file_path in files {
            keys.insert(file_path.display().to_string(), file(&file_path)?.into_exposed());
        }
    }
    Ok(keys)
}

/// Is it an SSH address, as a URL or as scp has them?
pub(super) fn is_ssh(url: &str) -> bool {
    match url.split_once("://") {
        Some((scheme, _)) => scheme == "ssh" || scheme.ends_with("+ssh"),
        None => url.split_once(':').is_some_and(|(host, _)| !host.contains('/')),
    }
}

fn from_directory(directory: &Path, values: &mut BTreeMap<Credential, Masked<Vec<u8>>>) -> Result<(), CredentialError> {
    if !directory.is_dir() {
        return Err(CredentialError::Directory { path: directory.display().to_string() });
    }
    for credential in Credential::ALL {
        let path = credential.keys().iter().map(|key| directory.join(key)).find(|path| path.exists());
        if let Some(path) = path {
            values.insert(credential, file(&path)?);
        }
    }
    Ok(())
}

/// The value of one, as it stands.
///
/// # Errors
/// It cannot be read.
pub fn read_credential(given: &Given) -> Result<Masked<Vec<u8>>, CredentialError> {
    match given {
        Given::Text(text) => Ok(Masked::new(text.expose().clone().into_bytes())),
        Given::File(path) => file(path),
        Given::Stdin => {
            let mut bytes = Masked::new(Vec::with_capacity(4096));
            let read = std::io::stdin().lock().take(STDIN_BYTES_MAX).read_to_end(bytes.expose_mut());
            read.map_err(CredentialError::Stdin)?;
            Ok(bytes)
        }
    }
}

fn file(path: &Path) -> Result<Masked<Vec<u8>>, CredentialError> {
    operator_file(path).map_err(|source| CredentialError::File { path: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::Reference;

    fn settings(url: &str, credentials: CredentialStore) -> RemoteSettings {
        RemoteSettings {
            url: Masked::new(url.to_owned()),
            reference: Reference::Head,
            credentials,
            given: BTreeMap::new(),
            submodules: false,
            timeout: Duration::from_mins(1),
            verify: None,
            cache: None,
        }
    }

    fn secret(keys: &[&str]) -> SecretData {
        keys.iter().map(|key| ((*key).to_owned(), Masked::new(format!("{key}-hunter2\n").into_bytes()))).collect()
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let (http, ssh) = ("https://git.example.com/a.git", "git@git.example.com:a.git");
        let cases: &[(&str, &[&str], &str)] = &[
            (http, &[], ""),
            (http, &["username", "password"], ""),
            (http, &["bearerToken", "ca.crt"], ""),
            (http, &["identity", "known_hosts", "password"], ""),
            (http, &["username"], "without a password"),
            (http, &["password"], "without a user name"),
            (http, &["username", "password", "bearerToken"], "beside a bearer token"),
            (http, &["tls.crt"], "come together"),
            (http, &["keyFile"], "come together"),
            (http, &["tls.crt", "keyFile"], ""),
            (ssh, &["identity", "known_hosts"], ""),
            (ssh, &["identity", "known_hosts", "password"], ""),
            (ssh, &["identity"], "known_hosts"),
            (ssh, &["known_hosts"], "`identity`"),
            ("ssh://git@git.example.com/a.git", &["username", "password"], "`identity`"),
        ];
        for (url, keys, expected) in cases {
            let gathered = Credentials::gather(
                &settings(url, CredentialStore::None),
                Secrets { credentials: Some(secret(keys)), trusted: None },
            );
            match gathered {
                Ok(_) => assert_eq!(*expected, "", "{url} {keys:?}"),
                Err(error) => {
                    let text = format!("{error} {error:?}");
                    assert!(!expected.is_empty() && text.contains(expected), "{url} {keys:?}: {text}");
                    assert!(!text.contains("hunter2"));
                }
            }
        }
    }

    #[test]
    fn a_mounted_secret_is_read_and_flags_are_over_it() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("username", "git\n"), ("password", "hunter2\r\n"), ("caFile", "old"), ("ca.crt", "new")] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let mut wanted = settings("https://a/b", CredentialStore::Directory(dir.path().to_owned()));
        let text = |wanted: &RemoteSettings, credential| {
            let found = Credentials::gather(wanted, Secrets::default()).unwrap();
            assert!(!format!("{found:?}").contains("hunter2"));
            found.text(credential).unwrap().map(Masked::into_exposed).unwrap_or_default()
        };
        assert_eq!(text(&wanted, Credential::Username), "git");
        assert_eq!(text(&wanted, Credential::Password), "hunter2");
        assert_eq!(text(&wanted, Credential::Ca), "new");
        wanted.given.insert(Credential::Username, Given::Text(Masked::new("other".to_owned())));
        assert_eq!(text(&wanted, Credential::Username), "other");
        let missing = settings("https://a/b", CredentialStore::Directory(dir.path().join("nope")));
        assert!(matches!(Credentials::gather(&missing, Secrets::default()), Err(CredentialError::Directory { .. })));
    }

    #[test]
    fn ssh_addresses_are_told_from_others() {
        for (url, ssh) in [
            ("ssh://git@a/b", true),
            ("git@a:b/c.git", true),
            ("https://a:3000/b", false),
            ("http://user:pw@a/b", false),
            ("file:///srv/a:b", false),
            ("/srv/a:b", false),
        ] {
            assert_eq!(is_ssh(url), ssh, "{url}");
        }
    }
}
