//! `delete`: an apply of nothing, then the inventory goes too.

use crate::error::Result;
use crate::report::Console;
use crate::settings::RunSettings;

use super::flags::{ExecuteArgs, OutputArgs};
use super::global::GlobalArgs;

/// Delete an applied set: its objects in reverse order, then its inventory
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl gitops delete demo
  kubectl gitops delete demo -n shop --wait
  kubectl gitops delete demo --dry-run=client")]
pub(super) struct Args {
    /// Name of the applied set, as `status` lists it
    name: String,
    #[command(flatten)]
    execute: ExecuteArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Namespace of the inventory; default: wherever one of this name is found
    #[arg(long, value_name = "NAME")]
    inventory_namespace: Option<String>,
    /// Kind to delete although it is protected: namespace, crd, pvc or pv; may be repeated
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    allow_delete: Vec<String>,
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { name, execute, output, inventory_namespace, allow_delete } = args;
    console.present(output.into_presentation(global.verbosity));
    let settings = RunSettings {
        name: Some(name),
        inventory_namespace,
        allow_delete: allow_delete.into_iter().map(|kind| kind.to_ascii_lowercase()).collect(),
        ..RunSettings::default()
    };
    crate::pipeline::delete(&execute.extend(settings), &global.into_connection(), console)
}
