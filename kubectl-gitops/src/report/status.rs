//! The state of applied sets: a table of all, or one as a tree. Owns both forms and the shape for programs.

use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
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
    /// What somebody did to it since the last run, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<String>,
    /// Its pods, where one set was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<PodLine>,
    /// What lies behind that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<MemberCause>,
}

/// One pod of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodLine {
    /// Its name.
    pub name: String,
    /// Where it runs; empty if nowhere yet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// As of a member.
    pub health: String,
    /// Does it run and answer?
    pub ready: bool,
    /// What it lacks.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Of all its containers.
    pub restarts: u64,
    /// When it started, RFC 3339; empty if it has not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub started: String,
}

/// One run of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunLine {
    /// When it ended, RFC 3339.
    pub time: String,
    /// `succeeded`, `failed`, `unhealthy` or `interrupted`.
    pub result: String,
    /// What it attempted; empty if unknown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub revision: String,
    /// What it said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
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
    /// Its last runs, newest first, as far as they tell of another revision or result.
    pub runs: Vec<RunLine>,
    /// Its objects.
    pub members: Vec<Member>,
    /// Was it looked for what somebody changed?
    #[serde(skip)]
    pub drift_known: bool,
    /// The time at which it was looked at.
    #[serde(skip)]
    pub now: Timestamp,
}

/// Most ready members that a tree lists; the others are counted.
const READY_SHOWN: usize = 12;
/// The word for a state, for people.
fn spoken(health: &str) -> &str {
    match health {
        "InProgress" => "in progress",
        "Failed" => "failed",
        "Terminating" => "going away",
        "NotFound" => "missing",
        _ => "unknown",
    }
}

/// Most pods of a member that a tree lists.
const PODS_SHOWN: usize = 5;

impl SetStatus {
    /// Is everything applied and ready?
    pub fn is_ready(&self) -> bool {
        let good = |member: &Member| member.ready && member.drift.is_none();
        self.suspended || (self.synced && self.members.iter().all(good))
    }

    fn drifted(&self) -> usize {
        self.members.iter().filter(|member| member.drift.is_some()).count()
    }

    /// `1 failed, 2 in progress`: those that are not as they should be, by health.
    fn by_health(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.members.iter().filter(|member| !member.ready) {
            *counts.entry(&member.health).or_default() += 1;
        }
        counts.iter().map(|(health, count)| format!("{count} {}", spoken(health))).collect::<Vec<_>>().join(", ")
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

    /// The shape for programs, with the members counted by health.
    fn document(&self) -> serde_json::Value {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for member in &self.members {
            *counts.entry(&member.health).or_default() += 1;
        }
        let mut document = serde_json::to_value(self).unwrap_or_default();
        document["health"] = serde_json::json!(counts);
        if self.drift_known {
            document["drifted"] = serde_json::json!(self.drifted());
        }
        document
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
            [] if self.drifted() > 0 => format!("{} drifted", self.drifted()),
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
        let sets: Vec<serde_json::Value> = sets.iter().map(SetStatus::document).collect();
        serde_json::json!({ "schema": SCHEMA, "sets": sets, "drivers": drivers, "notices": notices })
    }

    /// The same, told at another time.
    pub fn as_of(&mut self, now: Timestamp) {
        self.now = now;
        self.sets.iter_mut().for_each(|set| set.now = now);
    }

    /// Everything but times: what a watcher waits for.
    pub fn state(&self) -> Result<String> {
        machine::to_json(&self.document())
    }

    fn stream(&self) -> Result<String> {
        let bug = |error| crate::error::CliError::new(crate::error::Code::Bug, error);
        let mut text = machine::stream_head();
        for set in &self.sets {
            text.push_str(&machine::line(&machine::typed("set", &set.document())));
        }
        for driver in &self.drivers {
            text.push_str(&machine::line(&machine::typed("driver", &serde_json::to_value(driver).map_err(bug)?)));
        }
        Ok(text)
    }
}

impl Console {
    /// One set as a tree, or all of them.
    pub fn present_status(&self, seen: &Overview, alone: bool) -> Result<()> {
        if alone { self.present_set(seen) } else { self.present_sets(seen) }
    }

    /// Is the result drawn again and again in one place?
    pub fn redraws(&self) -> bool {
        let human = matches!(self.presentation().output, None | Some(OutputFormat::Wide));
        human && self.surface().stdout_is_terminal && !self.surface().unattended
    }

    /// Makes room for the next drawing.
    pub fn start_again(&self) -> Result<()> {
        if self.redraws() { self.result(b"\x1b[H\x1b[2J") } else { Ok(()) }
    }

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
    if set.ready() < set.members.len() {
        let _infallible = write!(text, " ({})", set.by_health());
    }
    if set.drift_known {
        let _infallible = match set.drifted() {
            0 => write!(text, ", no drift"),
            drifted => write!(text, ", {drifted} drifted"),
        };
    }
    text.push('\n');
    // What is not ready comes first: that is what one looks for.
    let mut shown: Vec<&Member> = set.members.iter().collect();
    shown.sort_by_key(|member| member.ready && member.drift.is_none());
    let unready = set.members.iter().filter(|member| !member.ready || member.drift.is_some()).count();
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
        let drift = member.drift.as_ref().map(|drift| format!("drift: {drift}"));
        let told = [Some(message).filter(|message| !message.is_empty()), drift.as_ref()];
        let told = told.into_iter().flatten().map(|text| tame(text)).collect::<Vec<_>>().join("; ");
        let line = format!("{branch} {name}{padding}   {}   {told}", paint.paint(color, word));
        let _infallible = writeln!(text, "{}", line.trim_end());
        let stem = if last { " " } else { paint.symbol("│", "|") };
        pods(member, stem, paint, all, &mut text);
        if let Some(cause) = &member.cause {
            text.push_str(&twig(cause, stem, paint));
        }
    }
    if left > 0 {
        let _infallible = writeln!(text, "{} {left} more ready", paint.symbol("└─", "`-"));
    }
    runs(set, &mut text);
    text
}

/// Pods below their member, but for the one that the cause tells of.
fn pods(member: &Member, stem: &str, paint: Paint, all: bool, text: &mut String) {
    let blamed = member.cause.as_ref().map_or("", |cause| &cause.pod);
    let others: Vec<&PodLine> = member.pods.iter().filter(|pod| pod.name != blamed).collect();
    let limit = if all { others.len() } else { PODS_SHOWN };
    for (index, pod) in others.iter().take(limit).enumerate() {
        let last = index + 1 == others.len() && member.cause.is_none();
        let branch = if last { paint.symbol("└─", "`-") } else { paint.symbol("├─", "|-") };
        let (word, color) = if pod.ready { ("ready", Color::Green) } else { ("not ready", Color::Red) };
        let restarts = match pod.restarts {
            0 => String::new(),
            1 => "1 restart".to_owned(),
            restarts => format!("{restarts} restarts"),
        };
        let told =
            [tame(&pod.message), restarts].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let line = format!("{stem}  {branch} Pod {}   {}   {told}", tame(&pod.name), paint.paint(color, word));
        let _infallible = writeln!(text, "{}", line.trim_end());
    }
    if others.len() > limit {
        let _infallible = writeln!(text, "{stem}  {} {} more pods", paint.symbol("└─", "`-"), others.len() - limit);
    }
}

/// The last runs, newest first; a single one that went well says nothing new.
fn runs(set: &SetStatus, text: &mut String) {
    if set.runs.len() < 2 && (set.synced || set.message.is_empty()) {
        return;
    }
    text.push_str("Last runs:\n");
    for run in &set.runs {
        let parts = [format!("{:<11}", run.result), short_revision(&run.revision), run.message.clone()];
        let told =
            parts.into_iter().filter(|part| !part.is_empty()).map(|part| tame(&part)).collect::<Vec<_>>().join("   ");
        let _infallible = writeln!(text, "{}", format!("  {:<12}{told}", age(&run.time, set.now)).trim_end());
    }
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
