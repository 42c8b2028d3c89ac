//! Flags for our stages, the same for `build --rendered`, `diff` and `apply`.

use std::path::PathBuf;

use krm::Masked;

use crate::settings::StageSettings;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Stages")]
pub(super) struct StageArgs {
    /// File with age identities that open what SOPS encrypted; default: as sops finds them (SOPS_AGE_KEY_FILE, …)
    #[arg(long, value_name = "FILE")]
    age_key_file: Option<PathBuf>,
    /// Open what SOPS encrypted even if its checksum (MAC) does not match
    #[arg(long, hide_short_help = true)]
    ignore_mac: bool,
    /// Variable for `${NAME}` in manifests; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    substitute: Vec<Variable>,
    /// Variables from a file of NAME=VALUE lines, or of ConfigMaps and Secrets (*.yaml, *.json), encrypted or not; may be repeated,
    /// the later wins
    #[arg(long, value_name = "FILE")]
    substitute_from: Vec<PathBuf>,
    /// Take variables that are not set as empty, as Flux does, instead of refusing them
    #[arg(long, hide_short_help = true)]
    substitute_lenient: bool,
    /// File with the seed from which a SecretGenerator derives values; default: KUBECTL_GITOPS_SEED_FILE
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    seed_file: Option<PathBuf>,
}

/// `NAME=VALUE`
#[derive(Debug, Clone)]
struct Variable(String, Masked<String>);

fn variable(text: &str) -> Result<Variable, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Variable(name.to_owned(), Masked::new(value.to_owned()))),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

impl StageArgs {
    pub(super) fn into_settings(self) -> StageSettings {
        let Self { age_key_file, ignore_mac, substitute, substitute_from, substitute_lenient, seed_file } = self;
        StageSettings {
            age_key_file,
            ignore_mac,
            seed_file,
            substitute: substitute.into_iter().map(|Variable(name, value)| (name, value)).collect(),
            substitute_from,
            substitute_lenient,
            without_hashes: false,
        }
    }
}
