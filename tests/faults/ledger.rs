//! What passed, so that a matrix of hours goes on where it stopped. Owns the file of it; must not know how a cell is tried.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::Mutex;

use crate::cell::Cell;
use crate::form::{Known, future};
use crate::trial::Verdict;

/// Before the name of a future, where other lines are names of cells.
const FUTURE: &str = "future ";

/// The cells that passed, and the futures that were seen to end well.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    passed: Mutex<BTreeSet<Cell>>,
    known: Known,
    file: Option<Mutex<File>>,
}

impl Ledger {
    /// Goes on with a file, if there is one.
    ///
    /// # Panics
    /// When it cannot be read or written.
    pub(crate) fn open(path: Option<&str>) -> Self {
        let Some(path) = path else { return Self::default() };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let file = OpenOptions::new().create(true).append(true).open(path);
        Self {
            passed: Mutex::new(text.lines().filter_map(|line| line.parse().ok()).collect()),
            known: Known::new(text.lines().filter_map(|line| line.strip_prefix(FUTURE)).map(str::to_owned)),
            file: Some(Mutex::new(file.unwrap_or_else(|error| panic!("{path}: {error}")))),
        }
    }

    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    pub(crate) fn holds(&self, cell: Cell) -> bool {
        self.passed.lock().expect("no thread died").contains(&cell)
    }

    /// Takes in a cell that passed, and those that differ from it only in a future that was seen from its state. How many?
    pub(crate) fn pass(&self, cell: Cell, verdict: &Verdict) -> usize {
        let mut count = self.note(cell);
        if let Some(form) = &verdict.form {
            let future_of = |cell| future(form, cell);
            if !verdict.spared && self.known.learn(&future_of(cell)) {
                self.write(&format!("{FUTURE}{}", future_of(cell)));
            }
            let known = cell.siblings().filter(|&sibling| self.known.holds(&future_of(sibling)));
            count += known.map(|sibling| self.note(sibling)).sum::<usize>();
        }
        count
    }

    fn note(&self, cell: Cell) -> usize {
        let new = self.passed.lock().expect("no thread died").insert(cell);
        if new {
            self.write(&cell.to_string());
        }
        usize::from(new)
    }

    fn write(&self, line: &str) {
        if let Some(file) = &self.file {
            writeln!(file.lock().expect("no thread died"), "{line}").expect("a file that can be written");
        }
    }
}
