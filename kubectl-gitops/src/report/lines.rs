//! Which lines of a long text change. Owns cutting out what stays, but for a few lines around.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// Lines that stay, around those that change.
const CONTEXT: usize = 2;
/// Texts with more lines than this are told as changed in whole: the same for everybody, however fast the machine is.
const LINES_MAX: usize = 10_000;

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
    let lines = [before.len(), after.len()];
    if lines.iter().any(|count| *count <= 1 || *count > LINES_MAX) {
        let gone = before.iter().map(|line| Row::Gone(line));
        return gone.chain(after.iter().map(|line| Row::New(line))).collect();
    }
    let ops = capture_diff_slices(Algorithm::Myers, before, after);
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
        let long: Vec<&str> = vec!["x"; LINES_MAX + 1];
        assert_eq!(told(&long, &["x", "y"]).matches("-x").count(), LINES_MAX + 1);
        assert_eq!(told(&["a", "b"], &["b", "a"]), "+b, a,-b");
    }
}
