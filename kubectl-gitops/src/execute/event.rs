//! What happens during a run, as data. Owns [`Event`], [`Outcome`] and [`Executed`]; must not format or print anything,
//! and never holds content of an object.

use std::time::Duration;

use krm::ObjectKey;

use crate::cluster::{ClusterError, Code, Notice, Traffic, Verb};
use crate::health::Cause;
use crate::plan::Refusal;

/// What became of one action of the plan. Exactly one [`Outcome`] per action carries one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Done {
    /// Did not exist, does now.
    Created,
    /// Existed and was changed.
    Configured,
    /// Nothing was to do, or applying changed nothing.
    Unchanged,
    /// Deleted and created again.
    Recreated,
    /// Deleted, and observed to be gone.
    Pruned,
    /// Was in the inventory and had left the cluster, or belongs to somebody else now.
    Forgotten,
    /// Stays although it left the set: protected, frozen, or its deletion is not through yet.
    Kept,
    /// Refused before any write.
    Refused,
    /// Not tried, because something before it failed or the run was interrupted.
    Skipped,
    /// Tried and not done.
    Failed,
}

impl Done {
    /// Does it make the run a failed one?
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Skipped | Self::Refused)
    }

    /// Did it change the cluster?
    pub fn is_change(self) -> bool {
        matches!(self, Self::Created | Self::Configured | Self::Recreated | Self::Pruned)
    }
}

/// The end of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The object.
    pub key: ObjectKey,
    /// What became of it.
    pub done: Done,
    /// Why, in the plan's words or the server's; empty where there is nothing to say.
    pub reason: String,
    /// The code of the failure.
    pub code: Option<Code>,
    /// From its start to its end; zero if nothing was sent for it.
    pub elapsed: Duration,
}

/// A signal that asked us to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: exit code 130.
    Interrupt,
    /// SIGTERM: exit code 143.
    Terminate,
}

impl Signal {
    /// 128 plus the signal's number.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// How the wait for one object ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitEnd {
    /// It is healthy.
    Ready,
    /// It never will be without a change.
    Failed(String),
    /// Its time was over; what it lacked last.
    TimedOut(String),
}

/// The wait for one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waited {
    /// The object.
    pub key: ObjectKey,
    /// How it ended.
    pub end: WaitEnd,
    /// What lies behind it, if it did not end well and that could be found.
    pub cause: Option<Cause>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Waited {
    /// What it lacked and what lies behind that; `None` if it is ready.
    pub fn why(&self) -> Option<String> {
        let (WaitEnd::Failed(verdict) | WaitEnd::TimedOut(verdict)) = &self.end else { return None };
        Some(self.cause.as_ref().map_or_else(|| verdict.clone(), |cause| cause.behind(verdict)))
    }

    /// The last lines of the log of what crashed.
    pub fn log(&self) -> &[String] {
        self.cause.as_ref().map_or(&[], |cause| &cause.log)
    }
}

/// A workload of others that was rolled, because it uses what this set changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rolled {
    /// The workload.
    pub key: ObjectKey,
}

/// One thing that happened, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Another run holds the lock; told once per second or so.
    LockWaiting {
        /// Who holds it.
        holder: String,
        /// Since when we wait.
        waited: Duration,
        /// When we give up.
        limit: Duration,
    },
    /// The holder of the lock stood still for its whole ttl: its lock is taken over.
    LockTakenOver {
        /// Who held it.
        holder: String,
    },
    /// The lock is ours, and the union of old and new is written.
    Claimed {
        /// Entries of the union.
        entries: usize,
    },
    /// A wave begins.
    WaveStarted {
        /// From 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// How many actions.
        actions: usize,
    },
    /// The first request of an action is about to be sent.
    ActionStarted {
        /// The object.
        key: ObjectKey,
    },
    /// An action ended.
    ActionDone(Outcome),
    /// Objects are awaited; told when that changes.
    Waiting {
        /// Object and what it lacks.
        pending: Vec<(ObjectKey, String)>,
        /// Since the wait began.
        elapsed: Duration,
        /// When it ends.
        limit: Duration,
    },
    /// The wait for one object ended.
    WaitDone(Waited),
    /// A workload of others rolls.
    Rolled(Rolled),
    /// Deleting begins.
    PruneStarted {
        /// How many objects.
        objects: usize,
    },
    /// A request is sent again.
    Retrying {
        /// The deed.
        verb: Verb,
        /// On what.
        what: String,
        /// Why.
        code: Code,
        /// After which pause.
        pause: Duration,
    },
    /// A warning by the API server (each text once per run) or ours.
    Warning {
        /// The object meant, if one is.
        key: Option<ObjectKey>,
        /// The text.
        text: String,
    },
    /// A signal came: nothing new starts.
    Interrupted(Signal),
    /// The inventory is settled and the lock released.
    Settled {
        /// Entries that remain.
        entries: usize,
    },
}

impl From<Notice> for Event {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::Retrying { verb, what, code, pause } => Self::Retrying { verb, what, code, pause },
            Notice::Warning(text) => Self::Warning { key: None, text },
            Notice::Polling { what, code } => {
                Self::Warning { key: None, text: format!("{what} cannot be watched ({code})") }
            }
        }
    }
}

/// Why a run could not go on as a whole. What happened to each object until then is in the outcomes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Exit 5.
    #[error("another run holds the lock of this inventory: {holder}")]
    Busy {
        /// Who.
        holder: String,
    },
    /// The root changed between reading and claiming: read and plan again. Not for the user's eyes unless it goes on.
    #[error("the inventory changed while this run was planning")]
    Moved,
    /// Somebody took our lock over, or rewrote the root under it. Nothing was sent after that was known.
    #[error("this run lost its lock: {reason}")]
    LeaseLost {
        /// How it was noticed.
        reason: String,
    },
    /// 130 or 143.
    #[error("interrupted")]
    Interrupted(Signal),
    /// The plan refuses: exit code by its class.
    #[error("{0}")]
    Refused(Refusal),
    /// The cluster went away, after all retries: exit 6.
    #[error("the cluster cannot be reached any more")]
    Cluster(#[source] ClusterError),
    /// The root or its shards could not be written or read.
    #[error("the inventory could not be {deed}")]
    Inventory {
        /// `claimed`, `settled`, …
        deed: &'static str,
        /// Why.
        #[source]
        source: ClusterError,
    },
    /// The inventory cannot be encoded: a bug, or a set beyond every limit.
    #[error("the inventory cannot be stored: {reason}")]
    Encode {
        /// Why.
        reason: String,
    },
}

/// All of a run, for the report. The exit code is a function of this.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Executed {
    /// Exactly one per action, in the order in which they ended.
    pub outcomes: Vec<Outcome>,
    /// One per awaited object.
    pub waited: Vec<Waited>,
    /// Workloads of others that were rolled.
    pub rolled: Vec<Rolled>,
    /// Why it ended early, if it did.
    pub stop: Option<Stop>,
    /// Was the inventory settled (always so after a run that ended by itself)?
    pub settled: bool,
    /// Entries of the inventory after the run.
    pub entries: usize,
    /// Requests of the whole run, reading included.
    pub traffic: Traffic,
    /// Wall time of the execution.
    pub elapsed: Duration,
}

impl Executed {
    /// How many actions ended so.
    pub fn count(&self, done: Done) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.done == done).count()
    }

    /// Did every action and every wait succeed, and did the run end by itself?
    pub fn succeeded(&self) -> bool {
        self.stop.is_none()
            && !self.outcomes.iter().any(|outcome| outcome.done.is_failure())
            && self.waited.iter().all(|waited| waited.end == WaitEnd::Ready)
    }
}
