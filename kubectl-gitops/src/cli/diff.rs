//! `diff`: what `apply` would do, stopped before the first write.

use crate::error::Result;
use crate::report::Console;
use crate::settings::Reload;

use super::flags::{OutputArgs, PlanArgs};
use super::global::GlobalArgs;
use super::input::InputArgs;

/// Show what apply would change, prune and restart
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl gitops diff overlays/prod
  kubectl gitops diff -f manifests.yaml --name demo

  # For scripts: 0 no differences, 1 differences, more is an error
  kubectl gitops diff overlays/prod >changes.txt; echo $?")]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { input, plan, output } = args;
    let mut build = input.into_settings(None, global.cache_dir.clone())?;
    console.present(output.into_presentation(global.verbosity));
    let settings = plan.into_settings();
    build.stages.without_hashes = settings.reload == Reload::Off;
    crate::pipeline::diff(&build, &settings, &global.into_connection(), console)
}
