//! Encrypted files that a build reads: generators' inputs and patches. Owns which format a file is opened in and when it is left as it
//! is, by Flux' rules; must not know where files lie.

use krm::Masked;

use super::VerifyMac;
use crate::sops::{Format, Keyring, MacState, OpenProblem, SIZE_MAX, open};

/// What a file is for, which decides its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role<'a> {
    /// A value of a generated Secret, under this key (or the file's own name).
    Value(&'a str),
    /// Lines of variables.
    Variables,
    /// A patch or a manifest.
    Manifest,
}

/// The plain content of a file; `None` if it is not encrypted, and then it is to be used as it is.
///
/// # Errors
/// It is encrypted and cannot be opened.
pub fn open_file(
    content: &[u8],
    name: &str,
    role: Role<'_>,
    keyring: &Keyring,
    verify: VerifyMac,
) -> Result<Option<Masked<Vec<u8>>>, OpenProblem> {
    let format = match role {
        Role::Value(key) => Format::of_key(key),
        Role::Manifest => Format::of_name(name),
        Role::Variables => match Format::of_name(name) {
            Format::Binary => Format::Dotenv,
            format => format,
        },
    };
    // Of what is too large nobody looks whether it is encrypted.
    if content.len() > SIZE_MAX || !format.marks(content) {
        return Ok(None);
    }
    let opened = open(content, format, format, keyring)?;
    match opened.mac {
        MacState::Not(problem) if verify != VerifyMac::Never => Err(*problem),
        _ => Ok(Some(opened.bytes)),
    }
}
