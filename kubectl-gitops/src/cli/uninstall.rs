//! `uninstall`: what `install` made goes; what was synced stays unless it is wanted gone.

use std::path::PathBuf;

use crate::error::{CliError, Code, Result, exit};
use crate::pipeline;
use crate::report::Console;
use crate::settings::{DryRun, RunSettings, UninstallSettings};

use super::flags::{ExecuteArgs, OutputArgs};
use super::global::GlobalArgs;

/// Undo install: the CronJob, its account, rights and Secret, or the timer of this host
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # What it synced stays in the cluster, and so does the inventory of it
  kubectl gitops uninstall --name home

  # Everything goes
  kubectl gitops uninstall --name home --delete-objects

  # The timer of this host
  sudo kubectl-gitops uninstall --systemd --name home")]
pub(super) struct Args {
    /// Name of the installation; default: the only one
    #[arg(long, value_name = "NAME", required_if_eq("systemd", "true"))]
    name: Option<String>,
    /// Delete what was synced, too, and its inventory; on a terminal you are asked
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    delete_objects: Option<bool>,
    /// Kind to delete although it is protected: namespace, crd, pvc or pv; may be repeated
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    allow_delete: Vec<String>,
    /// Remove the timer of this host in place of a CronJob; as root
    #[arg(long)]
    systemd: bool,
    /// Remove it below this directory
    #[arg(long, value_name = "DIR", requires = "systemd", hide_short_help = true)]
    root: Option<PathBuf>,
    #[command(flatten)]
    execute: ExecuteArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { name, delete_objects, allow_delete, systemd, root, execute, output } = args;
    console.present(output.into_presentation(global.verbosity));
    let run = execute.extend(RunSettings {
        allow_delete: allow_delete.into_iter().map(|kind| kind.to_ascii_lowercase()).collect(),
        ..RunSettings::default()
    });
    let connection = global.into_connection();
    if !systemd {
        return pipeline::uninstall::uninstall(&UninstallSettings { name, delete_objects }, &run, &connection, console);
    }
    let name = name.ok_or_else(|| CliError::new(Code::Usage, "`--systemd` needs `--name`"))?;
    let root = root.unwrap_or_else(|| PathBuf::from("/"));
    let objects_too = delete_objects == Some(true);
    let set = pipeline::host::uninstall(&name, &root, run.dry_run != DryRun::None, objects_too, console)?;
    if objects_too {
        return pipeline::uninstall::delete_synced(&set, &run, &connection, console);
    }
    Ok(exit::DONE)
}
