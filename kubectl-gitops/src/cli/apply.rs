//! `apply`: converge the cluster to the input, and prune what left it.

use std::path::PathBuf;

use crate::error::Result;
use crate::report::Console;
use crate::settings::{PlanFiles, Reload};

use super::flags::{ExecuteArgs, OutputArgs, PlanArgs, WaitArgs};
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

  # Look at a plan, then carry out exactly that, or nothing
  kubectl gitops apply overlays/prod --plan-out plan.json
  kubectl gitops apply overlays/prod --plan plan.json

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
    wait: WaitArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Write the plan to a file instead of carrying it out, and show it as `diff` does
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan_file", "dry_run"], help_heading = "Plan")]
    plan_out: Option<PathBuf>,
    /// Carry out this plan, made from the same input with the same flags, or nothing: whatever changed since refuses it
    #[arg(long = "plan", id = "plan_file", value_name = "FILE", conflicts_with = "dry_run", help_heading = "Plan")]
    plan_file: Option<PathBuf>,
    /// Exit with 10 if something was changed, with 0 only if nothing was
    #[arg(long, help_heading = "Output")]
    detailed_exitcode: bool,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { input, plan, execute, wait, output, plan_out, plan_file, detailed_exitcode } = args;
    let mut build = input.into_settings(None, global.cache_dir.clone())?;
    console.present(output.into_presentation(global.verbosity));
    let settings = wait.extend(execute.extend(plan.into_settings()));
    build.stages.without_hashes = settings.reload == Reload::Off;
    let files = PlanFiles { out: plan_out, carry_out: plan_file };
    crate::pipeline::apply(&build, &settings, &files, &global.into_connection(), detailed_exitcode, console)
}
