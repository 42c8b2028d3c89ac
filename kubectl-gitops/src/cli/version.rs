//! `version`: what this binary is, and on request what the cluster is.

use crate::error::{CliError, Code, Result, exit};
use crate::report::Console;
use crate::settings::OutputFormat;

use super::flags::choice;

/// The release whose output `build` reproduces byte for byte.
const KUSTOMIZE_VERSION: &str = "5.8.1";

/// Show the version
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  kubectl gitops version\n  kubectl gitops version -o json")]
pub(super) struct Args {
    /// Form of the result
    #[arg(short, long, value_name = "FORMAT", value_parser = choice::<OutputFormat>(&["json", "yaml"]))]
    output: Option<OutputFormat>,
}

pub(super) fn run(args: &Args, console: &Console) -> Result<u8> {
    let version = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "kustomizeCompatibility": KUSTOMIZE_VERSION,
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    });
    let text = match args.output {
        None => format!(
            "kubectl-gitops {} (builds as kustomize {}, {}/{})\n",
            env!("CARGO_PKG_VERSION"),
            KUSTOMIZE_VERSION,
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
        Some(OutputFormat::Yaml) => {
            let mut text = String::new();
            krm::yaml::emit_build(&krm::yaml::from_json(&version), &mut text)
                .map_err(|error| CliError::new(Code::Bug, error))?;
            text
        }
        Some(_) => format!("{version:#}\n"),
    };
    console.result(text.as_bytes())?;
    Ok(exit::DONE)
}
