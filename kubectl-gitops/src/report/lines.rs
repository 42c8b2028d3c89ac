//! Which lines of a long text change. Owns cutting out what stays, but for a few lines around.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};

/// Lines that stay, around those that change.
const CONTEXT: usize = 2;
/// Longer than this a comparison of lines is not worth: the rest is told as changed.
const TIME_MAX: Duration = Duration::from_millis(500);

/// A line of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row<'a> {
    /// It stays.
    Same(&'a str),
    /// It goes.
    Gone(&'a str),
    /// It comes.
    New(&'a str),
    /// So many that stay are left out.
    Gap(usize),
}

/// The rows of a value before and after. Short values are shown whole.
pub(super) fn rows<'a>(before: &'a [String], after: &'a [String]) -> Vec<Row<'a>> {
    if before.len() <= 1 || after.len() <= 1 {
        let gone = before.iter().map(|line| Row::Gone(line));
        return gone.chain(after.iter().map(|line| Row::New(line))).collect();
    }
    let ops = capture_diff_slices_deadline(Algorithm::Myers, before, after, Some(Instant::now() + TIME_MAX));
    let mut found = Vec::new();
    let mut told = 0;
    for group in group_diff_ops(ops, CONTEXT) {
        for op in group {
            let (old, new) = (op.old_range(), op.new_range());
            if old.start > told {
                found.push(Row::Gap(old.start - told));
            }
            told = old.end;
            if let DiffOp::Equal { .. } = op {
                found.extend(before[old].iter().map(|line| Row::Same(line)));
            } else {
                found.extend(before[old].iter().map(|line| Row::Gone(line)));
                found.extend(after[new].iter().map(|line| Row::New(line)));
            }
        }
    }
    if told < before.len() {
        found.push(Row::Gap(before.len() - told));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &[&str], after: &[&str]) -> String {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let (before, after) = (owned(before), owned(after));
        let text = |row: &Row<'_>| match row {
            Row::Same(line) => format!(" {line}"),
            Row::Gone(line) => format!("-{line}"),
            Row::New(line) => format!("+{line}"),
            Row::Gap(lines) => format!("@{lines}"),
        };
        rows(&before, &after).iter().map(text).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn only_what_changes_is_shown_with_a_little_around() {
        let before = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let mut after = before;
        after[4] = "E";
        assert_eq!(told(&before, &after), "@2, c, d,-e,+E, f, g,@2");
        assert_eq!(told(&["a"], &["b"]), "-a,+b");
        assert_eq!(told(&["a", "b"], &[]), "-a,-b");
        assert_eq!(told(&["a", "b"], &["b", "a"]), "-a, b,+a");
    }
}
