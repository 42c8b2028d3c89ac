//! What a plain scalar is, by go-yaml's two dialects. Must not know documents.

use super::number::parse_number;
use super::timestamp::parse_timestamp;
use crate::Tag;

/// Whose rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// go-yaml v2, which the build profile quotes against: `yes`, `no`, `on`, `off`, `y`, `n` are booleans.
    V2,
    /// go-yaml v3, which reads resources.
    V3,
}

/// The tag of plain `text`. `<<` is a string here; a parser that reads it as a key knows better.
#[inline]
pub(super) fn resolve(text: &str, dialect: Dialect) -> Tag {
    match text.as_bytes().first() {
        None => Tag::Null,
        Some(b'+' | b'-' | b'0'..=b'9' | b'.') => resolve_number(text, dialect),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => resolve_word(text, dialect),
        Some(_) => Tag::Str,
    }
}

fn resolve_word(text: &str, dialect: Dialect) -> Tag {
    match text {
        "~" | "null" | "Null" | "NULL" => Tag::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Tag::Bool,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off"
        | "OFF"
            if dialect == Dialect::V2 =>
        {
            Tag::Bool
        }
        _ => Tag::Str,
    }
}

fn resolve_number(text: &str, dialect: Dialect) -> Tag {
    if is_special_float(text) {
        return Tag::Float;
    }
    let bytes = text.as_bytes();
    // Most texts that start with a digit are names, addresses or quantities: leave at the first byte no number can hold.
    if bytes.iter().any(|b| !b.is_ascii_alphanumeric() && !b"+-._:, ".contains(b)) {
        return Tag::Str;
    }
    if bytes[0] != b'.' && parse_timestamp(text).is_some() {
        return Tag::Timestamp;
    }
    match parse_number(text) {
        Some(number) if dialect == Dialect::V3 || !is_v3_octal(text) => number.tag(),
        _ => Tag::Str,
    }
}

/// A sign behind `0o`, which only go-yaml v3 reads.
pub(super) fn is_v3_octal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).strip_prefix("0o");
    digits.is_some_and(|digits| digits.starts_with(['+', '-']))
}

/// Infinities and not-a-number.
pub(super) fn is_special_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// Base 60, as in `12:30:45`: no number any more, but written with quotes for the sake of old readers.
pub(super) fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let first = parts.next().unwrap_or_default();
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !digits(first) {
        return false;
    }
    let mut rest: Vec<&str> = parts.collect();
    let Some(last) = rest.pop() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    let sixty = |s: &&str| match s.as_bytes() {
        [d] => d.is_ascii_digit(),
        [t, d] => (b'0'..=b'5').contains(t) && d.is_ascii_digit(),
        _ => false,
    };
    rest.iter().all(sixty) && sixty(&last) && digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_get_go_yaml_tags() {
        let cases = [
            ("", Tag::Null),
            ("~", Tag::Null),
            ("0644", Tag::Int),
            ("0o644", Tag::Int),
            ("0x1F", Tag::Int),
            ("0b101", Tag::Int),
            ("0b-101", Tag::Int),
            ("1_000", Tag::Int),
            ("+_1", Tag::Int),
            ("18446744073709551615", Tag::Int),
            ("18446744073709551616", Tag::Float),
            ("08", Tag::Float),
            ("1e3", Tag::Float),
            ("1.", Tag::Float),
            (".5", Tag::Float),
            (".5_0", Tag::Float),
            (".5_", Tag::Str),
            ("1e400", Tag::Str),
            ("-.inf", Tag::Float),
            ("-.nan", Tag::Str),
            (".", Tag::Str),
            ("-", Tag::Str),
            ("yes", Tag::Str),
            ("True", Tag::Bool),
            ("tRUE", Tag::Str),
            ("2024-01-02", Tag::Timestamp),
            ("2024-1-2 3:4:5,5", Tag::Timestamp),
            ("2024-02-30", Tag::Str),
            ("12:30:45", Tag::Str),
            ("<<", Tag::Str),
        ];
        for (text, tag) in cases {
            assert_eq!(resolve(text, Dialect::V3), tag, "{text:?}");
        }
        assert_eq!(resolve("yes", Dialect::V2), Tag::Bool);
    }

    #[test]
    fn base_60_is_recognised() {
        for text in ["1:2", "+12:30:45", "1_0:59.5_", "-1:00."] {
            assert!(is_base60(text), "{text}");
        }
        for text in ["", "1", "1:60", "1:", ":1", "a:1", "1:2:", "1:2.x", "_1:2"] {
            assert!(!is_base60(text), "{text}");
        }
    }
}
