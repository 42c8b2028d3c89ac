//! What the engine asks of a caller that can open encrypted files. Owns the shape of the question; must not know how files are
//! encrypted.

use std::fmt;

/// A file that may be encrypted, and is read where its plain text is meant: for a Secret, or as a patch.
///
/// `Debug` leaves its content out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SealedFile<'a> {
    /// As the user wrote it.
    pub path: &'a str,
    /// The name whose ending tells the format: that of the Secret's key, or the file's own.
    pub name: &'a str,
    /// What it is for.
    pub purpose: Purpose,
    /// Its content.
    pub content: &'a [u8],
}

/// What a file is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A value of a Secret.
    File,
    /// Keys and values of a Secret.
    Env,
    /// A patch.
    Patch,
}

impl fmt::Debug for SealedFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFile").field("path", &self.path).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}
