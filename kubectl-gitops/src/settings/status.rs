//! What `status` was asked to show.

use std::time::Duration;

/// Which sets, and what of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusSettings {
    /// One set, as a tree; none: all of them.
    pub name: Option<String>,
    /// `--fail`: exit with 1 if something is not ready.
    pub fail: bool,
    /// `--drift`: what somebody changed since the last run.
    pub drift: bool,
    /// `--watch`: show it again whenever it changes, looking so often where changes cannot be watched.
    pub watch: Option<Duration>,
}
