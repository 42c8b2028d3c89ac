//! One entry, one run or one word per line of text. Owns escaping; must not know where lines are stored.

use krm::{GroupKind, ObjectKey};

use crate::inventory::{Digest, Entry, RunRecord, RunResult, State};

/// Stands for an absent word.
const NONE: &str = "-";

/// A word: `%`, white space and control characters are escaped as `%` and two hexadecimal digits per byte, and so is a word
/// that would read as absent or empty. Names of RBAC objects may hold all of these except `%`.
pub(super) fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    if text.is_empty() || text == NONE {
        return text.bytes().fold("%".to_owned(), |word, byte| format!("{word}{byte:02x}%"));
    }
    let mut word = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '%' || c.is_whitespace() || c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                write!(word, "%{byte:02x}").expect("writing to a string cannot fail");
            }
        } else {
            word.push(c);
        }
    }
    word
}

/// The text of a word; none if it is not one that [`escape`] writes.
pub(super) fn unescape(word: &str) -> Option<String> {
    if word == "%" {
        return Some(String::new());
    }
    if word == "%2d%" {
        return Some(NONE.to_owned());
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| NONE.to_owned(), escape)
}

/// `Secret/shop/db`
pub(super) fn key(key: &ObjectKey) -> String {
    escape(&key.to_string())
}

/// The reverse of [`key`].
pub(super) fn parse_key(line: &str) -> Option<ObjectKey> {
    unescape(line)?.parse().ok()
}

/// `Secret/shop/tls 4711`
pub(super) fn source(source: &ObjectKey, version: &str) -> String {
    format!("{} {}", key(source), escape(version))
}

/// The reverse of [`source`].
pub(super) fn parse_source(line: &str) -> Option<(ObjectKey, String)> {
    let (key, version) = line.split_once(' ')?;
    Some((parse_key(key)?, unescape(version)?))
}

/// `Deployment.apps v1`
pub(super) fn kind(kind: &GroupKind, version: &str) -> String {
    format!("{} {}", escape(&kind.to_string()), escape(version))
}

/// The reverse of [`kind`].
pub(super) fn parse_kind(line: &str) -> Option<(GroupKind, String)> {
    let (kind, version) = line.split_once(' ')?;
    let kind = unescape(kind)?;
    let (kind, group) = kind.split_once('.').unwrap_or((&kind, ""));
    Some((GroupKind::new(group, kind), unescape(version).filter(|version| !version.is_empty())?))
}

/// `Deployment.apps/shop/web v1 owned <uid> <desired hash> <live digest> [adopted]`
pub(super) fn entry(key: &ObjectKey, entry: &Entry) -> String {
    let digest = |digest: Option<Digest>| digest.map_or_else(|| NONE.to_owned(), |digest| digest.to_string());
    let mut line = format!(
        "{} {} {} {} {} {}",
        escape(&key.to_string()),
        escape(&entry.version),
        entry.state.as_str(),
        optional(entry.uid.as_deref()),
        digest(entry.desired_hash),
        digest(entry.live_digest),
    );
    if entry.adopted {
        line.push_str(" adopted");
    }
    line
}

/// The reverse of [`entry`].
pub(super) fn parse_entry(line: &str) -> Option<(ObjectKey, Entry)> {
    let words: Vec<&str> = line.split(' ').collect();
    let (key, version, state, uid, desired, live, adopted) = match words.as_slice() {
        [key, version, state, uid, desired, live] => (key, version, state, uid, desired, live, false),
        [key, version, state, uid, desired, live, "adopted"] => (key, version, state, uid, desired, live, true),
        _ => return None,
    };
    let digest = |word: &str| if word == NONE { Some(None) } else { word.parse::<Digest>().ok().map(Some) };
    let entry = Entry {
        version: unescape(version)?,
        uid: if *uid == NONE { None } else { Some(unescape(uid)?) },
        state: State::parse(state)?,
        adopted,
        desired_hash: digest(desired)?,
        live_digest: digest(live)?,
    };
    Some((unescape(key)?.parse().ok()?, entry))
}

/// `succeeded <time> <revision> <run> <message>`
pub(super) fn run(record: &RunRecord) -> String {
    let words = [&record.time, &record.revision, &record.run_id].map(|text| escape(text));
    // The message comes last and keeps its spaces: it is for reading.
    let message: Vec<String> =
        record.message.split(' ').map(|part| if part.is_empty() { String::new() } else { escape(part) }).collect();
    format!("{} {} {}", record.result.as_str(), words.join(" "), message.join(" "))
}

/// The reverse of [`run`].
pub(super) fn parse_run(line: &str) -> Option<RunRecord> {
    let mut words = line.splitn(5, ' ');
    let result = RunResult::parse(words.next()?)?;
    let (time, revision, run_id) = (unescape(words.next()?)?, unescape(words.next()?)?, unescape(words.next()?)?);
    let parts: Option<Vec<String>> = words.next()?.split(' ').map(unescape).collect();
    Some(RunRecord { run_id, time, revision, result, message: parts?.join(" ") })
}
