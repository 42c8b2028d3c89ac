//! Faults at every request, on a real Kubernetes. `make faults` runs the matrix, `make test` a sample of it; `CELL=NAME`
//! one cell. A cell that fails prints its name, what was violated, every request, and the simplest cell that fails alike.

mod cell;
mod form;
mod laws;
mod ledger;
mod run;
mod server;
mod sets;
mod trial;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cell::{Cell, Intruder, Mode, Next, Scenario};
use form::Known;
use laws::Watch;
use ledger::Ledger;
use run::Place;
use server::Server;
use testkit::api::Api;
use testkit::cluster::{Cluster, Sandbox};
use trial::Verdict;

/// What is to be done, from the environment: cargo's own flags stay cargo's.
#[derive(Debug, Clone)]
struct Order {
    /// One cell only.
    cell: Option<Cell>,
    /// So many cells, or all.
    sample: Option<usize>,
    seed: u64,
    /// Cells at a time. A cell mostly waits: for time-outs, for the lock of a dead run, for the database to be sure.
    workers: usize,
    /// Cells that passed are written here, and passed over when the matrix goes on.
    passed: Option<String>,
    /// No cell is begun after so long.
    limit: Option<Duration>,
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} cannot be understood")))
}

impl Order {
    /// Every cell?
    fn is_matrix(&self) -> bool {
        self.cell.is_none() && self.sample.is_none()
    }

    fn from_env() -> Self {
        Self {
            cell: variable::<String>("CELL").map(|text| text.parse().unwrap_or_else(|error| panic!("{error}"))),
            sample: variable("FAULTS_CELLS"),
            seed: variable("FAULTS_SEED").unwrap_or(1),
            workers: variable("FAULTS_WORKERS").unwrap_or(40),
            passed: variable("FAULTS_PASSED"),
            limit: variable("FAULTS_SECONDS").map(Duration::from_secs),
        }
    }
}

/// A worker's room in the cluster. A cell that fails keeps its room as it is, for whoever looks.
struct Room {
    cluster: Cluster,
    name: String,
    rooms: usize,
    sandbox: Option<(Sandbox, Arc<Api>)>,
}

impl Room {
    fn new(cluster: Cluster, name: String) -> Self {
        Self { cluster, name, rooms: 0, sandbox: None }
    }

    fn place(&mut self) -> Arc<Place> {
        let (sandbox, api) = self.sandbox.get_or_insert_with(|| {
            self.rooms += 1;
            let sandbox = self.cluster.sandbox(&format!("faults-{}-{}", self.name, self.rooms));
            let api = Arc::new(sandbox.api());
            (sandbox, api)
        });
        let server = Server { api: Arc::clone(api), namespace: sandbox.namespace.clone() };
        let dir = sandbox.dir().join("cell");
        drop(std::fs::remove_dir_all(&dir));
        std::fs::create_dir_all(&dir).expect("a folder");
        Arc::new(Place::new(self.cluster.plugin().to_owned(), dir, Watch::new(server)))
    }

    /// One cell, and the room made ready for the next one.
    fn attempt(&mut self, cell: Cell, known: Option<&Known>) -> Verdict {
        let place = self.place();
        let verdict = trial::attempt(&place, cell, known);
        if verdict.violations.is_empty() {
            place.watch.server.clear(cell.scenario);
        } else {
            // Its namespace stays.
            self.sandbox.take().into_iter().for_each(std::mem::forget);
        }
        verdict
    }

    fn count(&mut self, scenario: Scenario) -> usize {
        let place = self.place();
        let requests = trial::count(&place, scenario);
        place.watch.server.clear(scenario);
        requests
    }
}

/// How a whole run came out.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    /// Runs with a fault.
    runs: usize,
    /// Of these, those whose future had been seen, and was left out.
    spared: usize,
    /// Runs whose future had been seen, and was tried again.
    followed: usize,
    unreached: usize,
    failed: Vec<String>,
}

impl Tally {
    fn add(&mut self, passed: usize, verdict: &Verdict) {
        self.passed += passed;
        self.runs += 1;
        self.spared += usize::from(verdict.spared);
        self.followed += usize::from(verdict.followed);
        self.unreached += usize::from(!verdict.reached);
    }
}

fn say(text: &str) {
    #[expect(clippy::print_stdout, reason = "a report for people, and the summary of `make test`")]
    {
        println!("{text}");
    }
}

fn main() -> ExitCode {
    // Listing, as an editor or a runner of tests may ask for it, needs no cluster.
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let cluster = match Cluster::from_env(env!("CARGO_BIN_EXE_kubectl-gitops")) {
        Ok(cluster) => cluster,
        Err(reason) => {
            say(&reason);
            return ExitCode::FAILURE;
        }
    };
    let order = Order::from_env();
    let begin = Instant::now();
    let ledger = Ledger::open(order.passed.as_deref());
    let cells = match order.cell {
        Some(cell) => vec![cell],
        None => choose(&cluster, &order, &ledger),
    };
    let tally = work(&cluster, &order, &cells, &ledger);
    let Tally { passed, runs, spared, followed, unreached, failed } = &tally;
    let left = cells.len().saturating_sub(passed + failed.len());
    say(&format!("seed {}, {} s", order.seed, begin.elapsed().as_secs()));
    let seen =
        format!("{spared} of them left a state whose future had been seen, {followed} more were followed nevertheless");
    say(&format!("{runs} runs with a fault: {seen}"));
    say(&format!("{unreached} cells of those that passed lie beyond the end of their run; {left} were not begun"));
    for name in failed {
        say(&format!("failed: CELL={name}"));
    }
    let word = if failed.is_empty() { "ok" } else { "FAILED" };
    say(&format!("test result: {word}. {passed} passed; {} failed; 0 ignored", failed.len()));
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The cells of this run: a sample, or all that did not pass before.
fn choose(cluster: &Cluster, order: &Order, ledger: &Ledger) -> Vec<Cell> {
    let counts: BTreeMap<Scenario, usize> = thread::scope(|scope| {
        let count = |&scenario: &Scenario| {
            let mut room = Room::new(cluster.clone(), format!("count-{}", scenario.word()));
            scope.spawn(move || (scenario, room.count(scenario)))
        };
        let counts: Vec<_> = Scenario::ALL.iter().map(count).collect();
        counts.into_iter().map(|count| count.join().expect("a run without a fault is all right")).collect()
    });
    let told: Vec<String> = counts.iter().map(|(scenario, count)| format!("{} {count}", scenario.word())).collect();
    say(&format!("requests: {}", told.join(", ")));
    if let Some(size) = order.sample {
        return cell::sample(order.seed, size, |scenario| counts[&scenario]);
    }
    let mut cells = cell::matrix(|scenario| counts[&scenario]);
    let whole = cells.len();
    cell::shuffle(&mut cells, order.seed);
    cells.retain(|&cell| !ledger.holds(cell));
    say(&format!("{} of {whole} cells are left", cells.len()));
    cells
}

/// All cells, several at a time.
fn work(cluster: &Cluster, order: &Order, cells: &[Cell], ledger: &Ledger) -> Tally {
    let (next, tally, begin) = (AtomicUsize::new(0), Mutex::new(Tally::default()), Instant::now());
    // Of a sample each cell is followed to its end.
    let known = order.is_matrix().then(|| ledger.known());
    thread::scope(|scope| {
        for worker in 0..order.workers.min(cells.len()) {
            let mut room = Room::new(cluster.clone(), worker.to_string());
            let (next, tally) = (&next, &tally);
            scope.spawn(move || {
                while order.limit.is_none_or(|limit| begin.elapsed() < limit)
                    && let Some(&cell) = cells.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    if ledger.holds(cell) {
                        continue;
                    }
                    let verdict = room.attempt(cell, known);
                    if verdict.violations.is_empty() {
                        let passed = ledger.pass(cell, &verdict);
                        tally.lock().expect("no thread died").add(passed, &verdict);
                    } else {
                        let simplest = simplify(&mut room, cell);
                        tell(cell, &verdict, simplest);
                        tally.lock().expect("no thread died").failed.push(simplest.unwrap_or(cell).to_string());
                    }
                }
            });
        }
    });
    tally.into_inner().expect("no thread died")
}

/// The simplest cell that fails, too: without the intruder, without the fault, with the same set wanted again. None if the
/// cell itself does not fail a second time.
fn simplify(room: &mut Room, cell: Cell) -> Option<Cell> {
    let plain = Cell { next: Next::Same, ..cell };
    let alone = Cell { intruder: Intruder::Nobody, victim: cell::Victim::B, ..cell };
    let tries = [
        Cell { next: Next::Same, ..alone },
        Cell { mode: Mode::Clean, ..plain },
        alone,
        plain,
        Cell { mode: Mode::Clean, ..cell },
        cell,
    ];
    tries.into_iter().find(|simpler| !room.attempt(*simpler, None).violations.is_empty())
}

fn tell(cell: Cell, verdict: &Verdict, simplest: Option<Cell>) {
    let violations = verdict.violations.join("\n  ");
    let again = match simplest {
        Some(simplest) => format!("make faults CELL={simplest}"),
        None => format!("it did not fail a second time: make faults CELL={cell}"),
    };
    say(&format!("FAILED {cell}\n  {violations}\n  again: {again}\n{}", verdict.story));
}
