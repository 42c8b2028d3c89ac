//! The story of a run, as it happens, on standard error: a live region on a terminal, lines elsewhere, or nothing; as JSON
//! lines it is part of the result. Owns what is worth telling and when.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use krm::ObjectKey;
use serde_json::{Value, json};

use super::console::Console;
use super::from_plan::warning_text;
use super::from_run::{line_of, state_word};
use super::human::name_of;
use super::live::Region;
use super::machine;
use super::model::{Change, Line, Op};
use super::paint::{Color, tame};
use crate::cluster::Notice;
use crate::error::Result;
use crate::execute::{Event, Outcome, WaitEnd};
use crate::plan::{Action, Plan};
use crate::settings::{OutputFormat, ProgressMode, format_duration};

/// While waiting, something is told at least this often.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Width of names in lines that are told before the others are known.
const NAME_WIDTH: usize = 34;

/// Tells what happens. One per command.
#[derive(Debug)]
pub struct Story {
    console: Console,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    told: BTreeSet<String>,
    region: Option<Region>,
    waiting_told: Option<Duration>,
    /// What changes in each object, where it was compared.
    changes: BTreeMap<ObjectKey, Vec<Change>>,
}

impl Story {
    /// A story told on this console.
    pub fn new(console: &Console) -> Self {
        Self { console: console.clone(), state: RefCell::default() }
    }

    /// Where it is told.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Lines of changed objects appear as they happen, so that they are not part of the result at the end.
    pub fn streams_actions(&self) -> bool {
        let human = matches!(self.console.presentation().output, None | Some(OutputFormat::JsonLines));
        human && (self.as_json() || self.console.progress() == ProgressMode::Lines)
    }

    fn as_json(&self) -> bool {
        self.console.presentation().output == Some(OutputFormat::JsonLines)
    }

    /// What changes in each object, so that its line can say it.
    pub fn expect(&self, changes: BTreeMap<ObjectKey, Vec<Change>>) {
        self.state.borrow_mut().changes = changes;
    }

    /// The run begins: `headline` says what was built and where it goes.
    pub fn begin(&self, headline: &str, plan: &Plan) -> Result<()> {
        if self.as_json() {
            return self.console.result(machine::stream_head().as_bytes());
        }
        if self.console.progress() == ProgressMode::None || plan.is_noop() {
            return Ok(());
        }
        self.console.tell(&format!("{headline}\n"));
        if self.console.progress() == ProgressMode::Live {
            let total = plan.actions.iter().filter(|action| action.deed.mutates()).count();
            self.state.borrow_mut().region = Some(Region::new(&self.console, total));
        }
        Ok(())
    }

    /// The run ended: the live region goes.
    pub fn end(&self) {
        if let Some(region) = self.state.borrow_mut().region.take() {
            self.console.tell(&region.clear());
        }
    }

    /// Something happened.
    pub fn event(&self, event: &Event, plan: &Plan) {
        if let Event::Warning { key, text } = event {
            let text = key.as_ref().map_or_else(|| text.clone(), |key| format!("{}: {text}", key.short()));
            self.warn(&text);
            return;
        }
        if self.as_json() {
            if let Some(value) = event_json(event, plan) {
                // A full disk is found out by the summary; the run goes on.
                drop(self.console.result(machine::line(&value).as_bytes()));
            }
            return;
        }
        match self.console.progress() {
            ProgressMode::None => {}
            ProgressMode::Live => self.live(event),
            ProgressMode::Lines | ProgressMode::Auto => self.lines(event, plan),
        }
    }

    fn live(&self, event: &Event) {
        let mut state = self.state.borrow_mut();
        if let Some(region) = &mut state.region {
            let text = region.update(event);
            self.console.tell(&text);
        }
    }

    fn lines(&self, event: &Event, plan: &Plan) {
        match event {
            Event::ActionDone(outcome) => self.outcome(outcome, plan.action(&outcome.key)),
            Event::LockWaiting { holder, waited, limit } => {
                if waited.is_zero() || self.due(*waited) {
                    let (waited, limit) = (format_duration(*waited), format_duration(*limit));
                    self.told(&format!("waiting for the lock of {holder} ({waited} of {limit})"));
                }
            }
            Event::LockTakenOver { holder } => self.told(&format!("took over the lock of {holder}, which is gone")),
            Event::Waiting { pending, elapsed, .. } => {
                if let Some((key, what)) = pending.first().filter(|_| self.due(*elapsed)) {
                    let elapsed = format_duration(*elapsed);
                    let text = format!("still waiting {elapsed}: {} not ready; {}: {what}", pending.len(), key.short());
                    self.told(&text);
                }
            }
            Event::WaitDone(waited) => {
                let word = match &waited.end {
                    WaitEnd::Ready => "ready",
                    WaitEnd::Failed(_) => "failed",
                    WaitEnd::TimedOut(_) => "not ready",
                };
                // What is ready at once is not worth a line.
                if waited.end != WaitEnd::Ready || waited.elapsed >= Duration::from_secs(1) {
                    self.told(&format!("{word} {} after {}", waited.key.short(), format_duration(waited.elapsed)));
                }
            }
            Event::Retrying { verb, what, code, pause } => {
                self.retrying(&verb.to_string(), what, &code.to_string(), *pause);
            }
            Event::Rolled(rolled) => self.told(&format!("rolled {}, which uses what changed", rolled.key.short())),
            Event::Interrupted(_) => self.told("interrupted: finishing the requests in flight"),
            Event::Claimed { .. }
            | Event::WaveStarted { .. }
            | Event::ActionStarted { .. }
            | Event::PruneStarted { .. }
            | Event::Settled { .. }
            | Event::Warning { .. } => {}
        }
    }

    /// Is it time for another sign of life?
    fn due(&self, elapsed: Duration) -> bool {
        let mut state = self.state.borrow_mut();
        let since = state.waiting_told.filter(|before| *before <= elapsed);
        let due = elapsed.saturating_sub(since.unwrap_or_default()) >= HEARTBEAT;
        if due || since.is_none() {
            state.waiting_told = Some(elapsed);
        }
        due
    }

    /// The line of an outcome: part of the result, told as it comes.
    fn outcome(&self, outcome: &Outcome, action: Option<&Action>) {
        let mut line = line_of(outcome, action);
        if line.op.changes() {
            line.changes = self.state.borrow().changes.get(&outcome.key).cloned().unwrap_or_default();
        }
        if self.console.presentation().output.is_some() || matches!(line.op, Op::Unchanged | Op::Forget | Op::Skip) {
            return;
        }
        self.action(&line);
    }

    fn action(&self, line: &Line) {
        let text = self.console.view().action(line, NAME_WIDTH);
        // A full disk is found out by the summary; the run goes on.
        drop(self.console.result(text.as_bytes()));
    }

    fn told(&self, text: &str) {
        let text = self.console.paint_err().paint(Color::Dim, tame(text));
        self.console.tell(&format!("{text}\n"));
    }

    fn retrying(&self, verb: &str, what: &str, code: &str, pause: Duration) {
        self.told(&format!("{verb} {what}: {code}; trying again in {}", format_duration(pause)));
    }

    /// Something that the connection noticed.
    pub fn notice(&self, notice: Notice) {
        match notice {
            Notice::Warning(text) => self.warn(&text),
            Notice::Retrying { verb, what, code, pause } => {
                if self.console.progress() != ProgressMode::None {
                    self.above(|story| story.retrying(&verb.to_string(), &what, &code.to_string(), pause));
                }
            }
            Notice::Polling { what, code } => {
                if self.console.presentation().verbosity > 0 && self.console.progress() != ProgressMode::None {
                    let text = format!("{what} cannot be watched ({code}): asking again and again");
                    self.above(|story| story.told(&text));
                }
            }
        }
    }

    /// The warnings of a plan.
    pub fn warn_all(&self, plan: &Plan) {
        for warning in &plan.warnings {
            self.warn(&warning_text(warning));
        }
    }

    /// A warning, each text once.
    pub fn warn(&self, text: &str) {
        if self.state.borrow_mut().told.insert(text.to_owned()) {
            self.above(|story| story.console.warn(text));
        }
    }

    /// Tells something above the live region, which is drawn again below it.
    fn above(&self, tell: impl FnOnce(&Self)) {
        let region = self.state.borrow().region.as_ref().map(|region| (region.clear(), region.draw()));
        match region {
            None => tell(self),
            Some((clear, draw)) => {
                self.console.tell(&clear);
                tell(self);
                self.console.tell(&draw);
            }
        }
    }
}

/// An event as a line of a stream; none for what only a person watches.
fn event_json(event: &Event, plan: &Plan) -> Option<Value> {
    let name = |key: &ObjectKey| name_of(key);
    Some(match event {
        Event::ActionDone(outcome) => {
            let line = line_of(outcome, plan.action(&outcome.key));
            machine::typed("action", &serde_json::to_value(line).ok()?)
        }
        Event::Claimed { entries } => json!({"type": "claimed", "entries": entries}),
        Event::WaveStarted { number, of, actions } => {
            json!({"type": "wave", "number": number, "of": of, "actions": actions})
        }
        Event::Waiting { pending, elapsed, limit } => {
            let pending: Vec<Value> =
                pending.iter().map(|(key, what)| json!({"object": name(key), "message": what})).collect();
            json!({"type": "waiting", "pending": pending, "elapsedS": elapsed.as_secs_f64(), "limitS": limit.as_secs_f64()})
        }
        Event::WaitDone(waited) => {
            let (state, message) = (state_word(&waited.end), waited.why().unwrap_or_default());
            json!({"type": "health", "object": name(&waited.key), "state": state, "message": message, "log": waited.log()})
        }
        Event::LockWaiting { holder, waited, limit } => {
            json!({"type": "lock", "holder": holder, "waitedS": waited.as_secs_f64(), "limitS": limit.as_secs_f64()})
        }
        Event::LockTakenOver { holder } => json!({"type": "lockTakenOver", "holder": holder}),
        Event::Rolled(rolled) => json!({"type": "rolled", "object": name(&rolled.key)}),
        Event::PruneStarted { objects } => json!({"type": "prune", "objects": objects}),
        Event::Interrupted(_) => json!({"type": "interrupted"}),
        Event::Settled { entries } => json!({"type": "settled", "entries": entries}),
        Event::Retrying { verb, what, code, .. } => {
            json!({"type": "retry", "verb": verb.to_string(), "what": what, "code": code.to_string()})
        }
        Event::ActionStarted { .. } | Event::Warning { .. } => return None,
    })
}
