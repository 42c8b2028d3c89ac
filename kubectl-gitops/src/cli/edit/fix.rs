//! `edit fix`

use crate::pipeline::amend::Wish;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # bases, imageTags, patchesJson6902, patchesStrategicMerge, commonLabels, env, helmChartInflationGenerator
  kubectl gitops edit fix")]
pub(super) struct Args {
    /// Convert `vars` to `replacements`, too: refused where there are any, as it would change resource files
    #[arg(long)]
    vars: bool,
}

impl Args {
    pub(super) fn into_wish(self) -> Wish {
        Wish::Fix { vars: self.vars }
    }
}
