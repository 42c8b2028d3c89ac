//! The patterns of `#`, `##`, `%` and `%%`: `*`, `?`, `[a-z]`, `[^a]`, `\c`. Owns the matching as the Go library does it, which
//! looks at bytes but for `?` and classes, and for which a malformed pattern matches nothing. Must not know templates.

use super::runes::{self, INVALID};
use crate::substitution::budget::{Budget, Exceeded};

/// Why a match has no answer.
enum Stop {
    Malformed,
    Exceeded(Exceeded),
}

impl From<Exceeded> for Stop {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

/// `value` without the shortest beginning that `pattern` matches; an empty one does not count.
pub(super) fn trim_shortest<'v>(pattern: &[u8], value: &'v [u8], budget: &mut Budget) -> Result<&'v [u8], Exceeded> {
    let mut shortest = None;
    for end in (1..=value.len()).rev() {
        match matches(pattern, &value[..end], budget) {
            Ok(true) => shortest = Some(end),
            Ok(false) => {}
            Err(Stop::Malformed) => return Ok(value),
            Err(Stop::Exceeded(exceeded)) => return Err(exceeded),
        }
    }
    Ok(&value[shortest.unwrap_or(0)..])
}

/// `value` without the longest beginning that `pattern` matches.
pub(super) fn trim_longest<'v>(pattern: &[u8], value: &'v [u8], budget: &mut Budget) -> Result<&'v [u8], Exceeded> {
    for end in (1..=value.len()).rev() {
        match matches(pattern, &value[..end], budget) {
            Ok(true) => return Ok(&value[end..]),
            Ok(false) => {}
            Err(Stop::Malformed) => return Ok(value),
            Err(Stop::Exceeded(exceeded)) => return Err(exceeded),
        }
    }
    Ok(value)
}

/// Does `pattern` match the whole of `text`?
fn matches(mut pattern: &[u8], mut text: &[u8], budget: &mut Budget) -> Result<bool, Stop> {
    while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(true);
        }
        // A star takes as little as will do; the last chunk must reach the end.
        let starts = if star { text.len() } else { 0 };
        let mut found = None;
        for start in 0..=starts {
            if let Some(rest) = match_chunk(chunk, &text[start..], budget)?
                && (rest.is_empty() || !pattern.is_empty())
            {
                found = Some(rest);
                break;
            }
        }
        match found {
            Some(rest) => text = rest,
            None => return Ok(false),
        }
    }
    Ok(text.is_empty())
}

/// The stars at the start of a pattern, what follows up to the next one, and the rest.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let pattern = &pattern[stars..];
    let (mut at, mut in_class) = (0, false);
    while at < pattern.len() {
        match pattern[at] {
            b'\\' if at + 1 < pattern.len() => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => break,
            _ => {}
        }
        at += 1;
    }
    (stars > 0, &pattern[..at], &pattern[at..])
}

/// What is left of `text` behind `chunk`, which holds no star; `None` if it does not begin with it.
fn match_chunk<'t>(mut chunk: &[u8], mut text: &'t [u8], budget: &mut Budget) -> Result<Option<&'t [u8]>, Stop> {
    budget.step(1)?;
    while let Some((&symbol, after)) = chunk.split_first() {
        if text.is_empty() {
            return Ok(None);
        }
        budget.step(1)?;
        let (c, width) = runes::first(text).unwrap_or((INVALID, 1));
        match symbol {
            b'[' => {
                let (inside, rest) = class(after, c, budget)?;
                if !inside {
                    return Ok(None);
                }
                (chunk, text) = (rest, &text[width..]);
            }
            b'?' => (chunk, text) = (after, &text[width..]),
            b'\\' if after.is_empty() => return Err(Stop::Malformed),
            _ => {
                let literal = if symbol == b'\\' { after } else { chunk };
                if literal[0] != text[0] {
                    return Ok(None);
                }
                (chunk, text) = (&literal[1..], &text[1..]);
            }
        }
    }
    Ok(Some(text))
}

/// Is `c` in the class whose inside `chunk` starts with? And what follows the class.
fn class<'c>(chunk: &'c [u8], c: char, budget: &mut Budget) -> Result<(bool, &'c [u8]), Stop> {
    let (negated, mut chunk) = match chunk.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, chunk),
    };
    let (mut inside, mut ranges) = (false, 0);
    loop {
        if ranges > 0
            && let Some(rest) = chunk.strip_prefix(b"]")
        {
            return Ok((inside != negated, rest));
        }
        budget.step(1)?;
        let (low, rest) = class_char(chunk)?;
        let (high, rest) = match rest.strip_prefix(b"-") {
            Some(rest) => class_char(rest)?,
            None => (low, rest),
        };
        inside |= (low..=high).contains(&c);
        chunk = rest;
        ranges += 1;
    }
}

/// A character of a class; more of the class must follow.
fn class_char(chunk: &[u8]) -> Result<(char, &[u8]), Stop> {
    if matches!(chunk.first(), None | Some(b'-' | b']')) {
        return Err(Stop::Malformed);
    }
    let chunk = chunk.strip_prefix(b"\\").unwrap_or(chunk);
    let (c, width) = runes::first(chunk).ok_or(Stop::Malformed)?;
    let rest = &chunk[width..];
    if c == INVALID && width == 1 || rest.is_empty() { Err(Stop::Malformed) } else { Ok((c, rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Trim = for<'v> fn(&[u8], &'v [u8], &mut Budget) -> Result<&'v [u8], Exceeded>;

    fn trimmed(trim: Trim, value: &str, pattern: &str) -> String {
        String::from_utf8_lossy(trim(pattern.as_bytes(), value.as_bytes(), &mut Budget::new()).unwrap()).into_owned()
    }

    #[test]
    fn patterns_match_beginnings() {
        for (value, pattern, shortest, longest) in [
            ("a/b/c", "*/", "b/c", "c"),
            ("aab", "a", "ab", "ab"),
            ("aab", "*", "ab", ""),
            ("abc", "[a-b][^c]", "c", "c"),
            ("a]b", "[]]", "a]b", "a]b"),
            ("a*b", "a\\*", "b", "b"),
            ("abc", "x", "abc", "abc"),
            ("abc", "a\\", "abc", "abc"),
            ("abc", "[a", "abc", "abc"),
            ("a.b.c", "?.", "b.c", "b.c"),
            ("x-y-z", "*-*", "y-z", ""),
            ("", "*", "", ""),
        ] {
            assert_eq!(trimmed(trim_shortest, value, pattern), shortest, "{value} # {pattern}");
            assert_eq!(trimmed(trim_longest, value, pattern), longest, "{value} ## {pattern}");
        }
    }

    #[test]
    fn a_prefix_may_end_within_a_character() {
        assert_eq!(trim_shortest(b"?", "éa".as_bytes(), &mut Budget::new()), Ok(&b"\xA9a"[..]));
    }

    #[test]
    fn patterns_that_take_too_long_are_stopped() {
        let value = "a".repeat(100_000);
        assert_eq!(trim_longest(b"*b", value.as_bytes(), &mut Budget::new()), Err(Exceeded::Steps));
    }
}
