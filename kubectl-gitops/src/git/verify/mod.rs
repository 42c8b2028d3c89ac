//! Signatures of commits and tags: OpenPGP, and SSH as git has it. A signature counts if a key that was given made it, nothing
//! else: there is no web of trust and no certificate. Must not know where the keys were found.

mod openpgp;
mod ssh;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use super::GitError;
use super::object::{Commit, ObjectId, Tag};
use super::store::Store;

/// What must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signed {
    /// The commit.
    #[default]
    Head,
    /// The annotated tag that names it.
    Tag,
    /// Both.
    TagAndHead,
}

impl Signed {
    /// The words, in the order of help.
    pub const WORDS: &'static [&'static str] = &["head", "tag", "tag-and-head"];

    /// The word of this one.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Tag => "tag",
            Self::TagAndHead => "tag-and-head",
        }
    }

    /// Is the annotated tag needed?
    pub fn needs_tag(self) -> bool {
        matches!(self, Self::Tag | Self::TagAndHead)
    }
}

/// A word that says nothing of what must be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of head, tag, tag-and-head")]
pub struct UnknownMode(String);

/// Also as Flux writes it: `HEAD`, `Tag`, `TagAndHEAD`.
impl std::str::FromStr for Signed {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.to_ascii_lowercase().replace('-', "");
        let modes = [Self::Head, Self::Tag, Self::TagAndHead];
        let found = modes.into_iter().find(|mode| mode.word().replace('-', "") == word);
        found.ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

/// What must be signed, and whose signatures count: at least one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    mode: Signed,
    /// Of everything that decides: the mode, the names and the contents of the keys.
    digest: [u8; 32],
    pgp: Vec<pgp::composed::SignedPublicKey>,
    ssh: Vec<russh::keys::PublicKey>,
}

/// A key that cannot be trusted because it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustedKeyError {
    /// One file.
    #[error("the trusted key `{name}` cannot be used: {reason}")]
    Key {
        /// Name of the file, or of the Secret's key.
        name: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Nothing at all.
    #[error("there is no trusted key: no signature would count")]
    None,
}

impl Verification {
    /// From public keys by their files' names, as Flux has them in a Secret: `*.sshpub` is of SSH, `*.asc` of OpenPGP; under another
    /// name the content says which.
    ///
    /// # Errors
    /// One of them is no public key, or there is none.
    pub fn new(mode: Signed, keys: &BTreeMap<String, Vec<u8>>) -> Result<Self, TrustedKeyError> {
        let mut digest = Sha256::new();
        for part in [mode.word().as_bytes()].into_iter().chain(keys.values().map(Vec::as_slice)) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut trusted = Self { mode, digest: digest.finalize().into(), pgp: Vec::new(), ssh: Vec::new() };
        for (name, content) in keys {
            let bad = |reason| TrustedKeyError::Key { name: name.clone(), reason };
            let text = std::str::from_utf8(content).map_err(|_| bad("it is no text: export it with --armor"))?;
            if text.contains("PRIVATE KEY") {
                return Err(bad("it is a private key: give the public one, and keep this one where it was made"));
            }
            let armored = text.contains("-----BEGIN PGP");
            let kind = name.rsplit_once('.').map(|(_, kind)| kind);
            if kind == Some("asc") || (armored && kind != Some("sshpub")) {
                trusted.pgp.extend(openpgp::keys(text).map_err(bad)?);
            } else {
                trusted.ssh.extend(ssh::keys(text).map_err(bad)?);
            }
        }
        if trusted.pgp.is_empty() && trusted.ssh.is_empty() { Err(TrustedKeyError::None) } else { Ok(trusted) }
    }

    /// Equal ones trust the same.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// Is the annotated tag needed?
    pub(super) fn needs_tag(&self) -> bool {
        self.mode.needs_tag()
    }

    /// Checks a commit and the tag that names it. `name`: by which it was found.
    pub(super) fn check(
        &self,
        store: &Store,
        commit: ObjectId,
        name: &str,
        tag: Option<ObjectId>,
    ) -> Result<(), GitError> {
        let bad = |object: String, reason: String| GitError::Signature { remote: store.remote.clone(), object, reason };
        if matches!(self.mode, Signed::Head | Signed::TagAndHead) {
            let Commit { signature, payload, .. } = store.commit(&commit)?;
            let object = format!("commit {commit}");
            self.verified(signature.as_deref(), &payload).map_err(|reason| bad(object, reason))?;
        }
        if self.needs_tag() {
            let name = name.strip_prefix("refs/tags/").unwrap_or(name);
            let object = format!("tag `{name}`");
            let Some(id) = tag else {
                return Err(bad(
                    object,
                    "there is no annotated tag of this name, and no other can be signed".to_owned(),
                ));
            };
            let tag: Tag = store.tag(&id)?;
            if tag.object != commit {
                return Err(bad(object, "it names another object than the commit".to_owned()));
            }
            // The signed name, too: or a signed tag could be shown under another name, as an old version under a new one.
            if tag.name != name {
                return Err(bad(object, format!("it was signed as `{}`", tag.name.escape_debug())));
            }
            self.verified(tag.signature.as_deref(), &tag.payload).map_err(|reason| bad(object, reason))?;
        }
        Ok(())
    }

    fn verified(&self, signature: Option<&[u8]>, payload: &[u8]) -> Result<(), String> {
        const MALFORMED: &str = "its signature is malformed";
        let signature = signature.ok_or("it is not signed")?;
        let text = std::str::from_utf8(signature).map_err(|_| MALFORMED)?;
        let known = if text.starts_with("-----BEGIN SSH SIGNATURE-----") {
            ssh::signed_by(&self.ssh, text, payload)?
        } else if text.starts_with("-----BEGIN PGP SIGNATURE-----") {
            openpgp::signed_by(&self.pgp, text, payload, now())?
        } else {
            return Err("its signature is neither one of OpenPGP nor one of SSH".to_owned());
        };
        if known {
            Ok(())
        } else {
            Err("its signature is by none of the keys that are trusted, or is wrong".to_owned())
        }
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICQhGz6Ih0zYqjbBpTD4zyu7jHHKrBiFBWcFuMkUaADC ann\n";

    fn read(name: &str, content: &str) -> Result<(usize, usize), String> {
        let keys = [(name.to_owned(), content.as_bytes().to_vec())].into();
        Verification::new(Signed::Head, &keys).map(|all| (all.pgp.len(), all.ssh.len())).map_err(|e| e.to_string())
    }

    #[test]
    fn keys_of_ssh_are_read_under_any_name() {
        for name in ["ann.sshpub", "ann.pub", "keys", "authorized_keys"] {
            assert_eq!(read(name, SSH), Ok((0, 1)), "{name}");
        }
        assert_eq!(read("keys", &format!("# ours\n\n{SSH}restrict {SSH}")), Ok((0, 2)));
    }

    #[test]
    fn modes_are_read_as_flux_writes_them_too() {
        for (text, mode) in [
            ("head", Signed::Head),
            ("HEAD", Signed::Head),
            ("Tag", Signed::Tag),
            ("TagAndHEAD", Signed::TagAndHead),
            ("tag-and-head", Signed::TagAndHead),
        ] {
            assert_eq!(text.parse(), Ok(mode));
        }
        assert!("both".parse::<Signed>().is_err());
    }

    #[test]
    fn what_is_no_public_key_is_told_by_name() {
        for (name, content, says) in [
            ("a", "", "holds no"),
            ("a", "# nothing\n", "holds no"),
            ("a", "hunter2", "malformed"),
            ("a.asc", SSH, "no OpenPGP key"),
            ("a.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nhunter2\n", "malformed"),
            ("a.sshpub", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nhunter2\n", "malformed"),
            ("a", "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n", "private key"),
            ("a", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nhunter2\n", "private key"),
            ("a", &format!("cert-authority {SSH}"), "authority"),
        ] {
            let error = read(name, content).unwrap_err();
            assert!(error.contains(says) && error.contains(name) && !error.contains("hunter2"), "{error}");
        }
        assert_eq!(Verification::new(Signed::Head, &BTreeMap::new()).unwrap_err(), TrustedKeyError::None);
    }
}
