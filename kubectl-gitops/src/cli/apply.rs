//! `apply`: converge the cluster to the input, and prune what left it.

use crate::error::Result;
use crate::report::Console;
use crate::settings::Reload;

use super::flags::{ExecuteArgs, OutputArgs, PlanArgs};
use super::global::GlobalArgs;
use super::input::InputArgs;

/// Apply a directory, and prune what is no longer in it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl gitops apply overlays/prod
  kubectl gitops apply overlays/prod --wait --timeout 10m
  kubectl gitops apply -f https://example.com/manifests.yaml --name demo -n demo --create-namespace

  # What would the server say
  kubectl gitops apply overlays/prod --dry-run=server

  # For scripts: 0 unchanged, 10 changed
  kubectl gitops apply overlays/prod --detailed-exitcode")]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    execute: ExecuteArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Exit with 10 if something was changed, with 0 only if nothing was
    #[arg(long, help_heading = "Output")]
    detailed_exitcode: bool,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { input, plan, execute, output, detailed_exitcode } = args;
    let mut build = input.into_settings(None, global.cache_dir.clone())?;
    console.present(output.into_presentation(global.verbosity));
    let settings = execute.extend(plan.into_settings());
    build.stages.without_hashes = settings.reload == Reload::Off;
    crate::pipeline::apply(&build, &settings, &global.into_connection(), detailed_exitcode, console)
}
