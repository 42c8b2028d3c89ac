//! PGP: private keys without a passphrase, and data keys that were encrypted for them. No gpg program, agent or keyring is asked. Must not
//! know where keys come from.

use std::io::Read as _;

use krm::Masked;
use pgp::composed::{Deserializable as _, Message, SignedSecretKey, TheRing};
use pgp::types::{KeyDetails as _, Password, SecretParams};

use crate::sops::cipher::DataKey;

/// Largest armored data key.
const ENC_MAX: usize = 256 << 10;

/// Why a PGP key cannot be used. Never shows private ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PgpProblem {
    /// No private key, or not armored.
    #[error("it is no armored private key of PGP")]
    NoKey,
    /// A key with a passphrase.
    #[error("it is protected by a passphrase, and nobody can be asked for it")]
    Passphrase,
    /// No key fits.
    #[error("none of the PGP keys fits")]
    NoMatch,
    /// The file's copy of the data key is broken.
    #[error("what PGP encrypted is damaged")]
    Damaged,
}

/// A private key.
pub(crate) struct PgpKey(Box<SignedSecretKey>);

impl std::fmt::Debug for PgpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The private keys of an armored text.
pub(crate) fn read_keys(bytes: &[u8]) -> Result<Vec<PgpKey>, PgpProblem> {
    let (keys, _) = SignedSecretKey::from_armor_many(bytes).map_err(|_| PgpProblem::NoKey)?;
    let mut found = Vec::new();
    for key in keys {
        let key = key.map_err(|_| PgpProblem::NoKey)?;
        let subkeys = key.secret_subkeys.iter().map(|subkey| subkey.key.secret_params());
        let mut all = std::iter::once(key.primary_key.secret_params()).chain(subkeys);
        // A primary key may be kept elsewhere; what decrypts must be here.
        if all.all(|params| matches!(params, SecretParams::Encrypted(_))) {
            return Err(PgpProblem::Passphrase);
        }
        found.push(PgpKey(Box::new(key)));
    }
    if found.is_empty() { Err(PgpProblem::NoKey) } else { Ok(found) }
}

/// Decrypts an armored data key.
pub(crate) fn open(enc: &str, keys: &[PgpKey]) -> Result<DataKey, PgpProblem> {
    if enc.len() > ENC_MAX {
        return Err(PgpProblem::Damaged);
    }
    let (message, _) = Message::from_armor(enc.as_bytes()).map_err(|_| PgpProblem::Damaged)?;
    if !message.is_encrypted() {
        return Err(PgpProblem::Damaged);
    }
    let password = Password::empty();
    let ring = TheRing {
        secret_keys: keys.iter().map(|key| &*key.0).collect(),
        key_passwords: vec![&password],
        ..TheRing::default()
    };
    let (mut message, _) = message.decrypt_the_ring(ring, true).map_err(|error| match error {
        pgp::errors::Error::MissingKey => PgpProblem::NoMatch,
        _ => PgpProblem::Damaged,
    })?;
    if message.is_compressed() {
        message = message.decompress().map_err(|_| PgpProblem::Damaged)?;
    }
    let mut key = Masked::new(Vec::with_capacity(64));
    message.by_ref().take(1024).read_to_end(key.expose_mut()).map_err(|_| PgpProblem::Damaged)?;
    Ok(key)
}

/// For messages: whose keys these are.
pub(crate) fn fingerprints(keys: &[PgpKey]) -> Vec<String> {
    keys.iter().map(|key| format!("{:X}", key.0.fingerprint())).collect()
}
