//! One cell from beginning to end: prepare, run with the fault, run to a fixpoint, judge. Owns what each intruder entitles
//! the program to; must not choose cells.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::cell::{Cell, Intruder, Mode, Next, Scenario};
use crate::form::{Known, future};
use crate::laws::{judge_end, key_of, leaked, no_secret_in};
use crate::run::{Place, Ran};
use crate::server::{Sight, owner, text};
use crate::sets::{SET, Wish};

/// Passes until nothing is written any more: repair, prune what a rebuilt inventory did not, a finalizer that a person
/// takes off in between, an object that moves from one set to another.
const PASSES_MAX: usize = 7;
/// A run ends so soon after a signal. Five seconds are promised; the machine is busy.
const SIGNAL_MAX: Duration = Duration::from_secs(9);
/// One known future in so many is tried again.
const FOLLOWED: usize = 16;
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
    /// The form of the state that the run with the fault left.
    pub(crate) form: Option<String>,
    /// Its future was known, and left out.
    pub(crate) spared: bool,
    /// Its future was known, and tried nevertheless.
    pub(crate) followed: bool,
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
        place.watch.alone(|server| server.create(&object));
    }
    if let Some(before) = scenario.before(namespace) {
        let ran = place.run(SET, Some(&before), &[]);
        assert_eq!(ran.code, Some(0), "nothing is wrong yet: {}\n{}", ran.output, ran.log);
    }
}

/// Tries one cell. With `known` its future is left out when it was seen before.
pub(crate) fn attempt(place: &Arc<Place>, cell: Cell, known: Option<&Known>) -> Verdict {
    let wanted = cell.scenario.wanted(&place.watch.server.namespace);
    prepare(place, cell.scenario);
    let mut verdict = Verdict::default();
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
    // What has not come yet may come at any time.
    if known.is_some() && !place.is_haunted() {
        let sight = place.watch.server.look(cell.scenario);
        verdict.form = place.watch.form(&sight, &place.dir.display().to_string());
    }
    let seen = known.zip(verdict.form.as_ref()).is_some_and(|(known, form)| known.holds(&future(form, cell)));
    verdict.spared = seen && !is_followed(cell);
    verdict.followed = seen && !verdict.spared;
    if !verdict.spared {
        verdict.settle(place, cell);
    }
    verdict.violations.extend(place.watch.violations());
    verdict
}

/// Is its future tried even when it is known? One in so many is, to see that states of one form do have one future.
fn is_followed(cell: Cell) -> bool {
    let Cell { request, mode, next, intruder, .. } = cell;
    (request * 7 + mode as usize * 5 + next as usize * 3 + intruder as usize).is_multiple_of(FOLLOWED)
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
        let lost = lost(place, cell, &wish);
        // With their definition its objects go, if not at once.
        let stays = cell.next == Next::Moved && cell.intruder != Intruder::DeletesDefinition;
        let moves = stays.then(|| living(&place.watch.server.look(cell.scenario), "b")).flatten();
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
                return self.judge_end(place, cell, &wish, moves.as_deref(), &lost);
            }
            if cell.intruder == Intruder::AddsFinalizer {
                place.watch.alone(|server| server.release(cell.scenario));
            }
            // Of one that was deleted when it was just made the server rids itself now and then only after a minute.
            if cell.intruder == Intruder::DeletesDefinition {
                testkit::until("the definition is gone", 300, || !place.watch.server.is_definition_going());
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

    fn judge_end(&mut self, place: &Arc<Place>, cell: Cell, wish: &Wish, moves: Option<&str>, lost: &BTreeSet<String>) {
        let sight = place.watch.server.look(cell.scenario);
        if moves.is_some() && living(&sight, "b").as_deref() != moves {
            self.violations.push("what moved from one set to the other was made anew".to_owned());
        }
        let found = judge_end(&sight, wish, false);
        let excused = |what: &String| lost.iter().any(|key| *what == leaked(key));
        self.violations.extend(found.into_iter().filter(|what| !excused(what)));
    }
}

/// What nothing leads to any more: somebody deleted the root, and no object that is wanted next bears its mark.
fn lost(place: &Arc<Place>, cell: Cell, wish: &Wish) -> BTreeSet<String> {
    if cell.intruder != Intruder::DeletesRoot {
        return BTreeSet::new();
    }
    let sight = place.watch.server.look(cell.scenario);
    let mut led: BTreeSet<String> =
        sight.roots.values().flat_map(|(_, said)| said).map(|said| said.id.to_string()).collect();
    let wanted: BTreeSet<String> = wish.iter().flat_map(|(_, objects)| objects).flatten().map(key_of).collect();
    let marked = |(key, object): (&String, &Value)| Some((key.clone(), owner(object)?.to_owned()));
    let marked: Vec<(String, String)> = sight.objects.iter().filter_map(marked).collect();
    // Of a set that is to be deleted as a whole nothing is wanted that could lead to the rest.
    let whole = wish.iter().all(|(_, objects)| objects.is_some());
    led.extend(marked.iter().filter(|_| whole).filter(|(key, _)| wanted.contains(key)).map(|(_, owner)| owner.clone()));
    marked.into_iter().filter(|(_, owner)| !led.contains(owner)).map(|(key, _)| key).collect()
}
