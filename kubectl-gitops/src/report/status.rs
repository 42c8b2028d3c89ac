//! The state of applied sets: a table of all, or one as a tree. Owns both forms and the shape for programs.

use jiff::Timestamp;
use serde::Serialize;
use std::fmt::Write as _;

use super::console::Console;
use super::drivers::{self, DriverStatus};
use super::from_diff::age;
use super::human::name_of;
use super::machine;
use super::markdown;
use super::model::{ObjectName, SCHEMA};
use super::paint::{Color, Paint, columns, tame};
use super::revision::short_revision;
use crate::error::Result;
use crate::settings::{OutputFormat, SYSTEM_NAMESPACE};

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
    /// What lies behind that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<MemberCause>,
}

/// What lies behind a member's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberCause {
    /// The pod that shows it; empty where it is the member itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pod: String,
    /// One line.
    pub message: String,
    /// The last lines of the log of what crashed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
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
    /// What ran it last; empty if nobody said so.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub driver: String,
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

    /// As a user says it: of a set that `sync` keeps, the namespace in its name.
    fn shown(&self) -> String {
        match self.name.split_once('.').filter(|_| self.namespace == SYSTEM_NAMESPACE) {
            Some((namespace, name)) => format!("{namespace}/{name}"),
            None => format!("{}/{}", self.namespace, self.name),
        }
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

/// What was asked about, in one value.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The sets.
    pub sets: Vec<SetStatus>,
    /// What runs them by itself.
    pub drivers: Vec<DriverStatus>,
    /// What is wrong with how they are run.
    pub notices: Vec<String>,
    /// The time at which it was looked at.
    pub now: Timestamp,
}

impl Overview {
    /// Is everything applied and ready, and run as it should be?
    pub fn is_ready(&self) -> bool {
        self.notices.is_empty() && self.sets.iter().all(SetStatus::is_ready)
    }

    fn document(&self) -> serde_json::Value {
        let Self { sets, drivers, notices, now: _ } = self;
        serde_json::json!({ "schema": SCHEMA, "sets": sets, "drivers": drivers, "notices": notices })
    }

    fn stream(&self) -> Result<String> {
        let bug = |error| crate::error::CliError::new(crate::error::Code::Bug, error);
        let mut text = machine::stream_head();
        for set in &self.sets {
            text.push_str(&machine::line(&machine::typed("set", &serde_json::to_value(set).map_err(bug)?)));
        }
        for driver in &self.drivers {
            text.push_str(&machine::line(&machine::typed("driver", &serde_json::to_value(driver).map_err(bug)?)));
        }
        Ok(text)
    }
}

impl Console {
    /// All sets.
    pub fn present_sets(&self, seen: &Overview) -> Result<()> {
        let driven = drivers::lines(&seen.drivers, &seen.notices, seen.now, self.paint_out());
        let text = match self.presentation().output {
            Some(OutputFormat::Markdown) => markdown::rows(HEAD, &rows(&seen.sets)),
            None | Some(OutputFormat::Wide) if seen.sets.is_empty() => {
                self.tell("No applied sets.\n");
                driven
            }
            None | Some(OutputFormat::Wide) if driven.is_empty() => table(&seen.sets, self.paint_out()),
            None | Some(OutputFormat::Wide) => table(&seen.sets, self.paint_out()) + "\n" + &driven,
            Some(OutputFormat::Json) => machine::to_json(&seen.document())?,
            Some(OutputFormat::Yaml) => machine::to_yaml(&seen.document())?,
            Some(OutputFormat::JsonLines) => seen.stream()?,
            Some(OutputFormat::Name) => {
                seen.sets.iter().flat_map(|set| [&set.namespace, "/", &set.name, "\n"]).collect()
            }
        };
        self.result(text.as_bytes())
    }

    /// One set.
    pub fn present_set(&self, seen: &Overview) -> Result<()> {
        let told = drivers::lines(&seen.drivers, &seen.notices, seen.now, self.paint_out());
        let trees = |all| seen.sets.iter().map(|set| tree(set, self.paint_out(), all)).collect::<String>() + &told;
        let text = match self.presentation().output {
            None => trees(self.presentation().verbosity > 0),
            Some(OutputFormat::Wide) => trees(true),
            Some(OutputFormat::Json) => machine::to_json(&seen.document())?,
            Some(OutputFormat::Yaml) => machine::to_yaml(&seen.document())?,
            Some(OutputFormat::JsonLines) => seen.stream()?,
            Some(OutputFormat::Name) => {
                let members = seen.sets.iter().flat_map(|set| &set.members);
                members.map(|member| machine::kubectl_name(&member.object.0) + "\n").collect()
            }
            Some(OutputFormat::Markdown) => {
                let row = |member: &Member| [name_of(&member.object.0), member.health.clone(), member.message.clone()];
                let members: Vec<[String; 3]> = seen.sets.iter().flat_map(|set| &set.members).map(row).collect();
                markdown::rows(["OBJECT", "HEALTH", "MESSAGE"], &members)
            }
        };
        self.result(text.as_bytes())
    }
}

const HEAD: [&str; 6] = ["NAME", "REVISION", "SYNCED", "HEALTH", "LAST CHANGE", "MESSAGE"];

fn rows(sets: &[SetStatus]) -> Vec<[String; 6]> {
    sets.iter()
        .map(|set| {
            [
                set.shown(),
                if set.revision.is_empty() { "-".to_owned() } else { tame(&short_revision(&set.revision)) },
                set.synced_word().to_owned(),
                if set.suspended { "-".to_owned() } else { format!("{}/{}", set.ready(), set.members.len()) },
                set.age(),
                tame(&set.told()),
            ]
        })
        .collect()
}

fn table(sets: &[SetStatus], paint: Paint) -> String {
    let (head, rows) = (HEAD.map(str::to_owned), rows(sets));
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
    let mut text = set.shown();
    for part in [&set.source, &short_revision(&set.revision)].into_iter().filter(|part| !part.is_empty()) {
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
        let stem = if last { " " } else { paint.symbol("│", "|") };
        if let Some(cause) = &member.cause {
            text.push_str(&twig(cause, stem, paint));
        }
    }
    if left > 0 {
        let _infallible = writeln!(text, "{} {left} more ready", paint.symbol("└─", "`-"));
    }
    if !set.synced && !set.message.is_empty() {
        let _infallible = writeln!(text, "Last run: {}.", tame(&set.message));
    }
    text
}

/// What lies behind a member's state, below it.
fn twig(cause: &MemberCause, stem: &str, paint: Paint) -> String {
    let branch = paint.symbol("└─", "`-");
    let pod = if cause.pod.is_empty() { String::new() } else { format!("Pod {}   ", tame(&cause.pod)) };
    let mut text = format!("{stem}  {branch} {pod}{}\n", tame(&cause.message));
    for line in &cause.log {
        let bar = paint.symbol("│", "|");
        let _infallible = writeln!(text, "{stem}     {bar} {}", paint.paint(Color::Dim, tame(line)));
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
