//! `sync`: a directory of a repository into the cluster, in one process; what a CronJob runs.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::{CliError, Code, Result};
use crate::report::Console;
use crate::settings::{Adopt, Reload, StageSettings, SyncSettings, parse_duration};

use super::engine::EngineArgs;
use super::flags::{ExecuteArgs, OutputArgs, PlanArgs, WaitArgs};
use super::global::GlobalArgs;
use super::remote::RemoteArgs;
use super::stages::StageArgs;

/// Where a container's last words are looked for.
const TERMINATION_LOG: &str = "/dev/termination-log";

/// Apply a directory of a Git repository, and prune what is no longer in it
///
/// Without a change in the repository and in the cluster, nothing is fetched and nothing is written.
#[derive(Debug, clap::Args)]
#[command(
    mut_arg("url", |arg| arg.required(true)),
    mut_arg("name", |arg| arg.help("Name of the applied set; default: the last part of --path, else of the URL")),
    mut_arg("inventory_namespace", |arg| arg.help("Namespace of the inventory; default: gitops-system")),
    mut_arg("adopt", |arg| arg.default_value(Adopt::All.word())),
    mut_arg("force_conflicts", |arg| arg.default_value("true")),
    after_help = "Examples:
  # What would change
  kubectl gitops sync --url https://git.example.com/home.git --branch main --path apps --dry-run

  # Credentials from a Secret of the cluster; the objects without a namespace go to shop
  kubectl gitops sync --url https://git.example.com/home.git --path shop -n shop --secret-ref git

  # In a pod, with the Secret mounted
  kubectl-gitops sync --url ssh://git@git.example.com/home.git --path apps --credentials-dir /etc/git"
)]
pub(super) struct Args {
    #[command(flatten)]
    remote: RemoteArgs,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    stages: StageArgs,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    execute: ExecuteArgs,
    #[command(flatten)]
    wait: WaitArgs,
    #[command(flatten)]
    record: RecordArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Record")]
struct RecordArgs {
    /// What runs this, for `status`: `cronjob/NAME`, `systemd/HOST`; default: pod in a pod, else person
    #[arg(long, value_name = "NAME", env = "KUBECTL_GITOPS_DRIVER", hide_env = true, hide_short_help = true)]
    driver: Option<String>,
    /// How often it does so, where nothing in the cluster says it
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, requires = "driver", hide_short_help = true)]
    driver_every: Option<Duration>,
    /// File for the last line; default: /dev/termination-log in a pod
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    termination_log: Option<PathBuf>,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { remote, engine, stages, plan, execute, wait, record, output } = args;
    let Some((remote, path)) = remote.into_settings(global.cache_dir.clone())? else {
        return Err(CliError::new(Code::Usage, "`sync` needs `--url`"));
    };
    console.present(output.into_presentation(global.verbosity));
    let run = wait.extend(execute.extend(plan.into_settings()));
    let in_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let RecordArgs { driver, driver_every, termination_log } = record;
    let default_log = || Some(PathBuf::from(TERMINATION_LOG)).filter(|path| in_pod && path.exists());
    let settings = SyncSettings {
        remote,
        path,
        engine: engine.into_settings(),
        stages: StageSettings { without_hashes: run.reload == Reload::Off, ..stages.into_settings() },
        run,
        driver: driver.unwrap_or_else(|| if in_pod { "pod" } else { "person" }.to_owned()),
        driver_every,
        termination_log: termination_log.or_else(default_log),
    };
    crate::pipeline::sync(&settings, &global.into_connection(), console)
}
