//! What the operators of the template language do, as `github.com/fluxcd/pkg/envsubst` does it. Owns the results, byte for
//! byte; must not know where values come from.

use std::borrow::Cow;

use super::glob;
use super::runes;
use super::template::Operator;
use crate::substitution::budget::{Budget, Exceeded};
use crate::substitution::letter_case::{to_lower, to_upper};

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OperatorError {
    /// The library ends with a panic here.
    #[error("the substring lies outside of the value, on which Flux crashes")]
    Outside,
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}

/// The result of `operator` on `value`; a variable that is not set is empty.
pub(super) fn apply<'v>(
    operator: Operator,
    value: &'v [u8],
    words: &[Vec<u8>],
    budget: &mut Budget,
) -> Result<Cow<'v, [u8]>, OperatorError> {
    let word = |index: usize| words.get(index).map_or(&[][..], Vec::as_slice);
    Ok(match operator {
        Operator::Length => value.len().to_string().into_bytes().into(),
        Operator::LowerFirst => runes::first_changed(value, to_lower).into(),
        Operator::Lower => runes::lower(value).into(),
        Operator::UpperFirst => runes::first_changed(value, to_upper).into(),
        Operator::Upper => runes::upper(value).into(),
        Operator::Default(_) if value.is_empty() => word(0).to_vec().into(),
        Operator::Substring => substring(value, word(0), words.get(1).map(Vec::as_slice))?.into(),
        Operator::TrimShortestPrefix => glob::trim_shortest(word(0), value, budget)?.into(),
        Operator::TrimLongestPrefix => glob::trim_longest(word(0), value, budget)?.into(),
        Operator::TrimShortestSuffix => from_behind(value, word(0), |p, v| glob::trim_shortest(p, v, budget))?.into(),
        Operator::TrimLongestSuffix => from_behind(value, word(0), |p, v| glob::trim_longest(p, v, budget))?.into(),
        Operator::ReplaceFirst => replace(value, word(0), word(1), 1, budget)?.into(),
        Operator::ReplaceAll => replace(value, word(0), word(1), usize::MAX, budget)?.into(),
        // Without a replacement the library leaves the value alone.
        Operator::ReplacePrefix if words.len() == 2 && value.starts_with(word(0)) => {
            replace(value, word(0), word(1), 1, budget)?.into()
        }
        Operator::ReplaceSuffix if words.len() == 2 && value.ends_with(word(0)) => {
            [&value[..value.len() - word(0).len()], word(1)].concat().into()
        }
        Operator::Value
        | Operator::MixedCase
        | Operator::Default(_)
        | Operator::ReplacePrefix
        | Operator::ReplaceSuffix => value.into(),
    })
}

/// A suffix is trimmed as the prefix of the reversed value, by the reversed pattern.
fn from_behind<'v>(
    value: &[u8],
    pattern: &[u8],
    trim: impl for<'a> FnOnce(&[u8], &'a [u8]) -> Result<&'a [u8], Exceeded>,
) -> Result<Vec<u8>, Exceeded> {
    let reversed = runes::reversed(value);
    Ok(runes::reversed(trim(&runes::reversed(pattern), &reversed)?))
}

/// Positions count bytes, so that a result may be half a character. What is no number leaves the value as it is.
fn substring<'v>(value: &'v [u8], offset: &[u8], length: Option<&[u8]>) -> Result<&'v [u8], OperatorError> {
    let size = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let Some(offset) = integer(offset) else { return Ok(value) };
    let start = if offset < 0 { (size + offset).max(0) } else { offset };
    let Some(length) = length else { return slice(value, start.min(size), size) };
    let Some(length) = integer(length) else { return Ok(value) };
    if length < 0 {
        let end = size.wrapping_add(length);
        return if end < start { Ok(&[]) } else { slice(value, start, end) };
    }
    let end = start.wrapping_add(length);
    if end >= size {
        return slice(value, start.min(size), size);
    }
    slice(value, start, end)
}

fn slice(value: &[u8], start: i64, end: i64) -> Result<&[u8], OperatorError> {
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    range.and_then(|(start, end)| value.get(start..end)).ok_or(OperatorError::Outside)
}

/// A whole number of 64 bits as Go's `Atoi` reads it.
fn integer(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Replaces the first `count` places where `old` stands; an empty one stands before each character and at the end.
fn replace(value: &[u8], old: &[u8], new: &[u8], count: usize, budget: &mut Budget) -> Result<Vec<u8>, OperatorError> {
    let places: Vec<usize> = if old.is_empty() {
        let starts = runes::all(value).scan(0, |at, (_, width)| {
            let here = *at;
            *at += width;
            Some(here)
        });
        starts.chain(std::iter::once(value.len())).take(count).collect()
    } else {
        memchr::memmem::find_iter(value, old).take(count).collect()
    };
    budget.write(places.len().saturating_mul(new.len()))?;
    let mut out = Vec::with_capacity(value.len() + places.len() * new.len());
    let mut rest = 0;
    for place in places {
        out.extend_from_slice(&value[rest..place]);
        out.extend_from_slice(new);
        rest = place + old.len();
    }
    out.extend_from_slice(&value[rest..]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(operator: Operator, value: &str, words: &[&str]) -> String {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        let result = apply(operator, value.as_bytes(), &words, &mut Budget::new());
        result.map_or_else(|e| e.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn substrings_count_bytes() {
        for (value, words, expected) in [
            ("abcdef", &["2"][..], "cdef"),
            ("abcdef", &["2", "3"], "cde"),
            ("abcdef", &["+2", "9"], "cdef"),
            ("abcdef", &["-2"], "ef"),
            ("abcdef", &["-9"], "abcdef"),
            ("abcdef", &["9"], ""),
            ("abcdef", &["9", "1"], ""),
            ("abcdef", &["1", "-1"], "bcde"),
            ("abcdef", &["4", "-3"], ""),
            ("abcdef", &["x"], "abcdef"),
            ("abcdef", &["1", "x"], "abcdef"),
            ("abcdef", &[" 1"], "abcdef"),
            ("abcdef", &["99999999999999999999"], "abcdef"),
            ("aéb", &["2"], "\u{FFFD}b"),
        ] {
            assert_eq!(applied(Operator::Substring, value, words), expected, "{value} {words:?}");
        }
    }

    #[test]
    fn an_empty_pattern_stands_before_each_character() {
        assert_eq!(applied(Operator::ReplaceAll, "aé", &["", "-"]), "-a-é-");
        assert_eq!(applied(Operator::ReplaceFirst, "ab", &["", "-"]), "-ab");
        assert_eq!(applied(Operator::ReplaceAll, "aXbX", &["X"]), "ab");
        assert_eq!(applied(Operator::ReplacePrefix, "aa", &["a", "b"]), "ba");
        assert_eq!(applied(Operator::ReplacePrefix, "aa", &["a"]), "aa");
        assert_eq!(applied(Operator::ReplaceSuffix, "aa", &["a", "b"]), "ab");
    }

    #[test]
    fn growth_is_refused_before_it_happens() {
        let value = "a".repeat(1 << 20);
        assert!(applied(Operator::ReplaceAll, &value, &["a", &"b".repeat(1 << 20)]).contains("MiB"));
    }
}
