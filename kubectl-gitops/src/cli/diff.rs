//! `diff`: what `apply` would do, stopped before the first write.

use crate::error::Result;
use crate::report::Console;
use crate::settings::{DiffSettings, OutputFormat, Reload};

use super::flags::{OutputArgs, PlanArgs};
use super::global::GlobalArgs;
use super::input::InputArgs;

/// Show what apply would change, prune and restart
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl gitops diff overlays/prod
  kubectl gitops diff -f manifests.yaml --name demo

  # Two states of a Git repository, without a cluster
  kubectl gitops diff overlays/prod --against main

  # What another branch would do to this cluster
  kubectl gitops diff --url https://git.example.com/home.git --branch feature --path overlays/prod

  # As a comment for a pull request
  kubectl gitops diff overlays/prod -o markdown >comment.md

  # With a program of your own, as for `kubectl diff`
  KUBECTL_EXTERNAL_DIFF='diff -u' kubectl gitops diff overlays/prod

  # For scripts: 0 no differences, 1 differences, more is an error
  kubectl gitops diff overlays/prod >changes.txt; echo $?")]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Compare with another commit of the Git repository around the directory (a branch, tag or commit, `main~2`) in place of the
    /// cluster, which is not asked; with --url, with a branch or tag there
    #[arg(long, value_name = "REF", value_parser = clap::builder::NonEmptyStringValueParser::new(), help_heading = "Plan")]
    against: Option<String>,
    /// Show it as `diff -u` does, object by object
    #[arg(short, long, conflicts_with = "output", help_heading = "Output")]
    unified: bool,
    /// Write to the terminal without a pager
    #[arg(long, help_heading = "Output")]
    no_pager: bool,
}

/// The pager of this program, before everybody's.
const PAGER_VARIABLES: [&str; 2] = ["KUBECTL_GITOPS_PAGER", "PAGER"];
const PAGER: &str = "less";
/// As for `kubectl diff`.
const EXTERNAL_VARIABLE: &str = "KUBECTL_EXTERNAL_DIFF";

/// As git does: a variable that is empty says that there is none.
fn pager() -> String {
    PAGER_VARIABLES.iter().find_map(|name| std::env::var(name).ok()).unwrap_or_else(|| PAGER.to_owned())
}

pub(super) fn run(args: Args, global: GlobalArgs, console: &mut Console) -> Result<u8> {
    let Args { input, plan, output, against, unified, no_pager } = args;
    let mut build = input.into_settings(None, global.cache_dir.clone())?;
    let mut presentation = output.into_presentation(global.verbosity);
    let people = matches!(presentation.output, None | Some(OutputFormat::Wide));
    presentation.pager = (people && !no_pager).then(pager);
    let external = std::env::var(EXTERNAL_VARIABLE).ok();
    let show = DiffSettings {
        against,
        unified,
        external: external.filter(|command| presentation.output.is_none() && !command.trim().is_empty()),
    };
    console.present(presentation);
    let settings = plan.into_settings();
    build.stages.without_hashes = settings.reload == Reload::Off;
    crate::pipeline::diff(&build, &settings, &show, &global.into_connection(), console)
}
