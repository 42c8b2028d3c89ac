//! `secrets decrypt`.

use super::FileArgs;
use crate::error::Result;
use crate::pipeline::secrets::{self, Decrypt};
use crate::report::Console;

/// Decrypt files of SOPS, with the keys that sops would find
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # To standard output
  kubectl gitops secrets decrypt apps/db/secret.yaml

  # As it was in an earlier commit
  git show HEAD~3:secret.yaml | kubectl gitops secrets decrypt --filename-override secret.yaml -

  # With a key of one's own
  SOPS_AGE_KEY_FILE=key.txt kubectl gitops secrets decrypt -o plain.yaml secret.yaml

Keys are looked for in SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, ~/.config/sops/age/keys.txt, \
SOPS_AGE_SSH_PRIVATE_KEY_FILE, SOPS_AGE_SSH_PRIVATE_KEY_CMD, ~/.ssh/id_ed25519 and ~/.ssh/id_rsa, PGP keys \
in the file that KUBECTL_GITOPS_PGP_KEY_FILE names.")]
pub(super) struct Args {
    #[command(flatten)]
    files: FileArgs,
    /// Decrypt what was changed since it was encrypted, with a warning
    #[arg(long, help_heading = "Options")]
    ignore_mac: bool,
}

pub(super) fn run(args: Args, console: &Console) -> Result<u8> {
    let destination = args.files.destination()?;
    let inputs = args.files.inputs(false)?;
    let Args { files: FileArgs { format, config, .. }, ignore_mac } = args;
    secrets::decrypt(&Decrypt { inputs, destination, format, config, ignore_mac }, console)
}
