//! The report for people: one line per changed object, then one sentence. Owns columns, symbols and words; must not know
//! where facts come from.

use std::fmt::Write as _;
use std::time::Duration;

use krm::ObjectKey;

use super::lines::{Row, rows};
use super::model::{Change, Command, Counts, Line, Op, Report};
use super::paint::{Color, Paint, columns, tame};
use crate::settings::format_duration;

/// How to draw a report.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Colours and characters.
    pub paint: Paint,
    /// Columns, if limited.
    pub width: Option<usize>,
    /// `-v`
    pub verbosity: u8,
    /// `-o wide`: the unchanged too, with reasons and times.
    pub wide: bool,
}

/// The last sentence of a run as one plain line, for places that hold no more.
pub fn summary_line(report: &Report) -> String {
    let view = View { paint: Paint::PLAIN, width: None, verbosity: 0, wide: false };
    view.summary(report).trim_end().to_owned()
}

/// Longest name that others are aligned to; longer ones push only their own line.
const NAME_COLUMN_MAX: usize = 56;
/// Longest list of lines of one value.
const VALUE_LINES_MAX: usize = 60;

impl View {
    /// Symbol and colour of a deed.
    fn mark(self, op: Op) -> (&'static str, Color) {
        match op {
            Op::Create => ("+", Color::Green),
            Op::Update => ("~", Color::Yellow),
            Op::Adopt => (self.paint.symbol("»", ">"), Color::Yellow),
            Op::Replace => (self.paint.symbol("±", "r"), Color::Yellow),
            Op::Prune => ("-", Color::Red),
            Op::Forget | Op::Skip => ("o", Color::Dim),
            Op::Unchanged | Op::Keep => ("=", Color::Dim),
            Op::Refuse => ("!", Color::Red),
            Op::Fail => (self.paint.symbol("✗", "x"), Color::Red),
        }
    }

    /// Is the line told at all? The unchanged are counted, never listed.
    fn shows(self, op: Op) -> bool {
        match op {
            Op::Unchanged => self.wide,
            Op::Forget => self.wide || self.verbosity > 0,
            _ => true,
        }
    }

    /// One line of an apply: `~ updated   Deployment/shop/web   image 1.8.1 → 1.9.0`.
    pub fn action(self, line: &Line, name_width: usize) -> String {
        let (symbol, color) = self.mark(line.op);
        let head = self.paint.paint(color, format!("{symbol} {:<9}", line.op.done()));
        let name = name_of(&line.object.0);
        let detail = self.detail(line);
        if detail.is_empty() {
            return format!("{head} {name}\n");
        }
        let padding = " ".repeat(name_width.saturating_sub(columns(&name)));
        let indent = 12 + name_width.max(columns(&name)) + 2;
        format!("{head} {name}{padding}  {}\n", self.wrap(&detail, indent))
    }

    fn detail(self, line: &Line) -> String {
        let summary = summary(&line.changes);
        let mut detail = match line.op {
            Op::Create | Op::Update if !self.wide && !summary.is_empty() => summary,
            Op::Create | Op::Prune | Op::Unchanged if !self.wide && self.verbosity == 0 => String::new(),
            Op::Update if !self.wide && self.verbosity == 0 && line.reason_code == "Changed" => String::new(),
            _ => line.reason.clone(),
        };
        if self.wide && line.elapsed_s > 0.0 {
            let time = format_duration(Duration::from_secs_f64(line.elapsed_s));
            let _infallible = write!(detail, "{}{time}", if detail.is_empty() { "" } else { ", " });
        }
        tame(&detail)
    }

    /// Breaks a message between words, under its own column.
    fn wrap(self, text: &str, indent: usize) -> String {
        let Some(width) = self.width.map(|width| width.saturating_sub(indent)).filter(|width| *width >= 20) else {
            return text.to_owned();
        };
        let mut wrapped = String::new();
        let mut column = 0;
        for word in text.split(' ') {
            if column > 0 && column + 1 + columns(word) > width {
                let _infallible = write!(wrapped, "\n{}", " ".repeat(indent));
                column = 0;
            } else if column > 0 {
                wrapped.push(' ');
                column += 1;
            }
            wrapped.push_str(word);
            column += columns(word);
        }
        wrapped
    }

    /// All lines of an apply or delete.
    pub fn actions(self, report: &Report) -> String {
        let shown: Vec<&Line> = report.actions.iter().filter(|line| self.shows(line.op)).collect();
        let name_width =
            shown.iter().map(|line| columns(&name_of(&line.object.0))).filter(|w| *w <= NAME_COLUMN_MAX).max();
        shown.into_iter().map(|line| self.action(line, name_width.unwrap_or(0))).collect()
    }

    /// The last sentence of an apply or delete.
    pub fn summary(self, report: &Report) -> String {
        let verb = match (report.command, report.dry_run) {
            (_, None) if report.result == "refused" => "Refused",
            (Command::Delete, None) if report.result == "succeeded" => "Deleted",
            (Command::Delete, None) => "Deleted in part:",
            (Command::Delete, Some(_)) => "Would delete",
            (Command::Sync, Some(_)) => "Would sync",
            (Command::Sync, None) if report.counts.failed + report.counts.skipped > 0 => "Synced in part:",
            (Command::Sync, None) => "Synced",
            (_, Some(_)) => "Would apply",
            (_, None) if report.counts.failed + report.counts.skipped > 0 => "Applied in part:",
            (_, None) => "Applied",
        };
        let mut text = format!("{verb} {}: {}.", report.source, done_counts(&report.counts));
        let ready = report.health.iter().filter(|line| line.state == "ready").count();
        if !report.health.is_empty() {
            let _infallible = if ready == report.health.len() {
                write!(text, " All {ready} healthy.")
            } else {
                write!(text, " {ready} of {} healthy.", report.health.len())
            };
        }
        if !report.rolled.is_empty() {
            let _infallible = write!(text, " {} rolled.", counted(report.rolled.len(), "foreign workload"));
        }
        match report.dry_run {
            Some("server") => text.push_str(" The server accepts it; nothing was changed."),
            Some(_) => text.push_str(" Nothing was changed."),
            None => {}
        }
        if self.verbosity > 0 || self.wide {
            let _infallible = write!(text, " {} requests, {} writes.", report.requests.total, report.requests.writes);
        }
        let _infallible = writeln!(text, " {}.", format_duration(Duration::from_secs_f64(report.elapsed_s)));
        text
    }

    /// A diff: every change field by field, then what would be done, then what would restart.
    pub fn diff(self, report: &Report) -> String {
        let mut text = String::new();
        let mut shown: Vec<&Line> = report.actions.iter().filter(|line| self.shows(line.op)).collect();
        // By deed, each in the plan's order.
        shown.sort_by_key(|line| line.op);
        let name_width =
            shown.iter().map(|line| columns(&name_of(&line.object.0))).filter(|w| *w <= NAME_COLUMN_MAX).max();
        for line in &shown {
            self.diff_line(line, name_width.unwrap_or(0), &mut text);
        }
        if !shown.is_empty() {
            text.push('\n');
        }
        text + &self.plan(report)
    }

    /// What would be done in one sentence, then what would restart.
    pub fn plan(self, report: &Report) -> String {
        let mut text = String::new();
        let counts = planned_counts(&report.counts);
        let _infallible = match &report.against {
            Some(revision) => {
                let head = self.paint.paint(Color::Bold, format!("Against {}:", tame(revision)));
                writeln!(text, "{head} {counts}.  No cluster was asked.")
            }
            None => writeln!(text, "{} {counts}.  Nothing was changed.", self.paint.paint(Color::Bold, "Plan:")),
        };
        let unchecked = report.actions.iter().filter(|line| self.counts_note(line)).count();
        if unchecked > 0 {
            let objects = counted(unchecked, "new object");
            let _infallible = writeln!(text, "Not checked by the server yet: {objects} (-v says why).");
        }
        if !report.restarts.is_empty() {
            let restarts = self.paint.paint(Color::Bold, "Restarts:");
            let _infallible = writeln!(text, "{restarts} {}.", report.restarts.join(", "));
        }
        text
    }

    fn diff_line(self, line: &Line, name_width: usize, text: &mut String) {
        let (symbol, color) = self.mark(line.op);
        let name = name_of(&line.object.0);
        let reason = match line.op {
            Op::Update if line.reason_code == "Changed" && !line.changes.is_empty() => String::new(),
            Op::Create => self.new_lines(line),
            _ => tame(&line.reason),
        };
        // Of what is new, many wait for the same namespace: they are counted at the end.
        let note = if self.counts_note(line) { String::new() } else { tame(&line.note) };
        let reason = [reason, note].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
        let head = self.paint.paint(color, format!("{symbol} {name}"));
        if reason.is_empty() {
            let _infallible = writeln!(text, "{head}");
        } else {
            let padding = " ".repeat(name_width.saturating_sub(columns(&name)));
            let indent = 2 + name_width.max(columns(&name)) + 2;
            let _infallible = writeln!(text, "{head}{padding}  {}", self.wrap(&reason, indent));
        }
        if line.op == Op::Create && self.verbosity == 0 && !self.wide {
            return;
        }
        for change in &line.changes {
            self.change(change, text);
        }
        if line.unchanged_fields > 0 && !line.changes.is_empty() {
            let fields = format!("    ({})", counted(line.unchanged_fields, "unchanged field"));
            let _infallible = writeln!(text, "{}", self.paint.paint(Color::Dim, fields));
        }
    }

    /// Is a note of a line counted, in place of being told?
    fn counts_note(self, line: &Line) -> bool {
        line.op == Op::Create && !line.note.is_empty() && self.verbosity == 0 && !self.wide
    }

    /// `new, 31 lines (-v shows them)`
    fn new_lines(self, line: &Line) -> String {
        let reason = tame(&line.reason);
        let lines: usize = line.changes.iter().map(|change| change.after.len()).sum();
        let hint = if self.verbosity == 0 && !self.wide { " (-v shows them)" } else { "" };
        if lines == 0 { reason } else { format!("{reason}, {lines} lines{hint}") }
    }

    fn change(self, change: &Change, text: &mut String) {
        if change.path.is_empty() {
            for line in &change.after {
                let _infallible = writeln!(text, "{}", self.paint.paint(Color::Green, format!("  +   {}", tame(line))));
            }
            return;
        }
        let path = self.paint.paint(Color::Cyan, tame(&change.path));
        if change.note.is_empty() {
            let _infallible = writeln!(text, "    {path}");
        } else {
            let padding = " ".repeat(44_usize.saturating_sub(columns(&change.path)));
            let _infallible = writeln!(text, "    {path}{padding}  {}", tame(&change.note));
        }
        let rows = rows(&change.before, &change.after);
        for row in rows.iter().take(VALUE_LINES_MAX) {
            let line = match row {
                Row::Gone(line) => self.paint.paint(Color::Red, format!("  -   {}", tame(line))),
                Row::New(line) => self.paint.paint(Color::Green, format!("  +   {}", tame(line))),
                Row::Same(line) => format!("      {}", tame(line)),
                Row::Gap(lines) => {
                    let gap = format!("      {} {}", self.paint.symbol("…", "..."), counted(*lines, "unchanged line"));
                    self.paint.paint(Color::Dim, gap)
                }
            };
            let _infallible = writeln!(text, "{line}");
        }
        if rows.len() > VALUE_LINES_MAX {
            let more = rows.len() - VALUE_LINES_MAX;
            let _infallible = writeln!(text, "      {} {more} more lines", self.paint.symbol("…", "..."));
        }
    }
}

/// `Kind/namespace/name`
pub(super) fn name_of(key: &ObjectKey) -> String {
    tame(&key.short())
}

/// Changes in few words, for the line of an apply: the first two, then a count.
pub(super) fn summary(changes: &[Change]) -> String {
    let changes: Vec<&Change> = changes.iter().filter(|change| !change.path.is_empty()).collect();
    let mut parts: Vec<String> = changes.iter().take(2).map(|change| short_change(change)).collect();
    if changes.len() > 2 {
        parts.push(format!("{} more", changes.len() - 2));
    }
    parts.join(", ")
}

/// `image 1.8.1 → 1.9.0` where the values are short, else the field's name.
fn short_change(change: &Change) -> String {
    const VALUE_MAX: usize = 40;
    if let Some(source) = hashed_source(&change.path) {
        return source;
    }
    let field = last_field(&change.path);
    match (change.before.as_slice(), change.after.as_slice()) {
        ([before], [after]) if columns(before) <= VALUE_MAX && columns(after) <= VALUE_MAX => {
            let (before, after) = without_common_image(before, after);
            format!("{field} {before} → {after}")
        }
        _ if change.note.is_empty() => field.to_owned(),
        _ => format!("{field} {}", change.note),
    }
}

/// The last name of a path: `image`, `relay.toml` of `data[relay.toml]`, `containers[name=web]`.
fn last_field(path: &str) -> &str {
    if let Some((_, key)) = path.strip_suffix(']').and_then(|open| open.rsplit_once('['))
        && !key.contains('=')
        && !key.bytes().all(|b| b.is_ascii_digit())
    {
        return key;
    }
    let mut depth = 0_usize;
    let dot = path.bytes().enumerate().rev().find(|(_, byte)| {
        match byte {
            b']' => depth += 1,
            b'[' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *byte == b'.' && depth == 0
    });
    dot.map_or(path, |(at, _)| &path[at + 1..])
}

/// Of our own hash annotation, what changed: the hash itself says nothing.
fn hashed_source(path: &str) -> Option<String> {
    let (_, rest) = path.split_once(krm_functions::hash::ANNOTATION_PREFIX)?;
    let (kind, name) = rest.trim_end_matches(']').split_once('.')?;
    let kind = if kind == "secret" { "Secret" } else { "ConfigMap" };
    Some(format!("{kind} {name} changed"))
}

/// Of two images of one repository, the tags.
fn without_common_image<'a>(before: &'a str, after: &'a str) -> (&'a str, &'a str) {
    match (before.rsplit_once(':'), after.rsplit_once(':')) {
        (Some((left, old)), Some((right, new))) if left == right && !left.is_empty() => (old, new),
        _ => (before, after),
    }
}

/// `1 object`, `2 objects`
pub fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn listed(counts: &[(usize, &str)], nothing: &str) -> String {
    let parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() { nothing.to_owned() } else { parts.join(", ") }
}

pub(super) fn done_counts(counts: &Counts) -> String {
    // Adopted ones are among the updated: said in words, so that the numbers add up.
    let updated =
        if counts.adopted > 0 { format!("updated ({} adopted)", counts.adopted) } else { "updated".to_owned() };
    listed(
        &[
            (counts.created, "created"),
            (counts.updated, &updated),
            (counts.replaced, "replaced"),
            (counts.pruned, "pruned"),
            (counts.failed, "failed"),
            (counts.skipped, "skipped"),
            (counts.refused, "refused"),
            (counts.unchanged, "unchanged"),
            (counts.kept, "kept"),
        ],
        "no objects",
    )
}

pub(super) fn planned_counts(counts: &Counts) -> String {
    listed(
        &[
            (counts.created, "to create"),
            (counts.updated, "to update"),
            (counts.replaced, "to replace"),
            (counts.pruned, "to prune"),
            (counts.failed, "would fail"),
            (counts.refused, "refused"),
            (counts.unchanged, "unchanged"),
            (counts.kept, "kept"),
        ],
        "no objects",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_by_its_last_name() {
        for (path, name) in [
            ("spec.replicas", "replicas"),
            ("spec.template.spec.containers[name=web].image", "image"),
            ("data[relay.toml]", "relay.toml"),
            ("metadata.labels[app.kubernetes.io/name]", "app.kubernetes.io/name"),
            ("spec.template.spec.containers[name=a.b]", "containers[name=a.b]"),
            ("spec.args[0]", "args[0]"),
            ("kind", "kind"),
        ] {
            assert_eq!(last_field(path), name);
        }
    }

    #[test]
    fn a_hash_is_told_by_what_it_stands_for() {
        let path = "spec.template.metadata.annotations[kubectl-gitops.dev/hash.secret.relay-config]";
        assert_eq!(hashed_source(path).as_deref(), Some("Secret relay-config changed"));
        assert_eq!(hashed_source("spec.replicas"), None);
    }
}
