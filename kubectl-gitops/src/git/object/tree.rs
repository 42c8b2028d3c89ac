//! Directories: the entries of a tree object, as they are written. Which names may reach a disk is decided elsewhere.

use super::{Format, ObjectError, ObjectId};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryMode {
    /// A regular file.
    File,
    /// One that can be run.
    Executable,
    /// A symbolic link; its blob is the target.
    Link,
    /// A directory.
    Directory,
    /// A commit of another repository.
    Submodule,
}

/// One entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// What it is.
    pub(crate) mode: EntryMode,
    /// Its name, as any bytes but NUL; never empty.
    pub(crate) name: &'a [u8],
    /// The object.
    pub(crate) id: ObjectId,
}

/// All entries, in order.
pub(crate) fn entries(content: &[u8], format: Format) -> impl Iterator<Item = Result<Entry<'_>, ObjectError>> {
    let mut rest = content;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((entry, after)) = entry(rest, format) else {
            rest = &[];
            return Some(Err(ObjectError::Malformed("tree")));
        };
        rest = after;
        Some(Ok(entry))
    })
}

fn entry(content: &[u8], format: Format) -> Option<(Entry<'_>, &[u8])> {
    // The longest mode has six digits.
    let space = content.iter().take(8).position(|byte| *byte == b' ')?;
    let mode = mode(&content[..space])?;
    let rest = &content[space + 1..];
    let end = rest.iter().position(|byte| *byte == 0)?;
    let name = &rest[..end];
    let rest = &rest[end + 1..];
    let id = ObjectId::from_bytes(rest.get(..format.bytes())?)?;
    if name.is_empty() {
        return None;
    }
    Some((Entry { mode, name, id }, &rest[format.bytes()..]))
}

/// Old tools wrote other permissions; as git does, only the owner's right to run a file counts.
fn mode(digits: &[u8]) -> Option<EntryMode> {
    let bits = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()?;
    match bits & 0o170_000 {
        0o100_000 if bits & 0o100 != 0 => Some(EntryMode::Executable),
        0o100_000 => Some(EntryMode::File),
        0o120_000 => Some(EntryMode::Link),
        0o040_000 => Some(EntryMode::Directory),
        0o160_000 => Some(EntryMode::Submodule),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_in_order() {
        let mut content = b"100644 a\0".to_vec();
        content.extend([1; 20]);
        content.extend(b"40000 \xff\0");
        content.extend([2; 20]);
        let found: Vec<_> = entries(&content, Format::Sha1).map(Result::unwrap).collect();
        assert_eq!(found[0].mode, EntryMode::File);
        assert_eq!((found[1].mode, found[1].name), (EntryMode::Directory, b"\xff".as_slice()));
        assert_eq!(entries(b"", Format::Sha1).count(), 0);
    }

    #[test]
    fn malformed_trees_end_with_an_error() {
        for content in [
            &b"100644 a"[..],
            b"1006448888 a\0",
            b"100644 \0aaaaaaaaaaaaaaaaaaaa",
            b"010000 a\0aaaaaaaaaaaaaaaaaaaa",
            b"x",
        ] {
            assert!(entries(content, Format::Sha1).any(|entry| entry.is_err()), "{content:?}");
        }
    }
}
