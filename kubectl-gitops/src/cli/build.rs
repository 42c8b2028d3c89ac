//! `build`: prints what `kustomize build` prints.

use std::path::PathBuf;

use crate::error::Result;
use crate::report::Console;

use super::global::GlobalArgs;
use super::input::InputArgs;

/// Build a kustomization, byte for byte as `kustomize build`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # Build the kustomization in the current directory
  kubectl gitops build

  # One file per object
  kubectl gitops build overlays/prod -o out/

  # What `apply` would send: plain directories work too, content hashes are in
  kubectl gitops build overlays/prod --rendered")]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// File to write, or an existing directory to write one file per object into
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
    /// Run the stages of ours that `diff` and `apply` run after the build
    #[arg(long)]
    rendered: bool,
}

pub(super) fn run(args: Args, _global: GlobalArgs, console: &Console) -> Result<u8> {
    let Args { input, output, rendered } = args;
    let settings = input.into_settings(Some("."))?;
    crate::pipeline::build(&settings, rendered, output.as_deref(), console)
}
