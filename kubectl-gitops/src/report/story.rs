//! The story of a run, as it happens, on standard error: a live region on a terminal, lines elsewhere, or nothing. Owns what
//! is worth telling; the result is told by others.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::console::Console;
use super::from_plan::warning_text;
use super::paint::{Color, tame};
use crate::cluster::Notice;
use crate::plan::Plan;

/// Tells what happens. One per command.
#[derive(Debug)]
pub struct Story {
    console: Console,
    told: RefCell<BTreeSet<String>>,
}

impl Story {
    /// A story told on this console.
    pub fn new(console: &Console) -> Self {
        Self { console: console.clone(), told: RefCell::default() }
    }

    /// Where it is told.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Something that the connection noticed.
    pub fn notice(&self, notice: Notice) {
        match notice {
            Notice::Warning(text) => self.warn(&text),
            Notice::Retrying { verb, what, code, pause } => {
                let pause = crate::settings::format_duration(pause);
                let text = format!("{verb} {what}: {code}; trying again in {pause}");
                let text = self.console.paint_err().paint(Color::Dim, tame(&text));
                self.console.tell(&format!("{text}\n"));
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
        if self.told.borrow_mut().insert(text.to_owned()) {
            self.console.warn(text);
        }
    }
}
