//! Numbers in the spellings that Go's strconv and go-yaml know, and how they print them. Must not know YAML syntax.

use crate::Tag;

/// A number that go-yaml read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    /// Too large for [`Number::Int`].
    Uint(u64),
    Float(f64),
}

impl Number {
    pub(super) fn tag(self) -> Tag {
        match self {
            Self::Int(_) | Self::Uint(_) => Tag::Int,
            Self::Float(_) => Tag::Float,
        }
    }
}

/// The number that plain `text` spells, infinities aside.
pub(super) fn parse_number(text: &str) -> Option<Number> {
    if text.starts_with('.') {
        return underscores_separate_digits(text).then(|| parse_float(&text.replace('_', ""))).flatten();
    }
    if text.contains('_') { parse_plain(&text.replace('_', "")) } else { parse_plain(text) }
}

fn parse_plain(text: &str) -> Option<Number> {
    if let Some(number) = parse_based(text) {
        return Some(number);
    }
    if let Some(float) = parse_float(text) {
        return Some(float);
    }
    // go-yaml tries these once more by hand, which lets a sign through behind the prefix.
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let radix = match rest.get(..2)? {
        "0b" => 2,
        "0o" => 8,
        _ => return None,
    };
    let digits = &rest[2..];
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if negative && unsigned.len() < digits.len() || !is_digits(unsigned, radix) {
        return None;
    }
    let minus = negative || digits.starts_with('-');
    let sign = if minus { -1 } else { 1 };
    i128::from_str_radix(unsigned, radix).ok().and_then(|n| fit(n * sign, digits.starts_with('+')))
}

/// Go's `ParseInt(text, 0, 64)`, then `ParseUint`.
fn parse_based(text: &str) -> Option<Number> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let bytes = unsigned.as_bytes();
    let (radix, digits) = match bytes {
        [b'0'] => (10, unsigned),
        [b'0', b'b' | b'B', _, ..] => (2, &unsigned[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &unsigned[2..]),
        [b'0', b'x' | b'X', _, ..] => (16, &unsigned[2..]),
        [b'0', ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if !is_digits(digits, radix) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    fit(value * sign, text.len() > unsigned.len())
}

fn fit(value: i128, signed: bool) -> Option<Number> {
    if let Ok(int) = i64::try_from(value) {
        return Some(Number::Int(int));
    }
    if signed { None } else { u64::try_from(value).ok().map(Number::Uint) }
}

fn is_digits(text: &str, radix: u32) -> bool {
    !text.is_empty() && text.bytes().all(|b| char::from(b).is_digit(radix))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, within the range of a double.
fn parse_float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = all_digits(whole)
        && fraction.is_none_or(all_digits)
        && (!whole.is_empty() || fraction.is_some_and(|f| !f.is_empty()));
    let exponent_ok = exponent.is_none_or(|e| is_digits(e.strip_prefix(['+', '-']).unwrap_or(e), 10));
    if !mantissa_ok || !exponent_ok {
        return None;
    }
    text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Number::Float)
}

/// Underscores stand between digits only.
fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).all(|at| bytes[at] != b'_' || digit(at.checked_sub(1)) && digit(Some(at + 1)))
}

/// A float as Go's encoding/json prints it. It must be finite.
pub fn json_float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        return format!("{mantissa}e{sign}{exponent}");
    }
    format!("{value}")
}

/// A float as go-yaml v2 prints it: the shortest `%g`, which turns scientific from a million on. It must be finite.
pub fn yaml_float(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_go_prints_them() {
        let cases = [
            (1_234_567.5, "1234567.5", "1.2345675e+06"),
            (1e20, "100000000000000000000", "1e+20"),
            (1e21, "1e+21", "1e+21"),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "0.00001", "1e-05"),
            (1.5e-7, "1.5e-7", "1.5e-07"),
            (-0.0, "-0", "-0"),
            (1e300, "1e+300", "1e+300"),
        ];
        for (value, json, yaml) in cases {
            assert_eq!((json_float(value).as_str(), yaml_float(value).as_str()), (json, yaml));
        }
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        let cases = [
            ("0644", Number::Int(420)),
            ("0o17", Number::Int(15)),
            ("-0x1F", Number::Int(-31)),
            ("0b-101", Number::Int(-5)),
            ("0b+1", Number::Int(1)),
            ("1_0", Number::Int(10)),
            ("08", Number::Float(8.0)),
            ("18446744073709551615", Number::Uint(u64::MAX)),
            ("-9223372036854775809", Number::Float(-9_223_372_036_854_775_809.0)),
            (".5_0", Number::Float(0.5)),
        ];
        for (text, number) in cases {
            assert_eq!(parse_number(text), Some(number), "{text}");
        }
        for text in ["0x", "1e", "e1", "-0b+1", "1-", "--1", ".", "-", "0o8", "1 2", ".5_", "1e400"] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }
}
