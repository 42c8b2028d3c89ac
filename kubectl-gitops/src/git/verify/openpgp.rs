//! Signatures of OpenPGP. A key counts as git and Flux count it: as it is now. One that has expired or was revoked signs nothing
//! any more, whatever time its signature claims, because who has an old key can claim any time.

#![expect(clippy::redundant_closure_for_method_calls, reason = "its types of time are no dependency of ours")]

use pgp::composed::{Deserializable as _, DetachedSignature, SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType, SubpacketData};
use pgp::types::{PublicKeyTrait as _, Tag};

const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
/// A signature this far in the future is one of a clock that goes a bit differently, in seconds.
const CLOCKS_DIFFER: i64 = 600;

/// Keys as `gpg --armor --export` writes them; several blocks may follow each other.
pub(super) fn keys(text: &str) -> Result<Vec<SignedPublicKey>, &'static str> {
    const MALFORMED: &str = "its OpenPGP key is malformed";
    let mut found = Vec::new();
    let starts: Vec<usize> = text.match_indices(BEGIN).map(|(at, _)| at).collect();
    for (number, start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(text.len());
        let (keys, _) = SignedPublicKey::from_string_many(&text[*start..end]).map_err(|_| MALFORMED)?;
        for key in keys {
            found.push(key.map_err(|_| MALFORMED)?);
        }
    }
    if found.is_empty() { Err("it holds no OpenPGP key") } else { Ok(found) }
}

/// Did one of the keys sign this, and may it?
pub(super) fn signed_by(keys: &[SignedPublicKey], text: &str, payload: &[u8], now: i64) -> Result<bool, String> {
    let (signature, _) = DetachedSignature::from_string(text).map_err(|_| "its signature is malformed")?;
    let made = &signature.signature;
    let weak =
        matches!(made.hash_alg(), None | Some(HashAlgorithm::Md5 | HashAlgorithm::Sha1 | HashAlgorithm::Ripemd160));
    if weak || made.typ() != Some(SignatureType::Binary) {
        return Err("its signature is of a kind that is not safe any more, or not one of a file".to_owned());
    }
    if has_unknown_demands(made) {
        return Err("its signature has conditions that are not understood".to_owned());
    }
    let at = made_at(made).ok_or("its signature does not say when it was made")?;
    if at > now + CLOCKS_DIFFER {
        return Err("its signature is from the future: does this machine's clock go right?".to_owned());
    }
    if is_over(made.signature_expiration_time().map(|after| after.num_seconds()), at, now) {
        return Err("its signature has expired".to_owned());
    }
    for key in keys {
        if made.verify(&key.primary_key, payload).is_ok() {
            let own = standing(key, now)?;
            if flags(own).is_some_and(|signs| !signs) {
                return Err("the key that made its signature is not one for signing".to_owned());
            }
            return older(key.primary_key.created_at().timestamp(), at);
        }
        for subkey in &key.public_subkeys {
            if made.verify(&subkey.key, payload).is_ok() {
                standing(key, now)?;
                stands_for_signing(key, subkey, now)?;
                return older(subkey.key.created_at().timestamp(), at);
            }
        }
    }
    Ok(false)
}

/// A key that did not exist yet cannot have signed.
fn older(created: i64, at: i64) -> Result<bool, String> {
    if created > at { Err("its signature claims to be older than the key that made it".to_owned()) } else { Ok(true) }
}

fn made_at(made: &Signature) -> Option<i64> {
    made.created().map(|time| time.timestamp())
}

/// What the key last said of itself, if it is good now.
fn standing(key: &SignedPublicKey, now: i64) -> Result<&Signature, String> {
    let primary = &key.primary_key;
    if !key.details.revocation_signatures.is_empty() {
        return Err("the key that made its signature is revoked".to_owned());
    }
    let mut own: Vec<&Signature> = Vec::new();
    for direct in &key.details.direct_signatures {
        if direct.typ() == Some(SignatureType::Key) && direct.verify_key(primary).is_ok() {
            own.push(direct);
        }
    }
    for user in &key.details.users {
        // What others say of the user does not count.
        let said =
            user.signatures.iter().filter(|said| said.verify_certification(primary, Tag::UserId, &user.id).is_ok());
        let said: Vec<_> = said.collect();
        if !said.iter().any(|said| said.typ() == Some(SignatureType::CertRevocation)) {
            own.extend(said.into_iter().filter(|said| said.is_certification()));
        }
    }
    let last = own.into_iter().max_by_key(|said| made_at(said));
    let last =
        last.ok_or("the key that made its signature is revoked or damaged: nothing that it says of itself is good")?;
    let after = last.key_expiration_time().map(|after| after.num_seconds());
    if is_over(after, primary.created_at().timestamp(), now) {
        return Err("the key that made its signature has expired".to_owned());
    }
    Ok(last)
}

/// Is this part of the key for signing, and good now?
fn stands_for_signing(key: &SignedPublicKey, subkey: &SignedPublicSubKey, now: i64) -> Result<(), String> {
    if subkey.signatures.iter().any(|said| said.typ() == Some(SignatureType::SubkeyRevocation)) {
        return Err("the key that made its signature is revoked".to_owned());
    }
    let bound = |said: &&Signature| {
        said.typ() == Some(SignatureType::SubkeyBinding)
            && said.verify_subkey_binding(&key.primary_key, &subkey.key).is_ok()
    };
    let last = subkey.signatures.iter().filter(bound).max_by_key(|said| made_at(said));
    let last = last.ok_or("the key that made its signature does not belong to the trusted one")?;
    // The part must agree: or anybody could claim somebody else's part as theirs.
    let agreed = last.embedded_signature().is_some_and(|back| {
        back.typ() == Some(SignatureType::KeyBinding)
            && back.verify_primary_key_binding(&subkey.key, &key.primary_key).is_ok()
    });
    if !agreed || flags(last) != Some(true) {
        return Err("the key that made its signature is not one for signing".to_owned());
    }
    let after = last.key_expiration_time().map(|after| after.num_seconds());
    if is_over(after, subkey.key.created_at().timestamp(), now) {
        return Err("the key that made its signature has expired".to_owned());
    }
    Ok(())
}

/// Is the key for signing? Nothing if that is not said.
fn flags(said: &Signature) -> Option<bool> {
    let mut parts = said.config()?.hashed_subpackets();
    parts.find_map(|part| match &part.data {
        SubpacketData::KeyFlags(flags) => Some(flags.sign()),
        _ => None,
    })
}

/// Does it hold something that must be understood, and is not?
fn has_unknown_demands(made: &Signature) -> bool {
    let Some(config) = made.config() else { return true };
    config.hashed_subpackets().any(|part| {
        let known = !matches!(
            part.data,
            SubpacketData::Notation(_) | SubpacketData::Experimental(..) | SubpacketData::Other(..)
        );
        part.is_critical && !known
    })
}

/// `after` seconds from `start`; none and 0 are never.
fn is_over(after: Option<i64>, start: i64, now: i64) -> bool {
    after.is_some_and(|after| after > 0 && start.saturating_add(after) < now)
}
