//! `secrets check`.

use std::path::PathBuf;

use crate::error::Result;
use crate::pipeline::secrets::{self, Check};
use crate::report::Console;

/// Find Secrets that are not encrypted, and encrypted files that do not decrypt
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # A whole repository, in CI, where there is no key
  kubectl gitops secrets check --no-decrypt .

  # As a pre-commit hook: only what is about to be committed
  git diff --cached --name-only --diff-filter=d | xargs kubectl gitops secrets check

Looked for: manifests of Secrets with values that can be read; other files that a creation rule with a path_regex in .sops.yaml \
matches; files of SOPS that no key at hand opens or whose MAC does not match. A Secret may stay in the clear with the annotation \
`kubectl-gitops.dev/encrypt: disabled`; values that are one ${VARIABLE} count as none.

Exit codes: 0 nothing found, 1 something found, 2 not checked.")]
pub(super) struct Args {
    /// Directories and files
    #[arg(default_value = ".", value_name = "DIR|FILE")]
    paths: Vec<PathBuf>,
    /// Do not open what is encrypted
    #[arg(long, help_heading = "Options")]
    no_decrypt: bool,
    /// The rules, instead of the nearest .sops.yaml upwards in the repository
    #[arg(long, value_name = "FILE", help_heading = "Options")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: Args, console: &Console) -> Result<u8> {
    let Args { paths, no_decrypt, config } = args;
    secrets::check(&Check { paths, config, no_decrypt }, console)
}
