//! The embedded tables and the search in them. Owns where lines start, which is worked out when the crate is compiled, and the
//! binary search over them; must not know what the columns mean.

use std::cmp::Ordering;

const DEFINITIONS_TEXT: &str = include_str!("definitions.tsv");
const KINDS_TEXT: &str = include_str!("kinds.tsv");

const DEFINITION_STARTS: [u32; lines(DEFINITIONS_TEXT)] = starts(DEFINITIONS_TEXT);
const KIND_STARTS: [u32; lines(KINDS_TEXT)] = starts(KINDS_TEXT);

/// Fields by definition.
pub(super) static DEFINITIONS: Table = Table { text: DEFINITIONS_TEXT, starts: &DEFINITION_STARTS };
/// Scope and definition by kind.
pub(super) static KINDS: Table = Table { text: KINDS_TEXT, starts: &KIND_STARTS };

/// Lines of tab separated columns, sorted.
#[derive(Debug)]
pub(super) struct Table {
    text: &'static str,
    starts: &'static [u32],
}

const fn lines(text: &str) -> usize {
    let (bytes, mut at, mut count) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        if bytes[at] == b'\n' {
            count += 1;
        }
        at += 1;
    }
    count
}

#[expect(clippy::cast_possible_truncation, reason = "the embedded tables are shorter than 4 GiB")]
const fn starts<const N: usize>(text: &str) -> [u32; N] {
    let (bytes, mut at, mut line, mut starts) = (text.as_bytes(), 0, 0, [0; N]);
    while at < bytes.len() {
        if bytes[at] == b'\n' {
            line += 1;
            if line < N {
                starts[line] = at as u32 + 1;
            }
        }
        at += 1;
    }
    starts
}

impl Table {
    /// What follows the key in the line that starts with it. The key is given in parts and ends in a tab; since a tab sorts
    /// before everything that may stand in a column, the order of lines is the order of their bytes. Comment lines start with
    /// `#`, which sorts before every name.
    pub(super) fn find(&self, key: &[&str]) -> Option<&'static str> {
        let at = self.starts.binary_search_by(|start| compare(self.line(*start).as_bytes(), key)).ok()?;
        Some(&self.line(self.starts[at])[key.iter().map(|part| part.len()).sum()..])
    }

    fn line(&self, start: u32) -> &'static str {
        let rest = &self.text[start as usize..];
        &rest[..rest.find('\n').unwrap_or(rest.len())]
    }

    /// All lines that are no comments.
    #[cfg(test)]
    pub(super) fn rows(&self) -> impl Iterator<Item = &'static str> {
        self.text.lines().filter(|line| !line.starts_with('#'))
    }
}

/// Compares a line with a key as far as the key goes.
fn compare(line: &[u8], key: &[&str]) -> Ordering {
    let mut rest = line;
    for part in key {
        let part = part.as_bytes();
        let common = part.len().min(rest.len());
        match rest[..common].cmp(&part[..common]) {
            Ordering::Equal if common < part.len() => return Ordering::Less,
            Ordering::Equal => rest = &rest[common..],
            other => return other,
        }
    }
    Ordering::Equal
}
