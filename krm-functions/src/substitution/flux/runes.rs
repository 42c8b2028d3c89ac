//! Bytes as Go reads them: characters and which of them names hold. Owns what differs from Rust's own: a byte that is no
//! UTF-8 is one character of its own. Must not know templates.

use std::sync::LazyLock;

use regex::Regex;

use crate::substitution::letter_case::{to_lower, to_upper};

/// What stands for a byte that is no UTF-8.
pub(super) const INVALID: char = '\u{FFFD}';

/// The first character of `bytes` and its length. A byte that begins none is [`INVALID`], of length 1; `None` at the end.
pub(super) fn first(bytes: &[u8]) -> Option<(char, usize)> {
    let lead = *bytes.first()?;
    if lead.is_ascii() {
        return Some((char::from(lead), 1));
    }
    let window = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default(),
    };
    Some(valid.chars().next().map_or((INVALID, 1), |c| (c, c.len_utf8())))
}

/// The characters of `bytes`, as [`first`] has them.
pub(super) fn all(bytes: &[u8]) -> impl Iterator<Item = (char, usize)> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (c, width) = first(rest)?;
        rest = &rest[width..];
        Some((c, width))
    })
}

/// The characters in the opposite order; what is no UTF-8 becomes [`INVALID`].
pub(super) fn reversed(bytes: &[u8]) -> Vec<u8> {
    let chars: Vec<char> = all(bytes).map(|(c, _)| c).collect();
    chars.into_iter().rev().collect::<String>().into_bytes()
}

/// May it stand in a name: a letter or a decimal digit of any script, or an underscore?
pub(super) fn in_name(c: char) -> bool {
    static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nd}]$").expect("a constant"));
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    WORD.is_match(c.encode_utf8(&mut [0; 4]))
}

/// Every character in upper case.
pub(super) fn upper(bytes: &[u8]) -> Vec<u8> {
    all(bytes).map(|(c, _)| to_upper(c)).collect::<String>().into_bytes()
}

/// Every character in lower case.
pub(super) fn lower(bytes: &[u8]) -> Vec<u8> {
    all(bytes).map(|(c, _)| to_lower(c)).collect::<String>().into_bytes()
}

/// The first character in another case, the rest as it is.
pub(super) fn first_changed(bytes: &[u8], change: fn(char) -> char) -> Vec<u8> {
    let Some((c, width)) = first(bytes) else { return Vec::new() };
    let mut out = change(c).encode_utf8(&mut [0; 4]).as_bytes().to_vec();
    out.extend_from_slice(&bytes[width..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_is_no_utf8_is_a_character() {
        let read: Vec<_> = all(b"a\xC3\xA9\xE2\x82b\xFF").collect();
        assert_eq!(read, [('a', 1), ('é', 2), (INVALID, 1), (INVALID, 1), ('b', 1), (INVALID, 1)]);
        assert_eq!(reversed("aé€".as_bytes()), "€éa".as_bytes());
        assert_eq!(first(b""), None);
    }

    #[test]
    fn case_changes_character_by_character() {
        assert_eq!(lower("İΣ".as_bytes()), "iσ".as_bytes());
        assert_eq!(first_changed("éa".as_bytes(), to_upper), "Éa".as_bytes());
        assert_eq!(upper(b"a\xFF"), "A\u{FFFD}".as_bytes());
    }

    #[test]
    fn names_hold_letters_and_digits_of_all_scripts() {
        for c in ['a', 'Z', '0', '_', 'é', '九', '٣', 'ـ'] {
            assert!(in_name(c), "{c}");
        }
        for c in ['-', '.', '²', 'Ⅷ', '\u{301}', '€', ' '] {
            assert!(!in_name(c), "{c}");
        }
    }
}
