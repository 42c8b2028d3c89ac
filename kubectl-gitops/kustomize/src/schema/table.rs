//! Binary search over the lines of a sorted text. Owns that search; must not know what the columns mean.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Definitions and kinds in the grammar of the embedded tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// As `definitions.tsv`.
    pub(super) definitions: Cow<'static, str>,
    /// As `kinds.tsv`.
    pub(super) kinds: Cow<'static, str>,
}

/// The line that `compare` (the line beside what is looked for) calls equal. Lines are sorted by the columns that it looks at;
/// comment lines start with `#`, which sorts before every name.
pub(crate) fn find_line(table: &str, compare: impl Fn(&str) -> Ordering) -> Option<&str> {
    let bytes = table.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = memchr::memrchr(b'\n', &bytes[low..middle]).map_or(low, |at| low + at + 1);
        let end = memchr::memchr(b'\n', &bytes[middle..]).map_or(bytes.len(), |at| middle + at);
        let line = &table[start..end];
        match compare(line) {
            Ordering::Equal => return Some(line),
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
        }
    }
    None
}

/// The row of a kind: the columns behind its `apiVersion` and its name.
pub(crate) fn find_kind<'t>(table: &'t str, group: &str, version: &str, kind: &str) -> Option<&'t str> {
    let line = find_line(table, |line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default().bytes();
        let slash = if group.is_empty() { "" } else { "/" };
        next().cmp(group.bytes().chain(slash.bytes()).chain(version.bytes())).then_with(|| next().cmp(kind.bytes()))
    })?;
    line.splitn(3, '\t').nth(2)
}
