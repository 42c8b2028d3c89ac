//! `build`: prints what `kustomize build` prints.

use std::path::PathBuf;

use crate::error::{CliError, Code, Result};
use crate::pipeline::BuildForm;
use crate::report::Console;
use crate::settings::Reorder;

use super::flags::choice;
use super::global::GlobalArgs;
use super::input::InputArgs;

/// Build a kustomization, byte for byte as `kustomize build`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # Build the kustomization in the current directory
  kubectl gitops build

  # One file per object
  kubectl gitops build overlays/prod -o out/

  # Charts of helmCharts, and functions that are programs
  kubectl gitops build overlays/prod --enable-helm
  kubectl gitops build overlays/prod --enable-alpha-plugins --enable-exec

  # What `apply` would send: plain directories work too, content hashes are in
  kubectl gitops build overlays/prod --rendered

  # What each stage did to which object, and why, in place of the objects
  kubectl gitops build overlays/prod --explain")]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// File to write, or an existing directory to write one file per object into
    #[arg(short, long, value_name = "FILE|DIR", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Order of the output; deprecated, as in kustomize: `sortOptions` of the kustomization says it
    #[arg(long, value_name = "ORDER", value_parser = choice::<Reorder>(Reorder::WORDS), hide_short_help = true, help_heading = "Kustomization")]
    reorder: Option<Reorder>,
    /// Label every object as managed by kustomize; deprecated, as in kustomize: `buildMetadata: [managedByLabel]` says it
    #[arg(long, hide_short_help = true, help_heading = "Kustomization")]
    enable_managedby_label: bool,
    /// Run the stages of ours that `diff` and `apply` run after the build
    #[arg(long, help_heading = "Output")]
    rendered: bool,
    /// Tell, per object, what each of our stages did and why, in place of printing the objects; implies --rendered
    #[arg(long, help_heading = "Output", conflicts_with = "output")]
    explain: bool,
}

/// Says as `on` what `--enable-managedby-label` says.
const MANAGED_BY_VARIABLE: &str = "KUSTOMIZE_ENABLE_MANAGEDBY_LABEL";

pub(super) fn run(args: Args, global: GlobalArgs, console: &Console) -> Result<u8> {
    let Args { input, output, reorder, enable_managedby_label, rendered, explain } = args;
    let mut settings = input.into_settings(Some("."), global.cache_dir.clone())?;
    let rendered = rendered || explain;
    if settings.stages.any() && !rendered {
        let text = "flags for stages need `--rendered`: without it the output is that of `kustomize build`";
        return Err(CliError::new(Code::Usage, text));
    }
    if reorder.is_some() {
        console.warn("`--reorder` is deprecated, use `sortOptions` of the kustomization");
    }
    if enable_managedby_label {
        console.warn(
            "`--enable-managedby-label` is deprecated, use `buildMetadata: [managedByLabel]` of the kustomization",
        );
    }
    settings.engine.reorder = reorder;
    settings.engine.managed_by_label =
        enable_managedby_label || std::env::var_os(MANAGED_BY_VARIABLE).is_some_and(|value| value == "on");
    let form = match (explain, rendered) {
        (true, _) => BuildForm::Explained,
        (false, true) => BuildForm::Rendered,
        (false, false) => BuildForm::Plain,
    };
    crate::pipeline::build(&settings, form, output.as_deref(), &global.into_connection(), console)
}
