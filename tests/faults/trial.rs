//! One cell from beginning to end: prepare, run with the fault, run to a fixpoint, judge. Owns what each intruder entitles
//! the program to; must not choose cells.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::cell::{Cell, Intruder, Mode, Next, Scenario};
use crate::laws::{judge_end, no_secret_in};
use crate::run::{Place, Ran};
use crate::server::{Sight, text};
use crate::sets::{SET, Wish};

/// Passes until nothing is written any more: repair, prune what a rebuilt inventory did not, a finalizer that a person
/// takes off in between, an object that moves from one set to another.
const PASSES_MAX: usize = 7;
/// A run ends so soon after a signal. Five seconds are promised; the machine is busy.
const SIGNAL_MAX: Duration = Duration::from_secs(9);
/// Reads of a run without a change, besides one for each kind.
const READS_MAX: usize = 6;

/// What a cell came to.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Empty if all is well.
    pub(crate) violations: Vec<String>,
    /// Did the run come as far as the request of the fault?
    pub(crate) reached: bool,
    /// What ran, for reading.
    pub(crate) story: String,
}

/// Counts the requests of a scenario's run without a fault.
pub(crate) fn count(place: &Arc<Place>, scenario: Scenario) -> usize {
    prepare(place, scenario);
    let wanted = scenario.wanted(&place.watch.server.namespace);
    let ran = place.run(SET, wanted.as_ref(), &[]);
    assert_eq!(ran.code, Some(0), "{}\n{}\n{:?}", ran.output, ran.log, place.watch.violations());
    let violations = judge_end(&place.watch.server.look(scenario), &[(SET, wanted)], false);
    assert!(violations.is_empty(), "{} without a fault: {violations:?}", scenario.word());
    ran.requests
}

fn prepare(place: &Arc<Place>, scenario: Scenario) {
    let namespace = &place.watch.server.namespace;
    for object in scenario.found(namespace) {
        place.watch.server.create(&object);
    }
    if let Some(before) = scenario.before(namespace) {
        let ran = place.run(SET, Some(&before), &[]);
        assert_eq!(ran.code, Some(0), "nothing is wrong yet: {}\n{}", ran.output, ran.log);
    }
}

/// Tries one cell.
pub(crate) fn attempt(place: &Arc<Place>, cell: Cell) -> Verdict {
    prepare(place, cell.scenario);
    let mut verdict = Verdict::default();
    let wanted = cell.scenario.wanted(&place.watch.server.namespace);
    let (faulty, second) = place.start(SET, wanted.as_ref(), &[], Some(cell)).finish();
    verdict.reached = faulty.requests > cell.request;
    verdict.tell("the run with the fault", &faulty);
    verdict.judge_run(&faulty, cell);
    if let Some(second) = &second {
        verdict.tell("the second run", second);
        verdict.judge_second(second);
    }
    // What could not be read is kept, and said to be.
    let whole = !faulty.output.contains("= kept");
    if faulty.code == Some(0) && whole && cell.intruder == Intruder::Nobody {
        let sight = place.watch.server.look(cell.scenario);
        let found = judge_end(&sight, &[(SET, wanted)], true);
        verdict
            .violations
            .extend(found.into_iter().map(|what| format!("the run with the fault ended well, and {what}")));
    }
    verdict.settle(place, cell);
    verdict.violations.extend(place.watch.violations());
    verdict
}

/// The uid of an object that is there and not about to go.
fn living(sight: &Sight, name: &str) -> Option<String> {
    let found = ["ConfigMap", "Widget"].iter().find_map(|kind| sight.objects.get(&format!("{kind}/{name}")))?;
    let stays = found["metadata"].get("deletionTimestamp").is_none();
    stays.then(|| text(found, "/metadata/uid").to_owned())
}

impl Verdict {
    fn tell(&mut self, name: &str, ran: &Ran) {
        let end = ran.code.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
        let Ran { log, output, .. } = ran;
        write!(self.story, "--- {name}: {end}\n{log}{output}").expect("writing to a string");
    }

    fn judge_run(&mut self, ran: &Ran, cell: Cell) {
        if let Err(leak) = no_secret_in(&ran.output) {
            self.violations.push(leak);
        }
        let killed = matches!(cell.mode, Mode::KillBefore | Mode::KillAfter) && self.reached;
        let known = match ran.code {
            None => killed,
            Some(0 | 1 | 3..=6) => true,
            Some(2) => cell.scenario == Scenario::Delete,
            Some(143) => cell.mode == Mode::Terminate,
            Some(_) => false,
        };
        if !known {
            self.violations.push(format!("the run with the fault ended with {:?}", ran.code));
        }
        if ran.ended_after.is_some_and(|after| after > SIGNAL_MAX) {
            self.violations.push(format!("after SIGTERM it went on for {:?}", ran.ended_after));
        }
    }

    fn judge_second(&mut self, ran: &Ran) {
        if !matches!(ran.code, Some(0..=2 | 5)) {
            self.violations.push(format!("the second run ended with {:?}", ran.code));
        }
    }

    /// Runs until a pass writes nothing, and judges what is there then.
    fn settle(&mut self, place: &Arc<Place>, cell: Cell) {
        let wish: Wish = cell.scenario.next(cell.next, &place.watch.server.namespace);
        // What was stolen, or changed by an unknown hand before it was ours, comes only if somebody says so.
        let known = !matches!(cell.intruder, Intruder::Steals | Intruder::Edits);
        let mut flags: Vec<&str> = if known { Vec::new() } else { vec!["--adopt", "all"] };
        // Somebody else's object of the kind would keep its definition.
        if cell.scenario == Scenario::Definition {
            flags.extend(["--allow-delete", "crd"]);
        }
        if cell.next == Next::Moved {
            flags.extend(["--take-from", SET]);
        }
        let moves = (cell.next == Next::Moved).then(|| living(&place.watch.server.look(cell.scenario), "b")).flatten();
        for pass in 0..PASSES_MAX {
            // What comes after the last run is nobody's to find: the run that ends it all begins when nothing can come any more.
            let haunted = place.is_haunted();
            let (mut well, mut writes) = (true, 0);
            for (set, objects) in &wish {
                let flags: &[&str] = if objects.is_some() { &flags } else { &[] };
                let ran = place.run(set, objects.as_ref(), flags);
                self.tell(&format!("pass {pass}, {set}"), &ran);
                if let Err(leak) = no_secret_in(&ran.output) {
                    self.violations.push(leak);
                }
                let absent = objects.is_none() && ran.code == Some(2);
                well &= ran.code == Some(0) || absent;
                writes += ran.writes;
                self.judge_reads(&ran, objects.as_ref().map_or(0, Vec::len), cell);
            }
            if well && writes == 0 && haunted {
                testkit::until("what was given up is done", 10, || !place.is_haunted());
            } else if well && writes == 0 {
                return self.judge_end(place, cell, &wish, moves.as_deref());
            }
            if cell.intruder == Intruder::AddsFinalizer {
                place.watch.alone(|server| server.release(cell.scenario));
            }
        }
        self.violations.push(format!("no fixpoint after {PASSES_MAX} passes"));
    }

    /// A run that writes nothing reads little.
    fn judge_reads(&mut self, ran: &Ran, objects: usize, cell: Cell) {
        let (kinds, shards) = (4, if cell.scenario == Scenario::Shards { objects / 20 } else { 0 });
        if ran.code == Some(0) && ran.writes == 0 && ran.requests > kinds + READS_MAX + shards {
            self.violations.push(format!("a run that wrote nothing sent {} requests", ran.requests));
        }
    }

    fn judge_end(&mut self, place: &Arc<Place>, cell: Cell, wish: &Wish, moves: Option<&str>) {
        let sight = place.watch.server.look(cell.scenario);
        if moves.is_some() && living(&sight, "b").as_deref() != moves {
            self.violations.push("what moved from one set to the other was made anew".to_owned());
        }
        let found = judge_end(&sight, wish, false);
        // Of a set whose root somebody deleted nothing is known any more when it is to be deleted as a whole.
        let orphaned = cell.intruder == Intruder::DeletesRoot && wish.iter().any(|(_, objects)| objects.is_none());
        self.violations.extend(found.into_iter().filter(|what| !(orphaned && what.contains("leaked"))));
    }
}
