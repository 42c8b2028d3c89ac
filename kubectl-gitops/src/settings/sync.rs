//! What `sync` was asked to do.

use std::path::PathBuf;
use std::time::Duration;

use super::{EngineSettings, RemoteSettings, RunSettings, StageSettings};

/// A directory of a repository, kept in step with a cluster.
#[derive(Debug, Clone)]
pub struct SyncSettings {
    /// The repository.
    pub remote: RemoteSettings,
    /// `--path`: below the top of the repository, as typed.
    pub path: String,
    /// How a kustomization is built.
    pub engine: EngineSettings,
    /// What our stages are told.
    pub stages: StageSettings,
    /// How the run plans and writes.
    pub run: RunSettings,
    /// `--driver`: what runs this, for the record.
    pub driver: String,
    /// `--driver-every`: how often it does so.
    pub driver_every: Option<Duration>,
    /// `--termination-log`: where the last line goes besides standard output.
    pub termination_log: Option<PathBuf>,
}
