//! Binary search over the lines of a sorted text. Owns that search; must not know what the columns mean.

use std::borrow::Cow;

/// Definitions and kinds in the grammar of the embedded tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// As `definitions.tsv`.
    pub(super) definitions: Cow<'static, str>,
    /// As `kinds.tsv`.
    pub(super) kinds: Cow<'static, str>,
}

/// The line that starts with `key`, which ends in a tab. Lines are sorted by what stands before that tab; comment lines
/// start with `#`, which sorts before every name.
pub(super) fn find_line<'t>(table: &'t str, key: &str) -> Option<&'t str> {
    let bytes = table.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = bytes[..middle].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1).max(low);
        let end = bytes[middle..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| middle + at);
        let line = &table[start..end];
        match compare(line.as_bytes(), key.as_bytes()) {
            std::cmp::Ordering::Equal => return Some(line),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

/// Compares the columns of `line` with those of `key` (each closed by a tab), column by column.
fn compare(line: &[u8], key: &[u8]) -> std::cmp::Ordering {
    let columns = key.split(|b| *b == b'\t').count() - 1;
    let line = line.split(|b| *b == b'\t').take(columns);
    line.cmp(key.split(|b| *b == b'\t').take(columns))
}
