//! What a run is told. Owns [`Job`], [`Options`], [`Turn`] and [`Execution`]; must not decide anything.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use krm::ObjectKey;
use serde_json::Value;
use tokio::time::Instant;

use super::event::Event;
use super::interrupt::Interrupt;
use crate::cluster::{Cluster, Discovery, DryRun};
use crate::inventory::{Inventory, Lock, Source};
use crate::plan::{Plan, Policy};

/// Takes events as they happen.
pub type Sink<'a> = &'a dyn Fn(Event);

/// A plan and everything that carrying it out needs.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// What to do.
    pub plan: &'a Plan,
    /// The inventory that the plan was made from.
    pub inventory: &'a Inventory,
    /// Its root as it was read; none if it does not exist yet.
    pub root: Option<&'a Value>,
    /// What is served.
    pub discovery: Rc<Discovery>,
    /// The policy of the plan, for decisions after a conflict.
    pub policy: &'a Policy,
    /// How.
    pub options: &'a Options,
}

/// A job on its way: where it is carried out, what may stop it, and who is told.
pub struct Execution<'a, T> {
    /// Where.
    pub cluster: &'a Cluster<T>,
    /// What.
    pub job: &'a Job<'a>,
    /// What earlier attempts of this invocation learned.
    pub turn: &'a mut Turn,
    /// Tells whether to stop.
    pub interrupt: &'a Interrupt,
    /// Who hears of it.
    pub events: Sink<'a>,
}

impl<T> fmt::Debug for Execution<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution").field("job", &self.job).field("turn", &self.turn).finish_non_exhaustive()
    }
}

/// How a run is carried out.
pub struct Options {
    /// Names this run uniquely, readable by people: goes into the lock.
    pub holder: String,
    /// Its id: goes into the root.
    pub run_id: String,
    /// Requests in flight.
    pub in_flight: usize,
    /// Wait for the health of everything applied, so long; none to not wait.
    pub wait: Option<Duration>,
    /// A Service of type LoadBalancer is awaited until it has an address.
    pub wait_for_addresses: bool,
    /// So long for what later waves need (definitions, namespaces, dependencies).
    pub ready_timeout: Duration,
    /// So long for deletions to be through.
    pub prune_timeout: Duration,
    /// How long to wait for another run's lock.
    pub lock_timeout: Duration,
    /// Send everything with `dryRun=All`, write no inventory.
    pub dry_run: DryRun,
    /// What changed since the plan is not decided again: it fails.
    pub exact: bool,
    /// Delete the root when nothing is left in it.
    pub delete_root: bool,
    /// Where the set comes from, for the root.
    pub source: Option<Source>,
    /// Its revision, for the root.
    pub revision: String,
    /// Digest of everything read, for the root; empty if unknown.
    pub inputs_digest: String,
    /// What the set uses and does not bring, for the root.
    pub sources: BTreeMap<ObjectKey, String>,
    /// What runs this, for the root; empty to leave what is on record.
    pub driver: String,
    /// The time, RFC 3339, for the record of the run.
    pub clock: Box<dyn Fn() -> String>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("holder", &self.holder).field("run_id", &self.run_id).finish_non_exhaustive()
    }
}

/// Seconds without renewal after which a lock is dead.
pub const LOCK_TTL_S: u32 = 30;

impl Default for Options {
    fn default() -> Self {
        Self {
            holder: String::new(),
            run_id: String::new(),
            in_flight: 12,
            wait: None,
            wait_for_addresses: false,
            ready_timeout: Duration::from_mins(1),
            prune_timeout: Duration::from_mins(1),
            lock_timeout: Duration::from_secs(u64::from(LOCK_TTL_S) + 6),
            dry_run: DryRun::No,
            exact: false,
            delete_root: false,
            source: None,
            revision: String::new(),
            inputs_digest: String::new(),
            sources: BTreeMap::new(),
            driver: String::new(),
            clock: Box::new(String::new),
        }
    }
}

/// What one invocation knows across its attempts: a run that finds the inventory changed reads and plans again.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    /// When waiting for the lock began, if it did.
    pub(super) waiting_since: Option<Instant>,
    /// A lock whose holder was seen to be dead: it may be taken over as it is.
    pub(super) dead: Option<Lock>,
    attempts: u32,
}

/// Reading and planning again is useful when a run ended in between, and endless when somebody fights.
const ATTEMPTS_MAX: u32 = 5;

impl Turn {
    /// The first attempt.
    pub fn new() -> Self {
        Self::default()
    }

    /// After [`super::Stop::Moved`]: is there another attempt?
    pub fn again(&mut self) -> bool {
        self.attempts += 1;
        self.attempts < ATTEMPTS_MAX
    }
}
