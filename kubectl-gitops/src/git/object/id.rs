//! Names of objects: SHA-1 or SHA-256 over kind, length and content. Owns the hashing, which notices the known collision
//! attacks on SHA-1 as git does.

use std::fmt;
use std::str::FromStr;

use sha1_checked::Digest as _;

use super::{Kind, ObjectError};

/// Which hash a repository uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// What nearly every repository has.
    #[default]
    Sha1,
    /// `git init --object-format=sha256`
    Sha256,
}

impl Format {
    /// Bytes of a name.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// As the protocol names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// By the protocol's name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256].into_iter().find(|format| format.name() == name)
    }
}

/// The name of an object: 20 or 32 bytes, never anything else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectId {
    bytes: [u8; 32],
    length: u8,
}

impl ObjectId {
    /// From the bytes of a name.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut all = [0; 32];
        let length = match bytes.len() {
            20 => 20,
            32 => 32,
            _ => return None,
        };
        all[..bytes.len()].copy_from_slice(bytes);
        Some(Self { bytes: all, length })
    }

    /// The bytes of the name.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// All zeros: no object.
    pub(crate) fn zero(format: Format) -> Self {
        Self { bytes: [0; 32], length: if format == Format::Sha1 { 20 } else { 32 } }
    }

    /// The hash that made it.
    pub(crate) fn format(&self) -> Format {
        if self.length == 20 { Format::Sha1 } else { Format::Sha256 }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = ObjectError;

    fn from_str(text: &str) -> Result<Self, ObjectError> {
        let digits = text.as_bytes();
        if !matches!(digits.len(), 40 | 64) {
            return Err(ObjectError::Id);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0]).ok_or(ObjectError::Id)? << 4 | nibble(pair[1]).ok_or(ObjectError::Id)?;
        }
        Self::from_bytes(&bytes[..digits.len() / 2]).ok_or(ObjectError::Id)
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Bytes in, a name out.
pub(crate) enum Hasher {
    /// With detection of collisions.
    Sha1(Box<sha1_checked::Sha1>),
    /// As it is.
    Sha256(Box<sha2::Sha256>),
}

impl Hasher {
    /// For the content of an object of this kind and size.
    pub(crate) fn object(format: Format, kind: Kind, size: u64) -> Self {
        let mut hasher = match format {
            Format::Sha1 => Self::Sha1(Box::default()),
            Format::Sha256 => Self::Sha256(Box::default()),
        };
        hasher.update(format!("{} {size}\0", kind.name()).as_bytes());
        hasher
    }

    /// For a checksum, which nobody trusts: no detection.
    pub(crate) fn checksum(format: Format) -> Self {
        match format {
            Format::Sha1 => Self::Sha1(Box::new(sha1_checked::Sha1::builder().detect_collision(false).build())),
            Format::Sha256 => Self::Sha256(Box::default()),
        }
    }

    /// More bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => sha2::Digest::update(hasher.as_mut(), bytes),
        }
    }

    /// The name.
    pub(crate) fn finish(self) -> Result<ObjectId, ObjectError> {
        let id = match self {
            Self::Sha1(hasher) => {
                let result = hasher.try_finalize();
                if result.has_collision() {
                    return Err(ObjectError::Collision);
                }
                ObjectId::from_bytes(result.hash())
            }
            Self::Sha256(hasher) => ObjectId::from_bytes(&sha2::Digest::finalize(*hasher)),
        };
        Ok(id.expect("a digest has the length of a name"))
    }

    /// The name of a whole object.
    pub(crate) fn name_of(format: Format, kind: Kind, content: &[u8]) -> Result<ObjectId, ObjectError> {
        let mut hasher = Self::object(format, kind, content.len() as u64);
        hasher.update(content);
        hasher.finish()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_git() {
        // `printf 'hello\n' | git hash-object --stdin`, and the same in a repository of SHA-256.
        for (format, name) in [
            (Format::Sha1, "ce013625030ba8dba906f756967f9e9ca394464a"),
            (Format::Sha256, "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4"),
        ] {
            let id = Hasher::name_of(format, Kind::Blob, b"hello\n").unwrap();
            assert_eq!(id.to_string(), name);
            assert_eq!(name.parse::<ObjectId>().unwrap(), id);
            assert_eq!(id.format(), format);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "ce01", "zz013625030ba8dba906f756967f9e9ca394464a", "é013625030ba8dba906f756967f9e9ca394464a"]
        {
            assert!(text.parse::<ObjectId>().is_err(), "{text}");
        }
    }
}
