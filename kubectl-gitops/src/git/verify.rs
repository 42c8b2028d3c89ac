//! Signatures of commits and tags: OpenPGP, and SSH as git has it. A signature counts if a key that was given made it, nothing
//! else: there is no web of trust and no certificate.

use std::time::{SystemTime, UNIX_EPOCH};

use pgp::composed::{Deserializable as _, DetachedSignature, SignedPublicKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::PublicKeyTrait as _;
use russh::keys::ssh_key::SshSig;
use russh::keys::ssh_key::authorized_keys::AuthorizedKeys;
use russh::keys::{Algorithm, PublicKey};

use super::object::{Commit, ObjectId, Tag};
use super::store::Store;
use super::{GitError, Revision};

/// The namespace that git signs in.
const NAMESPACE: &str = "git";

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

/// What must be signed, and whose signatures count.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    /// What must be signed.
    pub mode: Signed,
    /// Public keys of OpenPGP, armored; one text may hold several.
    pub pgp: Vec<String>,
    /// Public keys of SSH, as in `authorized_keys`; one text may hold several lines.
    pub ssh: Vec<String>,
}

impl Verification {
    /// Is the annotated tag needed?
    pub(super) fn needs_tag(&self) -> bool {
        matches!(self.mode, Signed::Tag | Signed::TagAndHead)
    }

    /// Checks a commit and the tag that names it.
    pub(super) fn check(&self, store: &Store, revision: &Revision, tag: Option<ObjectId>) -> Result<(), GitError> {
        let bad = |object: String, reason: String| GitError::Signature { remote: store.remote.clone(), object, reason };
        let commit: ObjectId =
            revision.commit.parse().map_err(|source| store.object(&ObjectId::zero(store.format), source))?;
        if matches!(self.mode, Signed::Head | Signed::TagAndHead) {
            let Commit { signature, payload, .. } = store.commit(&commit)?;
            let object = format!("commit {commit}");
            self.verified(signature.as_deref(), &payload).map_err(|reason| bad(object, reason))?;
        }
        if self.needs_tag() {
            let name = revision.name.strip_prefix("refs/tags/").unwrap_or(&revision.name);
            let object = format!("tag `{name}`");
            let Some(id) = tag else {
                return Err(bad(object, "it is no annotated tag, so it cannot be signed".to_owned()));
            };
            let tag: Tag = store.tag(&id)?;
            if tag.object != commit {
                return Err(bad(object, "it names another object than the commit".to_owned()));
            }
            // The signed name, too: or a signed tag could be shown under another name.
            if tag.name != name {
                return Err(bad(object, format!("it was signed as `{}`", tag.name)));
            }
            self.verified(tag.signature.as_deref(), &tag.payload).map_err(|reason| bad(object, reason))?;
        }
        Ok(())
    }

    fn verified(&self, signature: Option<&[u8]>, payload: &[u8]) -> Result<(), String> {
        let signature = signature.ok_or("it is not signed")?;
        let text = std::str::from_utf8(signature).map_err(|_| "its signature is malformed")?;
        let known = if text.starts_with("-----BEGIN SSH SIGNATURE-----") {
            by_ssh(&self.ssh, text, payload)?
        } else {
            by_pgp(&self.pgp, text, payload)?
        };
        if known {
            Ok(())
        } else {
            Err("its signature is by none of the keys that are trusted, or is wrong".to_owned())
        }
    }
}

fn by_ssh(keys: &[String], text: &str, payload: &[u8]) -> Result<bool, String> {
    let signature = SshSig::from_pem(text).map_err(|_| "its signature is malformed")?;
    if matches!(signature.algorithm(), Algorithm::Rsa { hash: None } | Algorithm::Dsa) {
        return Err("its signature is of a kind that is not safe any more".to_owned());
    }
    let mut trusted: Vec<PublicKey> = Vec::new();
    for text in keys {
        for entry in AuthorizedKeys::new(text) {
            trusted.push(entry.map_err(|_| "a trusted SSH key is malformed")?.public_key().clone());
        }
    }
    Ok(trusted.iter().any(|key| key.verify(NAMESPACE, payload, &signature).is_ok()))
}

fn by_pgp(keys: &[String], text: &str, payload: &[u8]) -> Result<bool, String> {
    let (signature, _) = DetachedSignature::from_string(text).map_err(|_| "its signature is malformed")?;
    let made = &signature.signature;
    let weak =
        matches!(made.hash_alg(), None | Some(HashAlgorithm::Md5 | HashAlgorithm::Sha1 | HashAlgorithm::Ripemd160));
    if weak || made.typ() != Some(SignatureType::Binary) {
        return Err("its signature is of a kind that is not safe any more".to_owned());
    }
    let at = made.created().map(|time| time.timestamp()).ok_or("its signature has no time")?;
    if expired(made.signature_expiration_time().map(|time| time.num_seconds()), at, now()) || at > now() {
        return Err("its signature has expired, or is from the future".to_owned());
    }
    for text in keys {
        let (found, _) = SignedPublicKey::from_string_many(text).map_err(|_| "a trusted OpenPGP key is malformed")?;
        for key in found {
            let key = key.map_err(|_| "a trusted OpenPGP key is malformed")?;
            if signed_by(&key, &signature, payload, at)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Did this key, or a part of it that is for signing, make the signature, while it was good?
fn signed_by(key: &SignedPublicKey, signature: &DetachedSignature, payload: &[u8], at: i64) -> Result<bool, String> {
    let own = |signatures: &[Signature]| {
        let limits = signatures.iter().filter_map(|own| own.key_expiration_time());
        limits.map(|time| time.num_seconds()).max()
    };
    let by_primary = signature.verify(&key.primary_key, payload).is_ok();
    let subkey = key.public_subkeys.iter().find(|subkey| signature.verify(&subkey.key, payload).is_ok());
    if !by_primary && subkey.is_none() {
        return Ok(false);
    }
    if key.details.verify(&key.primary_key).is_err() || !key.details.revocation_signatures.is_empty() {
        return Err("the key that made its signature is revoked or damaged".to_owned());
    }
    let users = key.details.users.iter().flat_map(|user| &user.signatures).chain(&key.details.direct_signatures);
    let users: Vec<Signature> = users.cloned().collect();
    if expired(own(&users), key.primary_key.created_at().timestamp(), at) {
        return Err("the key that made its signature had expired".to_owned());
    }
    let Some(subkey) = subkey.filter(|_| !by_primary) else { return Ok(true) };
    let revoked = subkey.signatures.iter().any(|own| own.typ() == Some(SignatureType::SubkeyRevocation));
    let signs = subkey.signatures.iter().any(|own| own.key_flags().sign());
    if revoked || !signs || subkey.verify(&key.primary_key).is_err() {
        return Err("the key that made its signature is revoked, or is not one for signing".to_owned());
    }
    if expired(own(&subkey.signatures), subkey.key.created_at().timestamp(), at) {
        return Err("the key that made its signature had expired".to_owned());
    }
    Ok(true)
}

fn expired(after: Option<i64>, created: i64, at: i64) -> bool {
    after.is_some_and(|after| after > 0 && created.saturating_add(after) < at)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
