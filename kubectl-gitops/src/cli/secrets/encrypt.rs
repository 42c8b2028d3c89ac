//! `secrets encrypt`.

use std::path::PathBuf;

use krm_functions::sops::{Rule, SealPlan};

use super::FileArgs;
use crate::error::Result;
use crate::pipeline::secrets::{self, Encrypt};
use crate::report::Console;

/// Encrypt files with SOPS, for whom the nearest .sops.yaml says
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # In place, by the creation rules of .sops.yaml
  kubectl gitops secrets encrypt -i apps/db/secret.yaml

  # Without rules: for two people, and of a Secret only what is secret
  kubectl gitops secrets encrypt --age age1alice,age1bob --encrypted-regex '^data$' secret.yaml")]
pub(super) struct Args {
    #[command(flatten)]
    files: FileArgs,
    /// Recipients of age, instead of those of .sops.yaml: age1... or SSH public keys
    #[arg(long, value_name = "RECIPIENT,...", value_delimiter = ',', help_heading = "Options")]
    age: Vec<String>,
    /// Encrypt only what lies under keys that match
    #[arg(long, value_name = "REGEX", requires = "age", help_heading = "Options")]
    encrypted_regex: Option<String>,
    /// The rules, instead of the nearest .sops.yaml upwards in the repository
    #[arg(long, value_name = "FILE", conflicts_with = "age", help_heading = "Options")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: Args, console: &Console) -> Result<u8> {
    let destination = args.files.destination()?;
    let Args { files, age, encrypted_regex, config } = args;
    let plan = (!age.is_empty()).then(|| SealPlan {
        groups: vec![age],
        rule: encrypted_regex.map_or_else(Rule::default, Rule::EncryptedRegex),
        ..SealPlan::default()
    });
    secrets::encrypt(&Encrypt { files: files.files, destination, format: files.format, config, plan }, console)
}
