//! `status`: the applied sets of a cluster, or one of them as a tree.

use crate::error::Result;
use crate::report::Console;

use super::flags::OutputArgs;
use super::global::GlobalArgs;

/// Show the applied sets, or one of them in detail
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl gitops status
  kubectl gitops status demo
  kubectl gitops status -o json
  kubectl gitops status --fail     # exit 1 if something is not ready, for checks")]
pub(super) struct Args {
    /// Name of one applied set
    name: Option<String>,
    /// Exit with 1 if a set is not ready
    #[arg(long)]
    fail: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { name, fail, output } = args;
    console.present(output.into_presentation(global.verbosity));
    crate::pipeline::status(name.as_deref(), fail, &global.into_connection(), console)
}
