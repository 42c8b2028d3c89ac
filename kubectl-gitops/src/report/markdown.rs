//! The report as a comment of a pull request. Owns its form and its size: forges cut or refuse what is larger. Whatever a manifest
//! or a server says stays text in it.

use std::fmt::Write as _;

use super::human::{counted, done_counts, name_of, planned_counts, summary};
use super::lines::Row;
use super::model::{Change, Command, Line, Op, Report};
use super::paint::tame;

/// GitHub takes 65 536 characters of a comment; a bot may add a line of its own.
const BYTES_MAX: usize = 60_000;
/// The table may take so much of them, so that some differences fit beside it.
const TABLE_BYTES_MAX: usize = 20_000;
/// Longest text in a cell.
const CELL_MAX: usize = 200;

/// The whole comment.
pub(super) fn comment(report: &Report) -> String {
    let mut text = head(report);
    let mut changed: Vec<&Line> = report.actions.iter().filter(|line| is_told(line.op)).collect();
    changed.sort_by_key(|line| line.op);
    text.push_str(&table(&changed));
    if !report.restarts.is_empty() {
        let restarts: Vec<String> = report.restarts.iter().map(|restart| code(restart)).collect();
        let list = shortened(&restarts, TABLE_BYTES_MAX / 4);
        let _infallible = writeln!(text, "\n**Restarts:** {list}");
    }
    for warning in report.warnings.iter().take(10) {
        let _infallible = writeln!(text, "\n> **Warning:** {}", escape(&tame(warning)));
    }
    let mut blocks: Vec<String> = changed.iter().filter_map(|line| block(line)).collect();
    // Small ones first: as many as fit are there in full.
    blocks.sort_by_key(String::len);
    let (mut left, mut left_bytes) = (0, 0);
    for block in blocks {
        if text.len() + block.len() > BYTES_MAX {
            left += 1;
            left_bytes += block.len();
        } else {
            text.push_str(&block);
        }
    }
    if left > 0 {
        let kib = left_bytes.div_ceil(1024);
        let _infallible = writeln!(text, "\n{} ({kib} KB) left out: see the job log.", counted(left, "diff"));
    }
    text
}

/// The mark by which a bot finds its comment again, and the headline.
fn head(report: &Report) -> String {
    let mark: String =
        report.set.chars().filter(|c| c.is_ascii_alphanumeric() || "._".contains(*c) || *c == '-').collect();
    let mark = mark.replace("--", "-");
    let planned = report.command == Command::Diff || report.dry_run.is_some();
    let counts = if planned { planned_counts(&report.counts) } else { done_counts(&report.counts) };
    let mut text = format!("<!-- kubectl-gitops:{mark} -->\n### {}: {counts}\n", code(&report.source));
    let against = report.against.as_ref().map(|revision| format!(" against {}", code(revision))).unwrap_or_default();
    if !report.revision.is_empty() || !against.is_empty() {
        let _infallible = writeln!(text, "\n{}{against}", code(&report.revision));
    }
    text
}

const fn is_told(op: Op) -> bool {
    !matches!(op, Op::Unchanged | Op::Forget)
}

const fn symbol(op: Op) -> &'static str {
    match op {
        Op::Create => "+",
        Op::Update => "~",
        Op::Adopt => "»",
        Op::Replace => "±",
        Op::Prune => "-",
        Op::Forget | Op::Skip => "o",
        Op::Unchanged | Op::Keep => "=",
        Op::Refuse => "!",
        Op::Fail => "✗",
    }
}

/// A plain table.
pub(super) fn rows<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().map(|cell| escape(&cut(&tame(cell)))).collect();
        let line = format!("| {} |\n", cells.join(" | "));
        if text.len() + line.len() > BYTES_MAX {
            let _infallible = writeln!(text, "\nand {} more", rows.len() - index);
            break;
        }
        text.push_str(&line);
    }
    text
}

fn table(lines: &[&Line]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = "\n| | Object | |\n|---|---|---|\n".to_owned();
    for (index, line) in lines.iter().enumerate() {
        let told = match (line.op, summary(&line.changes)) {
            (Op::Update, changes) if !changes.is_empty() => changes,
            _ if line.note.is_empty() => line.reason.clone(),
            _ => format!("{}; {}", line.reason, line.note),
        };
        let row = format!(
            "| `{}` | {} | {} |\n",
            symbol(line.op),
            code(&name_of(&line.object.0)),
            escape(&cut(&tame(&told)))
        );
        if text.len() + row.len() > TABLE_BYTES_MAX {
            let _infallible = writeln!(text, "| | | and {} more |", lines.len() - index);
            break;
        }
        text.push_str(&row);
    }
    text
}

/// One object's differences, folded.
fn block(line: &Line) -> Option<String> {
    let mut body = String::new();
    for change in &line.changes {
        push_change(change, &mut body);
    }
    if body.is_empty() {
        return None;
    }
    // A value may hold a fence itself.
    let longest = body.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let name = format!("{} {}", symbol(line.op), name_of(&line.object.0));
    Some(format!(
        "\n<details><summary><code>{}</code></summary>\n\n{fence}diff\n{body}{fence}\n\n</details>\n",
        escape(&name)
    ))
}

fn push_change(change: &Change, body: &mut String) {
    if !change.path.is_empty() {
        let note = if change.note.is_empty() { String::new() } else { format!("   # {}", tame(&change.note)) };
        let _infallible = writeln!(body, "  {}{note}", tame(&change.path));
    }
    for row in super::lines::rows(&change.before, &change.after) {
        let _infallible = match row {
            Row::Gone(line) => writeln!(body, "- {}", tame(line)),
            Row::New(line) => writeln!(body, "+ {}", tame(line)),
            Row::Same(line) => writeln!(body, "  {}", tame(line)),
            Row::Gap(lines) => writeln!(body, "  … {}", counted(lines, "unchanged line")),
        };
    }
}

/// As many as fit, and how many do not.
fn shortened(parts: &[String], bytes_max: usize) -> String {
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        if text.len() + part.len() > bytes_max {
            let _infallible = write!(text, " and {} more", parts.len() - index);
            break;
        }
        let _infallible = write!(text, "{}{part}", if text.is_empty() { "" } else { ", " });
    }
    text
}

fn cut(text: &str) -> String {
    if text.chars().count() <= CELL_MAX {
        return text.to_owned();
    }
    text.chars().take(CELL_MAX).chain(['…']).collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(&tame(text)))
}

/// Nothing of it is markup, a mention or a link.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' => escaped.push_str("&#124;"),
            '@' => escaped.push_str("&#64;"),
            '`' => escaped.push_str("&#96;"),
            '*' => escaped.push_str("&#42;"),
            '_' => escaped.push_str("&#95;"),
            '[' => escaped.push_str("&#91;"),
            '\\' => escaped.push_str("&#92;"),
            '#' => escaped.push_str("&#35;"),
            '~' => escaped.push_str("&#126;"),
            '!' => escaped.push_str("&#33;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_manifest_says_is_no_markup() {
        assert_eq!(escape("<!-- @all [x](y) | `z` -->"), "&lt;&#33;-- &#64;all &#91;x](y) &#124; &#96;z&#96; --&gt;");
    }
}
