//! `status`: the applied sets of a cluster, or one of them as a tree.

use std::time::Duration;

use crate::error::{CliError, Code, Result};
use crate::report::Console;
use crate::settings::{StatusSettings, parse_duration};

use super::flags::OutputArgs;
use super::global::GlobalArgs;

/// Show the applied sets, or one of them in detail
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl gitops status
  kubectl gitops status demo
  kubectl gitops status -o json

  # What somebody changed behind Git's back, as of now
  kubectl gitops status demo --drift

  # Until everything runs
  kubectl gitops status demo --watch --fail

  kubectl gitops status --fail     # exit 1 if something is not ready, for checks")]
pub(super) struct Args {
    /// Name of one applied set
    name: Option<String>,
    /// Exit with 1 if a set is not ready, or with --drift if somebody changed it
    #[arg(long)]
    fail: bool,
    /// Tell which objects somebody changed or deleted since the last run
    #[arg(long)]
    drift: bool,
    /// Show it again whenever it changes, until interrupted; with --fail, until everything is ready
    #[arg(short, long)]
    watch: bool,
    /// How often --watch tells ages anew, and looks where changes cannot be watched
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "2s", hide_short_help = true)]
    interval: Duration,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { name, fail, drift, watch, interval, output } = args;
    if watch && interval.is_zero() {
        return Err(CliError::new(Code::Usage, "`--interval 0s` would never pause"));
    }
    let settings = StatusSettings { name, fail, drift, watch: watch.then_some(interval) };
    console.present(output.into_presentation(global.verbosity));
    crate::pipeline::status(&settings, &global.into_connection(), console)
}
