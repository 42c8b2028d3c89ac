//! The one place where a file that the generator reads may turn out to be encrypted.

use krm::Masked;

use crate::Inputs;

/// A file cannot be opened. Says nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum OpenError {
    /// It is encrypted, and this version cannot decrypt it.
    #[error("the file is encrypted with {how}, which cannot be opened here")]
    Encrypted {
        /// `age` or `SOPS`.
        how: &'static str,
    },
}

/// What the file holds: the plain text of one that is encrypted, every other one as it is.
pub(super) fn open_if_encrypted(
    _path: &str,
    content: Masked<Vec<u8>>,
    _inputs: &dyn Inputs,
) -> Result<Masked<Vec<u8>>, OpenError> {
    match kind_of_encryption(content.expose()) {
        None => Ok(content),
        Some(how) => Err(OpenError::Encrypted { how }),
    }
}

fn kind_of_encryption(content: &[u8]) -> Option<&'static str> {
    if content.starts_with(b"age-encryption.org/v1\n") || content.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        return Some("age");
    }
    let text = std::str::from_utf8(content).ok()?;
    let marked = text.contains("ENC[AES256_GCM,") && text.contains("sops");
    marked.then_some("SOPS")
}
