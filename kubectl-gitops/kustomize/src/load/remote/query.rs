//! The query of a repository's address: revision, submodules, timeout. A query that is not well-formed counts as none; a
//! value that makes no sense counts as absent. Both are kustomize's rules.

use std::time::Duration;

use super::duration;

const TIMEOUT: Duration = Duration::from_secs(27);

/// What a query says, or what holds without it.
pub(super) struct Query {
    pub(super) reference: String,
    pub(super) submodules: bool,
    pub(super) timeout: Duration,
}

impl Default for Query {
    fn default() -> Self {
        Self { reference: String::new(), submodules: true, timeout: TIMEOUT }
    }
}

pub(super) fn parse(text: &str) -> Query {
    let Some(pairs) = pairs(text) else { return Query::default() };
    let first = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let filled = |name: &str| first(name).filter(|value| !value.is_empty());
    Query {
        reference: filled("ref").or_else(|| first("version")).unwrap_or_default().to_owned(),
        submodules: filled("submodules").and_then(boolean).unwrap_or(true),
        timeout: filled("timeout").and_then(timeout).unwrap_or(TIMEOUT),
    }
}

/// The pairs, decoded; none if one of them is malformed.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        if pair.contains(';') {
            return None;
        }
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((decode(key)?, decode(value)?));
    }
    Some(pairs)
}

/// `%20` and `+`.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let [high, low, tail @ ..] = tail else { return None };
                bytes.push(hex(*high)? << 4 | hex(*low)?);
                rest = tail;
            }
            byte => bytes.push(*byte),
        }
    }
    Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// Whole seconds, or a duration with units. A whole number that is not positive is no duration either.
fn timeout(text: &str) -> Option<Duration> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if whole && let Ok(seconds) = text.parse::<i64>() {
        return u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
    }
    duration::parse(text)
}
