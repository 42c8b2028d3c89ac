//! SSH: one connection, one program of the server at its other end. A host whose key is not pinned is refused before anything
//! is said to it; the key of ours is never shown.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use krm::Masked;
use russh::client::{AuthResult, Config, Handle, Handler, Msg, connect_stream};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey, decode_secret_key};
use russh::{Channel, ChannelMsg, Preferred};

use super::connect::reach;
use super::known_hosts::{HostKeys, look_up};
use crate::git::GitError;
use crate::git::wire::{Service, quoted};

/// As whom, where the URL does not say: what every Git server has.
const USER: &str = "git";
/// Most that is kept of what a server's program complains.
const WORDS_MAX: usize = 4096;

/// A deploy key and what the server must show.
#[derive(Debug, Clone)]
pub struct SshAccess {
    /// The private key: ed25519, ecdsa or rsa, in OpenSSH's or in PEM format.
    pub private_key: Masked<String>,
    /// Opens the key.
    pub passphrase: Option<Masked<String>>,
    /// Lines of a `known_hosts` file. Hosts that are not in it are refused.
    pub known_hosts: String,
}

/// What a connection needs to know.
pub(in crate::git) struct SshSettings {
    /// As the server's program gets it.
    pub(in crate::git) path: String,
    /// Empty: `git`.
    pub(in crate::git) user: String,
    /// Name or address.
    pub(in crate::git) host: String,
    /// Mostly 22.
    pub(in crate::git) port: u16,
    /// The key and the host's.
    pub(in crate::git) access: SshAccess,
    /// The URL, for messages.
    pub(in crate::git) shown: String,
    /// Until a connection stands.
    pub(in crate::git) connect: Duration,
}

/// A connection, made when it is first needed.
pub(in crate::git) struct Ssh {
    settings: SshSettings,
    open: Option<Open>,
}

struct Open {
    /// Ends the connection when it is dropped.
    _handle: Handle<Checker>,
    channel: Channel<Msg>,
    complaint: Vec<u8>,
    answered: bool,
}

impl std::fmt::Debug for Ssh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Ssh").field(&self.settings.shown).finish()
    }
}

/// Compares the key of the server with those that are pinned.
struct Checker {
    keys: HostKeys,
    refused: Arc<Mutex<Option<Refused>>>,
}

/// A key that was not accepted.
struct Refused {
    algorithm: String,
    fingerprint: String,
    why: &'static str,
}

impl Handler for Checker {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKey) -> Result<bool, Self::Error> {
        let Some(pair) = written(key) else { return Ok(false) };
        let why = if self.keys.revoked.contains(&pair) {
            "its key is revoked"
        } else if self.keys.accepted.contains(&pair) {
            return Ok(true);
        } else if self.keys.accepted.is_empty() {
            "the host is not in known_hosts"
        } else {
            "its key is not the one in known_hosts: somebody may be in between"
        };
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let refused = Refused { algorithm: pair.0, fingerprint, why };
        *self.refused.lock().expect("nobody panics with it") = Some(refused);
        Ok(false)
    }
}

/// Type and key as in `known_hosts`.
fn written(key: &PublicKey) -> Option<(String, String)> {
    let text = key.to_openssh().ok()?;
    let mut words = text.split(' ');
    Some((words.next()?.to_owned(), words.next()?.trim_end_matches('=').to_owned()))
}

impl Ssh {
    /// Nothing is sent yet.
    pub(in crate::git) fn new(settings: SshSettings) -> Self {
        Self { settings, open: None }
    }

    /// Hangs up.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    pub(super) fn shown(&self) -> String {
        self.settings.shown.clone()
    }

    pub(super) async fn advertisement(&mut self, service: Service) -> Result<(), GitError> {
        let work = connect(&self.settings, service);
        let patience = self.settings.connect * 2;
        let open = tokio::time::timeout(patience, work).await;
        self.open = Some(open.map_err(|_| GitError::Slow { remote: self.shown(), after: patience })??);
        Ok(())
    }

    pub(super) async fn exchange(&mut self, service: Service, request: Bytes) -> Result<(), GitError> {
        if self.open.is_none() {
            self.advertisement(service).await?;
        }
        let open = self.open.as_ref().expect("it was just opened");
        open.channel.data(&request[..]).await.map_err(|error| lost(&self.settings, &error))
    }

    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, GitError> {
        let Some(open) = self.open.as_mut() else { return Ok(None) };
        loop {
            match open.channel.wait().await {
                Some(ChannelMsg::Data { data }) => {
                    open.answered = true;
                    return Ok(Some(Bytes::copy_from_slice(&data)));
                }
                Some(ChannelMsg::ExtendedData { data, .. }) => {
                    let room = WORDS_MAX.saturating_sub(open.complaint.len());
                    open.complaint.extend_from_slice(&data[..data.len().min(room)]);
                }
                Some(ChannelMsg::Failure) => {
                    let words = "the server does not let this key run git".to_owned();
                    return Err(GitError::Said { remote: self.settings.shown.clone(), words });
                }
                // A server that finds no repository says so in words and hangs up.
                Some(ChannelMsg::ExitStatus { exit_status }) if exit_status != 0 && !open.answered => {}
                Some(ChannelMsg::Close) | None => {
                    let words = quoted(&open.complaint);
                    if !open.answered && !words.is_empty() {
                        return Err(complaint(&self.settings.shown, words));
                    }
                    return Ok(None);
                }
                Some(_) => {}
            }
        }
    }
}

/// The words of a server's program, read as the common servers mean them.
fn complaint(remote: &str, words: String) -> GitError {
    let lower = words.to_ascii_lowercase();
    let missing = ["does not exist", "not found", "does not appear to be a git repository", "no such file"];
    if missing.iter().any(|part| lower.contains(part)) {
        return GitError::NotFound { remote: remote.to_owned() };
    }
    GitError::Said { remote: remote.to_owned(), words }
}

async fn connect(settings: &SshSettings, service: Service) -> Result<Open, GitError> {
    let key = private_key(settings)?;
    let keys = look_up(&settings.access.known_hosts, &settings.host, settings.port);
    let refused = Arc::new(Mutex::new(None));
    let config = config(&keys);
    let stream = reach(&settings.host, settings.port, settings.connect).await?;
    let checker = Checker { keys, refused: refused.clone() };
    let mut handle = connect_stream(Arc::new(config), stream, checker).await.map_err(|error| {
        match refused.lock().expect("nobody panics with it").take() {
            Some(Refused { algorithm, fingerprint, why }) => {
                GitError::HostKey { server: server(settings), algorithm, fingerprint, why }
            }
            None => lost(settings, &error),
        }
    })?;
    log_in(&mut handle, settings, key).await?;
    let lost = |error: russh::Error| lost(settings, &error);
    let channel = handle.channel_open_session().await.map_err(lost)?;
    if service == Service::UploadPack {
        // A server that does not take it speaks the old version, which is as good.
        channel.set_env(false, "GIT_PROTOCOL", "version=2").await.map_err(lost)?;
    }
    let command = format!("{} {}", service.name(), shell_quoted(&settings.path));
    channel.exec(true, command).await.map_err(lost)?;
    Ok(Open { _handle: handle, channel, complaint: Vec::new(), answered: false })
}

fn private_key(settings: &SshSettings) -> Result<PrivateKey, GitError> {
    let access = &settings.access;
    let passphrase = access.passphrase.as_ref().map(|phrase| phrase.expose().as_str());
    decode_secret_key(access.private_key.expose(), passphrase.filter(|phrase| !phrase.is_empty())).map_err(|error| {
        let reason = match error {
            russh::keys::Error::KeyIsEncrypted => "it is encrypted, and no passphrase is given",
            _ if passphrase.is_some_and(|phrase| !phrase.is_empty()) => "it is malformed, or the passphrase is wrong",
            _ => "it is none of ed25519, ecdsa and rsa in OpenSSH's or PEM format",
        };
        GitError::PrivateKey { remote: settings.shown.clone(), reason }
    })
}

/// The server must show a key of a type that is pinned: it may have others, too.
fn config(keys: &HostKeys) -> Config {
    let pinned = |name: &str| keys.accepted.iter().any(|(kind, _)| kind == name);
    let mut wanted = Vec::new();
    if pinned("ssh-ed25519") {
        wanted.push(Algorithm::Ed25519);
    }
    for curve in [EcdsaCurve::NistP256, EcdsaCurve::NistP384, EcdsaCurve::NistP521] {
        if pinned(Algorithm::Ecdsa { curve }.as_str()) {
            wanted.push(Algorithm::Ecdsa { curve });
        }
    }
    if pinned("ssh-rsa") {
        wanted.extend([HashAlg::Sha512, HashAlg::Sha256].map(|hash| Algorithm::Rsa { hash: Some(hash) }));
    }
    let mut config = Config { nodelay: true, keepalive_interval: None, ..Config::default() };
    let others = Preferred::DEFAULT.key.iter().filter(|key| !matches!(key, Algorithm::Rsa { hash: None })).cloned();
    // Of an unknown host any key will do, to show its fingerprint.
    config.preferred.key = if wanted.is_empty() { others.collect() } else { Cow::Owned(wanted) };
    config
}

async fn log_in(handle: &mut Handle<Checker>, settings: &SshSettings, key: PrivateKey) -> Result<(), GitError> {
    let lost = |error: russh::Error| lost(settings, &error);
    let hash = if key.algorithm().is_rsa() {
        // SHA-1 is not offered to servers that do not say what they take: all of today take this.
        handle.best_supported_rsa_hash().await.map_err(lost)?.flatten().or(Some(HashAlg::Sha256))
    } else {
        None
    };
    let user = if settings.user.is_empty() { USER } else { &settings.user };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    match handle.authenticate_publickey(user, key).await.map_err(lost)? {
        AuthResult::Success => Ok(()),
        AuthResult::Failure { .. } => Err(GitError::Unauthorized { remote: settings.shown.clone(), given: true }),
    }
}

fn server(settings: &SshSettings) -> String {
    format!("{}:{}", settings.host, settings.port)
}

fn lost(settings: &SshSettings, error: &russh::Error) -> GitError {
    GitError::Lost { server: server(settings), reason: error.to_string() }
}

/// As git quotes for the shell at the other end.
fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''").replace('!', "'\\!'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_the_server_whole() {
        assert_eq!(shell_quoted("/srv/it's here!.git"), "'/srv/it'\\''s here'\\!'.git'");
    }

    #[test]
    fn keys_that_cannot_be_used_are_told_without_being_shown() {
        for (key, passphrase, part) in [
            ("hunter2", None, "none of ed25519"),
            (
                "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----\n",
                Some("x"),
                "passphrase",
            ),
        ] {
            let access = SshAccess {
                private_key: Masked::new(key.to_owned()),
                passphrase: passphrase.map(|phrase| Masked::new(phrase.to_owned())),
                known_hosts: String::new(),
            };
            let settings = SshSettings {
                path: "/x".to_owned(),
                user: String::new(),
                host: "h".to_owned(),
                port: 22,
                access,
                shown: "ssh://h/x".to_owned(),
                connect: Duration::from_secs(1),
            };
            let error = private_key(&settings).unwrap_err();
            assert!(error.to_string().contains(part) && !format!("{error:?}{error}").contains("hunter2"), "{error}");
        }
    }
}
