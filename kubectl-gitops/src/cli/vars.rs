//! `vars`: which variables a tree uses, and which have no value.

use crate::error::Result;
use crate::report::Console;

use super::global::GlobalArgs;
use super::input::InputArgs;

/// List the variables that manifests use, where, and which have no value
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # Which variables does this tree use, and which have no value
  kubectl gitops vars overlays/prod

  # With values that Flux has in the cluster
  kubectl gitops vars overlays/prod --substitute-from prod.env

  # For programs
  kubectl gitops vars overlays/prod -o json

A state is `set`, `default` (that stands in), `unset`, `left` (as it is: the dialect `typed` fills in declared names only) or `unused`.
Exit code 1: a variable is unset, or a source of values cannot be read.")]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Form of the result
    #[arg(short, long, value_name = "FORMAT", value_parser = ["table", "json"], default_value = "table", help_heading = "Output")]
    output: String,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &Console) -> Result<u8> {
    let Args { input, output } = args;
    let settings = input.into_settings(Some("."), global.cache_dir.clone())?;
    crate::pipeline::vars(&settings, output == "json", &global.into_connection(), console)
}
