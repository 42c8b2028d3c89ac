//! `secrets encrypt`.

use krm_functions::sops::Rule;

use super::FileArgs;
use crate::error::Result;
use crate::pipeline::secrets::{self, Encrypt};
use crate::report::Console;

/// Encrypt files with SOPS, for whom the nearest .sops.yaml says
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # In place, by the creation rules of .sops.yaml
  kubectl gitops secrets encrypt -i apps/db/secret.yaml

  # What another program prints, as if it were that file
  make-secret | kubectl gitops secrets encrypt --filename-override apps/db/secret.yaml -o apps/db/secret.yaml -

  # Without rules: for two people, and of a Secret only what is secret
  kubectl gitops secrets encrypt --age age1alice,age1bob --encrypted-regex '^data$' secret.yaml")]
pub(super) struct Args {
    #[command(flatten)]
    files: FileArgs,
    /// Recipients of age, instead of those of .sops.yaml (the rest of whose rule counts): age1... or SSH public keys
    #[arg(long, value_name = "RECIPIENT,...", value_delimiter = ',', help_heading = "Options")]
    age: Vec<String>,
    /// Encrypt only what lies under keys that match, whatever .sops.yaml says of that
    #[arg(long, value_name = "REGEX", help_heading = "Options")]
    encrypted_regex: Option<String>,
}

pub(super) fn run(args: Args, console: &Console) -> Result<u8> {
    let destination = args.files.destination()?;
    let inputs = args.files.inputs(args.age.is_empty())?;
    let Args { files: FileArgs { format, config, .. }, age, encrypted_regex } = args;
    let rule = encrypted_regex.map(Rule::EncryptedRegex);
    secrets::encrypt(&Encrypt { inputs, destination, format, config, age, rule }, console)
}
