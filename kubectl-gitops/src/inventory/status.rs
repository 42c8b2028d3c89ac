//! What a root says besides its entries. Owns phase, lock, source and the record of runs.

use std::fmt;

/// Earlier runs kept in a root: enough to see a flapping set, small enough for SQLite.
pub(crate) const HISTORY_MAX: usize = 5;

/// Longest message kept, in bytes.
pub(crate) const MESSAGE_MAX: usize = 512;

/// What the last run was doing when it wrote the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Nothing is under way.
    Stable,
    /// Objects are being applied.
    Applying,
    /// All applied; objects are being deleted.
    Pruning,
}

impl Phase {
    /// The word in the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Applying => "applying",
            Self::Pruning => "pruning",
        }
    }

    /// From the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Stable, Self::Applying, Self::Pruning].into_iter().find(|phase| phase.as_str() == text)
    }
}

/// Who works on the set now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// Unique to one run (host or pod, process, run id), readable by people.
    pub holder: String,
    /// Counts renewals; standing still for `ttl_s` on the watcher's own clock means the holder is gone.
    pub renew: u64,
    /// Seconds without renewal after which others may take over.
    pub ttl_s: u32,
}

/// What a set is applied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A path in a Git repository; the remote as configured, without credentials.
    Git {
        /// The remote.
        url: String,
        /// The path below the repository's root.
        path: String,
    },
    /// An absolute directory outside of any repository with a remote.
    Directory {
        /// The directory.
        path: String,
    },
    /// Files, a URL or standard input named on the command line: the set's name was given, so nothing is compared.
    Files,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { url, path } => write!(f, "{url} {path}"),
            Self::Directory { path } => f.write_str(path),
            Self::Files => f.write_str("files"),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub run_id: String,
    /// When it ended, RFC 3339, by the caller's clock.
    pub time: String,
    /// Revision it attempted.
    pub revision: String,
    /// Its result.
    pub result: RunResult,
    /// One line for people; never a secret value.
    pub message: String,
}

/// Result of a run, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunResult {
    /// Everything applied, pruned and, where asked, healthy.
    Succeeded,
    /// Some objects failed.
    Failed,
    /// Applied, but not healthy in time.
    Unhealthy,
    /// Stopped by a signal.
    Interrupted,
}

impl RunResult {
    /// The word in the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unhealthy => "unhealthy",
            Self::Interrupted => "interrupted",
        }
    }

    /// From the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Succeeded, Self::Failed, Self::Unhealthy, Self::Interrupted].into_iter().find(|r| r.as_str() == text)
    }
}
