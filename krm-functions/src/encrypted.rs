//! The one place where a file that a function reads may turn out to be encrypted: with SOPS, or as a whole with age. Owns how that is
//! told from its content; must not know what the file is for.

use krm::Masked;

use crate::sops::{self, AgeProblem, Format, Keyring, MacState, NoKey, OpenProblem};

/// A file cannot be opened. Says nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenError {
    /// A file of SOPS.
    #[error("it is encrypted with SOPS, and {0}")]
    Sops(OpenProblem),
    /// A file of age.
    #[error("it is encrypted with age, and {problem}; {keyring}")]
    Age {
        /// What is wrong.
        problem: AgeProblem,
        /// Where keys were looked for.
        keyring: NoKey,
    },
}

/// What the file holds: the plain text of one that is encrypted, every other one as it is. Keys are asked for by the former only.
pub(crate) fn open_if_encrypted<'k>(
    path: &str,
    content: Masked<Vec<u8>>,
    keys: impl FnOnce() -> &'k Keyring,
) -> Result<Masked<Vec<u8>>, OpenError> {
    let bytes = content.expose();
    if sops::is_age_file(bytes) {
        return keys().open_age_file(bytes).map_err(|(problem, keyring)| OpenError::Age { problem, keyring });
    }
    let by_name = Format::of_name(path);
    let format = if by_name.marks(bytes) { Some(by_name) } else { Format::of_marker(bytes) };
    let Some(format) = format else { return Ok(content) };
    let opened = sops::open(bytes, format, format, keys()).map_err(OpenError::Sops)?;
    match opened.mac {
        MacState::Verified => Ok(opened.bytes),
        MacState::Not(problem) => Err(OpenError::Sops(*problem)),
    }
}
