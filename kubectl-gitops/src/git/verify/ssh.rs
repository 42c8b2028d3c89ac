//! Signatures by keys of SSH, as `ssh-keygen -Y sign -n git` makes them.

use russh::keys::ssh_key::SshSig;
use russh::keys::ssh_key::authorized_keys::AuthorizedKeys;
use russh::keys::{Algorithm, PublicKey};

/// The namespace that git signs in: a signature that a key made for another purpose does not count.
const NAMESPACE: &str = "git";

/// Keys as lines of `authorized_keys`; options of a line do not matter.
pub(super) fn keys(text: &str) -> Result<Vec<PublicKey>, &'static str> {
    let mut found = Vec::new();
    for entry in AuthorizedKeys::new(text) {
        let entry = entry.map_err(|_| "a line of it is malformed: it should be `TYPE KEY`")?;
        if entry.config_opts().iter().any(|option| option.eq_ignore_ascii_case("cert-authority")) {
            return Err("it is that of an authority, and certificates do not count");
        }
        found.push(entry.public_key().clone());
    }
    if found.is_empty() { Err("it holds no line `TYPE KEY` and no OpenPGP key") } else { Ok(found) }
}

/// Did one of the keys sign this?
pub(super) fn signed_by(keys: &[PublicKey], text: &str, payload: &[u8]) -> Result<bool, String> {
    let signature = SshSig::from_pem(text).map_err(|_| "its signature is malformed")?;
    if matches!(signature.algorithm(), Algorithm::Rsa { hash: None } | Algorithm::Dsa) {
        return Err("its signature is of a kind that is not safe any more".to_owned());
    }
    if signature.namespace() != NAMESPACE {
        return Err("its signature was made for another purpose than git".to_owned());
    }
    Ok(keys.iter().any(|key| key.verify(NAMESPACE, payload, &signature).is_ok()))
}
