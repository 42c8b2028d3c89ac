//! The state of applied sets: a table of all, or one as a tree. Owns both forms and the shape for programs.

use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;

use super::console::Console;
use super::from_diff::age;
use super::human::name_of;
use super::machine;
use super::model::{ObjectName, SCHEMA};
use super::paint::{Color, Paint, columns, tame};
use crate::error::Result;
use crate::settings::OutputFormat;

/// One member of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Which object.
    pub object: ObjectName,
    /// `Current`, `InProgress`, `Failed`, `Terminating`, `NotFound`, `Unknown`.
    pub health: String,
    /// Is it as its spec says?
    pub ready: bool,
    /// What it lacks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// The state of one set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetStatus {
    /// Its name.
    pub name: String,
    /// Namespace of its inventory.
    pub namespace: String,
    /// What it is applied from.
    pub source: String,
    /// Applied revision; empty if unknown.
    pub revision: String,
    /// The last run did everything it wanted.
    pub synced: bool,
    /// Suspended by its owner.
    pub suspended: bool,
    /// Who works on it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
    /// Result of the last run.
    pub result: String,
    /// When the last run that changed something ended.
    pub last_change: String,
    /// What the last run said.
    pub message: String,
    /// Its objects.
    pub members: Vec<Member>,
    /// The time at which it was looked at.
    #[serde(skip)]
    pub now: Timestamp,
}

/// Most ready members that a tree lists; the others are counted.
const READY_SHOWN: usize = 12;

impl SetStatus {
    /// Is everything applied and ready?
    pub fn is_ready(&self) -> bool {
        self.suspended || (self.synced && self.members.iter().all(|member| member.ready))
    }

    fn ready(&self) -> usize {
        self.members.iter().filter(|member| member.ready).count()
    }

    fn synced_word(&self) -> &'static str {
        match (self.suspended, &self.running, self.synced) {
            (true, _, _) => "suspended",
            (false, Some(_), _) => "running",
            (false, None, true) => "yes",
            (false, None, false) => "no",
        }
    }

    fn told(&self) -> String {
        let unready: Vec<&Member> = self.members.iter().filter(|member| !member.ready).collect();
        match unready.as_slice() {
            _ if !self.synced => self.message.clone(),
            [] => String::new(),
            [one] => format!("not ready: {}", name_of(&one.object.0)),
            [first, ..] => format!("{} not ready: {}, …", unready.len(), name_of(&first.object.0)),
        }
    }

    fn age(&self) -> String {
        if self.last_change.is_empty() {
            return "-".to_owned();
        }
        age(&self.last_change, self.now).trim_end_matches(" ago").to_owned()
    }
}

impl Console {
    /// All sets.
    pub fn present_sets(&self, sets: &[SetStatus]) -> Result<()> {
        let text = match self.presentation().output {
            None | Some(OutputFormat::Wide) if sets.is_empty() => {
                self.tell("No applied sets.\n");
                return Ok(());
            }
            None | Some(OutputFormat::Wide) => table(sets, self.paint_out()),
            Some(OutputFormat::Json) => machine::to_json(&document(sets))?,
            Some(OutputFormat::Yaml) => machine::to_yaml(&document(sets))?,
            Some(OutputFormat::JsonLines) => stream(sets)?,
            Some(OutputFormat::Name) => sets.iter().flat_map(|set| [&set.namespace, "/", &set.name, "\n"]).collect(),
        };
        self.result(text.as_bytes())
    }

    /// One set.
    pub fn present_set(&self, set: &SetStatus) -> Result<()> {
        let text = match self.presentation().output {
            None => tree(set, self.paint_out(), self.presentation().verbosity > 0),
            Some(OutputFormat::Wide) => tree(set, self.paint_out(), true),
            Some(OutputFormat::Json) => machine::to_json(&document(std::slice::from_ref(set)))?,
            Some(OutputFormat::Yaml) => machine::to_yaml(&document(std::slice::from_ref(set)))?,
            Some(OutputFormat::JsonLines) => stream(std::slice::from_ref(set))?,
            Some(OutputFormat::Name) => {
                set.members.iter().map(|member| machine::kubectl_name(&member.object.0) + "\n").collect()
            }
        };
        self.result(text.as_bytes())
    }
}

fn document(sets: &[SetStatus]) -> serde_json::Value {
    serde_json::json!({ "schema": SCHEMA, "sets": sets })
}

fn stream(sets: &[SetStatus]) -> Result<String> {
    let mut text = machine::stream_head();
    for set in sets {
        let value =
            serde_json::to_value(set).map_err(|error| crate::error::CliError::new(crate::error::Code::Bug, error))?;
        text.push_str(&machine::line(&machine::typed("set", &value)));
    }
    Ok(text)
}

fn table(sets: &[SetStatus], paint: Paint) -> String {
    let head = ["NAME", "REVISION", "SYNCED", "HEALTH", "LAST CHANGE", "MESSAGE"].map(str::to_owned);
    let rows: Vec<[String; 6]> = sets
        .iter()
        .map(|set| {
            [
                format!("{}/{}", set.namespace, set.name),
                if set.revision.is_empty() { "-".to_owned() } else { tame(&set.revision) },
                set.synced_word().to_owned(),
                if set.suspended { "-".to_owned() } else { format!("{}/{}", set.ready(), set.members.len()) },
                set.age(),
                tame(&set.told()),
            ]
        })
        .collect();
    let mut widths = [0; 5];
    for row in std::iter::once(&head).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = columns(cell).max(*width);
        }
    }
    let line = |row: &[String; 6]| {
        let mut text = String::new();
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(cell);
            text.push_str(&" ".repeat(width - columns(cell) + 3));
        }
        text.push_str(&row[5]);
        text.trim_end().to_owned()
    };
    let mut text = format!("{}\n", line(&head));
    for (row, set) in rows.iter().zip(sets) {
        let plain = line(row);
        let colored = if set.is_ready() { plain } else { paint.paint(Color::Yellow, plain) };
        let _infallible = writeln!(text, "{colored}");
    }
    text
}

fn tree(set: &SetStatus, paint: Paint, all: bool) -> String {
    let mut text = format!("{}/{}", set.namespace, set.name);
    for part in [&set.source, &set.revision].into_iter().filter(|part| !part.is_empty()) {
        let _infallible = write!(text, "   {}", tame(part));
    }
    let _infallible = write!(text, "   {}, {} of {} ready", sync_sentence(set), set.ready(), set.members.len());
    text.push('\n');
    // What is not ready comes first: that is what one looks for.
    let mut shown: Vec<&Member> = set.members.iter().collect();
    shown.sort_by_key(|member| member.ready);
    let unready = set.members.len() - set.ready();
    let limit = if all { shown.len() } else { unready + READY_SHOWN };
    let left = shown.len().saturating_sub(limit);
    shown.truncate(limit);
    let width = shown.iter().map(|member| columns(&name_of(&member.object.0))).max().unwrap_or(0);
    for (index, member) in shown.iter().enumerate() {
        let last = index + 1 == shown.len() && left == 0;
        let branch = if last { paint.symbol("└─", "`-") } else { paint.symbol("├─", "|-") };
        let name = name_of(&member.object.0);
        let padding = " ".repeat(width - columns(&name));
        let (word, color) = if member.ready { ("ready", Color::Green) } else { ("not ready", Color::Red) };
        let message = if member.message.is_empty() && !member.ready { &member.health } else { &member.message };
        let line = format!("{branch} {name}{padding}   {}   {}", paint.paint(color, word), tame(message));
        let _infallible = writeln!(text, "{}", line.trim_end());
    }
    if left > 0 {
        let _infallible = writeln!(text, "{} {left} more ready", paint.symbol("└─", "`-"));
    }
    if !set.synced && !set.message.is_empty() {
        let _infallible = writeln!(text, "Last run: {}.", tame(&set.message));
    }
    text
}

fn sync_sentence(set: &SetStatus) -> String {
    match (&set.running, set.last_change.is_empty()) {
        (Some(holder), _) => format!("being worked on by {holder}"),
        (None, true) => "never applied completely".to_owned(),
        (None, false) => {
            let word = if set.result.is_empty() { "ended" } else { &set.result };
            format!("last run {word} {}", age(&set.last_change, set.now))
        }
    }
}
