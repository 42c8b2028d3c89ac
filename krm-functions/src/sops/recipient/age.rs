//! age: X25519 and SSH recipients and identities. Owns what kinds of keys there are, and which of them need a program of their own;
//! must not know where identities come from.
//!
//! SSH-RSA identities are opened with the crate `rsa`, which is known to take time that depends on the key (RUSTSEC-2023-0071). That
//! helps who can have many chosen ciphertexts opened and measure each; here files of one's own are opened, by a process that ends.

use std::io::{Read as _, Write as _};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{Decryptor, Encryptor, Identity};
use krm::Masked;

use crate::sops::cipher::DataKey;

/// Largest armored data key: some hundred bytes per recipient in it.
const ENC_MAX: usize = 256 << 10;

/// Why an age key cannot be used. Never shows private ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgeProblem {
    /// A recipient or identity of a plugin.
    #[error("it needs the program age-plugin-{0}, and plugins are not run")]
    Plugin(String),
    /// Post-quantum keys.
    #[error("it is a post-quantum key, which is not supported yet")]
    PostQuantum,
    /// An SSH key of another kind than age takes.
    #[error("it is an SSH key of a kind that age does not take")]
    SshKind,
    /// A key with a passphrase.
    #[error("it is protected by a passphrase, and nobody can be asked for it")]
    Passphrase,
    /// A text that is no key.
    #[error("it is no age key")]
    NoKey,
    /// No identity fits.
    #[error("none of the identities fits")]
    NoMatch,
    /// What age encrypted is broken.
    #[error("what age encrypted is damaged")]
    Damaged,
    /// A file that is too large.
    #[error("it is larger than what is opened")]
    TooLarge,
}

/// A private key.
pub(crate) struct AgeIdentity(Box<dyn Identity + Send + Sync>);

impl std::fmt::Debug for AgeIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The identities of a file, one per line. On failure: the line, from 1, and why.
pub(crate) fn read_identities(text: &str, several_per_line: bool) -> Result<Vec<AgeIdentity>, (usize, AgeProblem)> {
    if text.starts_with("age-encryption.org/") || text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----") {
        return Err((1, AgeProblem::Passphrase));
    }
    if text.trim_start().starts_with("-----BEGIN ") {
        return read_ssh(text.as_bytes()).map(|identity| vec![identity]).map_err(|problem| (1, problem));
    }
    let mut identities = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let words = if several_per_line { line.split_whitespace().collect() } else { vec![line.trim()] };
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            identities.push(read_identity(word).map_err(|problem| (index + 1, problem))?);
        }
    }
    Ok(identities)
}

fn read_identity(word: &str) -> Result<AgeIdentity, AgeProblem> {
    if let Some(rest) = word.strip_prefix("AGE-PLUGIN-") {
        let name = rest.rsplit_once('1').map_or(rest, |(name, _)| name);
        return Err(AgeProblem::Plugin(name.trim_end_matches('-').to_lowercase()));
    }
    if word.starts_with("AGE-SECRET-KEY-PQ-1") {
        return Err(AgeProblem::PostQuantum);
    }
    let identity: age::x25519::Identity = word.parse().map_err(|_| AgeProblem::NoKey)?;
    Ok(AgeIdentity(Box::new(identity)))
}

/// A private SSH key without a passphrase.
pub(crate) fn read_ssh(bytes: &[u8]) -> Result<AgeIdentity, AgeProblem> {
    match age::ssh::Identity::from_buffer(bytes, None) {
        Ok(age::ssh::Identity::Encrypted(_)) => Err(AgeProblem::Passphrase),
        Ok(age::ssh::Identity::Unsupported(_)) => Err(AgeProblem::SshKind),
        Ok(identity @ age::ssh::Identity::Unencrypted(_)) => Ok(AgeIdentity(Box::new(identity))),
        Err(_) => Err(AgeProblem::NoKey),
    }
}

/// Decrypts an armored data key.
pub(crate) fn open(enc: &str, recipient: &str, identities: &[AgeIdentity]) -> Result<DataKey, AgeProblem> {
    if enc.len() > ENC_MAX {
        return Err(AgeProblem::Damaged);
    }
    let reader = ArmoredReader::new(enc.as_bytes());
    let decryptor = Decryptor::new_buffered(reader).map_err(|_| AgeProblem::Damaged)?;
    let identities = identities.iter().map(|identity| &*identity.0 as &dyn Identity);
    let mut stream = decryptor.decrypt(identities).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => parse_recipient(recipient).err().unwrap_or(AgeProblem::NoMatch),
        _ => AgeProblem::Damaged,
    })?;
    let mut key = Masked::new(Vec::with_capacity(64));
    stream.by_ref().take(1024).read_to_end(key.expose_mut()).map_err(|_| AgeProblem::Damaged)?;
    Ok(key)
}

/// Is it a file that age encrypted as a whole?
pub fn is_age_file(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/v1\n") || bytes.trim_ascii_start().starts_with(ARMOR)
}

const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// Decrypts a whole file, armored or not, of at most `bytes_max` plain bytes.
pub(crate) fn open_file(
    bytes: &[u8],
    identities: &[AgeIdentity],
    bytes_max: u64,
) -> Result<Masked<Vec<u8>>, AgeProblem> {
    let decryptor = Decryptor::new_buffered(ArmoredReader::new(bytes)).map_err(|_| AgeProblem::Damaged)?;
    if decryptor.is_scrypt() {
        return Err(AgeProblem::Passphrase);
    }
    let identities = identities.iter().map(|identity| &*identity.0 as &dyn Identity);
    let mut stream = decryptor.decrypt(identities).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => AgeProblem::NoMatch,
        _ => AgeProblem::Damaged,
    })?;
    let mut plain = Masked::new(Vec::with_capacity(bytes.len()));
    stream.by_ref().take(bytes_max + 1).read_to_end(plain.expose_mut()).map_err(|_| AgeProblem::Damaged)?;
    if plain.expose().len() as u64 > bytes_max { Err(AgeProblem::TooLarge) } else { Ok(plain) }
}

/// A public key.
pub(crate) struct AgeRecipient(Box<dyn age::Recipient + Send>);

impl std::fmt::Debug for AgeRecipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AgeRecipient")
    }
}

/// Reads a public key of age or SSH.
pub(crate) fn parse_recipient(text: &str) -> Result<AgeRecipient, AgeProblem> {
    let text = text.trim();
    if text.starts_with("age1pq1") {
        return Err(AgeProblem::PostQuantum);
    }
    if let Some(rest) = text.strip_prefix("age1")
        && let Some((name, _)) = rest.rsplit_once('1')
    {
        return Err(AgeProblem::Plugin(name.to_owned()));
    }
    if text.starts_with("ssh-") {
        return match text.parse::<age::ssh::Recipient>() {
            Ok(recipient) => Ok(AgeRecipient(Box::new(recipient))),
            Err(age::ssh::ParseRecipientKeyError::Unsupported(_)) => Err(AgeProblem::SshKind),
            Err(_) => Err(AgeProblem::NoKey),
        };
    }
    let recipient: age::x25519::Recipient = text.parse().map_err(|_| AgeProblem::NoKey)?;
    Ok(AgeRecipient(Box::new(recipient)))
}

/// Encrypts a data key, armored. age draws randomness of its own.
pub(crate) fn seal(key: &DataKey, recipient: &AgeRecipient) -> Result<String, AgeProblem> {
    let seal = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let recipients = std::iter::once(&*recipient.0 as &dyn age::Recipient);
        let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut writer = Encryptor::with_recipients(recipients)?.wrap_output(armor)?;
        writer.write_all(key.expose())?;
        Ok(writer.finish()?.finish()?)
    };
    let bytes = seal().map_err(|_| AgeProblem::NoKey)?;
    String::from_utf8(bytes).map_err(|_| AgeProblem::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::ExposeSecret as _;

    #[test]
    fn a_data_key_goes_there_and_back() {
        let identity = age::x25519::Identity::generate();
        let recipient = identity.to_public().to_string();
        let key = Masked::new(vec![9; 32]);
        let enc = seal(&key, &parse_recipient(&recipient).unwrap()).unwrap();
        assert!(
            enc.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n")
                && enc.ends_with("-----END AGE ENCRYPTED FILE-----\n")
        );
        let file = format!("# a key\n\n{}\n", identity.to_string().expose_secret());
        let identities = read_identities(&file, false).unwrap();
        assert_eq!(open(&enc, &recipient, &identities), Ok(key));
        let others = read_identities(age::x25519::Identity::generate().to_string().expose_secret(), true).unwrap();
        assert_eq!(open(&enc, &recipient, &others), Err(AgeProblem::NoMatch));
        assert_eq!(open("nothing", &recipient, &identities), Err(AgeProblem::Damaged));
        assert_eq!(format!("{identities:?}"), "[***]");
    }

    #[test]
    fn keys_that_cannot_be_used_say_why() {
        let of = |text: &str| read_identities(text, false).unwrap_err();
        assert_eq!(of("\nAGE-PLUGIN-YUBIKEY-1QQQ\n"), (2, AgeProblem::Plugin("yubikey".into())));
        assert_eq!(of("AGE-SECRET-KEY-PQ-1QQQ"), (1, AgeProblem::PostQuantum));
        assert_eq!(of("AGE-SECRET-KEY-1QQQ"), (1, AgeProblem::NoKey));
        assert_eq!(of("age-encryption.org/v1\n"), (1, AgeProblem::Passphrase));
        assert_eq!(of("-----BEGIN NOTHING-----"), (1, AgeProblem::NoKey));
        let of = |text: &str| parse_recipient(text).unwrap_err();
        assert_eq!(of("age1yubikey1qqq"), AgeProblem::Plugin("yubikey".into()));
        assert_eq!(of("age1pq1qqq"), AgeProblem::PostQuantum);
        assert_eq!(of("age1qqq"), AgeProblem::NoKey);
        assert_eq!(of("ssh-rsa AAAA"), AgeProblem::NoKey);
    }
}
