//! What a run was asked to do, as plain values. Owns the types and their text forms; must not know clap, environment
//! variables or where a value came from.

mod choice;
mod diff;
mod duration;
mod engine;
mod input;
mod install;
mod remote;
mod stages;
mod status;
mod sync;

use std::path::PathBuf;
use std::time::Duration;

use krm::Masked;

pub use choice::{
    Adopt, ColorChoice, DryRun, LoadRestrictor, OutputFormat, ParseChoiceError, ProgressMode, Rbac, Reload, Reorder,
};
pub use diff::{DiffSettings, PlanFiles};
pub use duration::{ParseDurationError, format_duration, parse_duration};
pub use engine::EngineSettings;
pub use input::{Input, InputPart};
pub use install::{
    Access, Clock, HostSettings, InstallSettings, InstallVerify, Keys, PodSettings, TrustedKeys, UninstallSettings,
};
pub use remote::{
    Credential, CredentialStore, Given, KeyStore, Reference, RemoteSettings, Signed, VerifySettings, can_be_tag,
};
pub use stages::StageSettings;
pub use status::StatusSettings;
pub use sync::SyncSettings;

/// Where what `sync` and its drivers keep in the cluster lies.
pub const SYSTEM_NAMESPACE: &str = "gitops-system";

/// How to reach the cluster: kubectl's global flags.
#[derive(Debug, Clone, Default)]
pub struct Connection {
    /// `--kubeconfig`
    pub kubeconfig: Option<PathBuf>,
    /// `--context`
    pub context: Option<String>,
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--user`
    pub user: Option<String>,
    /// `-n`: fills a missing namespace, and is where the inventory lies by default.
    pub namespace: Option<String>,
    /// `--as`
    pub as_user: Option<String>,
    /// `--as-group`
    pub as_groups: Vec<String>,
    /// `--as-uid`
    pub as_uid: Option<String>,
    /// `--server`
    pub server: Option<String>,
    /// `--token`
    pub token: Option<Masked<String>>,
    /// `--certificate-authority`
    pub certificate_authority: Option<PathBuf>,
    /// `--client-certificate`
    pub client_certificate: Option<PathBuf>,
    /// `--client-key`
    pub client_key: Option<PathBuf>,
    /// `--insecure-skip-tls-verify`
    pub insecure_skip_tls_verify: bool,
    /// `--tls-server-name`
    pub tls_server_name: Option<String>,
    /// `--request-timeout`; `None` is the default of the client, zero means none.
    pub request_timeout: Option<Duration>,
    /// `--disable-compression`
    pub disable_compression: bool,
    /// `-v`
    pub verbosity: u8,
}

/// How to turn the input into objects.
#[derive(Debug, Clone, Default)]
pub struct BuildSettings {
    /// What to read.
    pub input: Input,
    /// How a kustomization is built.
    pub engine: EngineSettings,
    /// What our stages after the build are told.
    pub stages: StageSettings,
    /// `--url` with what belongs to it, and `--path`: then the input lies there.
    pub remote: Option<(RemoteSettings, String)>,
}

/// What of a run may be decided by the user: `apply`, `diff` and `delete` share it, so that they plan alike.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// `--name`
    pub name: Option<String>,
    /// `--inventory-namespace`
    pub inventory_namespace: Option<String>,
    /// `--dry-run`
    pub dry_run: DryRun,
    /// `--prune`
    pub prune: bool,
    /// `--adopt`
    pub adopt: Adopt,
    /// `--take-from`: sets whose objects may move here.
    pub take_from: Vec<String>,
    /// `--force-conflicts`
    pub force_conflicts: bool,
    /// `--reload`
    pub reload: Reload,
    /// `--create-namespace`
    pub create_namespace: bool,
    /// `--wait`
    pub wait: bool,
    /// `--wait-for-load-balancers`: a Service of type LoadBalancer is ready when it has an address.
    pub wait_for_load_balancers: bool,
    /// `--timeout`: how long to wait for health.
    pub timeout: Duration,
    /// `--lock-timeout`: how long to wait for another run.
    pub lock_timeout: Duration,
    /// `--allow-prune`: consent to pruning this many objects.
    pub allow_prune: Option<usize>,
    /// `--allow-empty`
    pub allow_empty: bool,
    /// `--allow-delete`: kinds that are otherwise kept, lower case (`pvc`, `namespace`, …).
    pub allow_delete: Vec<String>,
    /// `--full`: apply every object, whatever the skip rule says.
    pub full: bool,
    /// `--yes`: do not ask.
    pub yes: bool,
    /// `--concurrency`: requests in flight.
    pub concurrency: usize,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            name: None,
            inventory_namespace: None,
            dry_run: DryRun::None,
            prune: true,
            adopt: Adopt::Auto,
            take_from: Vec::new(),
            force_conflicts: false,
            reload: Reload::Annotated,
            create_namespace: false,
            wait: false,
            wait_for_load_balancers: false,
            timeout: Duration::from_mins(5),
            // The lock's time to live is 30 s: a dead holder is seen before this ends.
            lock_timeout: Duration::from_secs(35),
            allow_prune: None,
            allow_empty: false,
            allow_delete: Vec::new(),
            full: false,
            yes: false,
            concurrency: 16,
        }
    }
}

/// How to tell the story and the result.
#[derive(Debug, Clone, Default)]
pub struct Presentation {
    /// `-o`; `None` is the human form.
    pub output: Option<OutputFormat>,
    /// `--progress`
    pub progress: ProgressMode,
    /// `--color`
    pub color: ColorChoice,
    /// `-v`
    pub verbosity: u8,
    /// The command that long results go through on a terminal; none, or empty, for none.
    pub pager: Option<String>,
}
