//! `DIR`, `-f`, `-k`, `-R`, `--url`: what a command reads.

use std::path::PathBuf;

use crate::error::{CliError, Code, Result};
use crate::settings::{BuildSettings, EngineSettings, Input, InputPart};

use super::engine::EngineArgs;
use super::remote::RemoteArgs;
use super::stages::StageArgs;

#[derive(Debug, clap::Args)]
pub(super) struct InputArgs {
    /// Directory with a kustomization, or with plain manifests
    #[arg(value_name = "DIR", conflicts_with_all = ["filename", "kustomize", "url"])]
    directory: Option<PathBuf>,
    /// File, directory, URL or `-` (standard input) with manifests; may be repeated
    #[arg(short, long, value_name = "FILE|-|URL", conflicts_with_all = ["kustomize", "url"], help_heading = "Input")]
    filename: Vec<String>,
    /// Directory that holds a kustomization
    #[arg(short = 'k', long, value_name = "DIR", conflicts_with = "url", help_heading = "Input")]
    kustomize: Option<PathBuf>,
    /// Descend into the directories given with -f
    #[arg(short = 'R', long, help_heading = "Input")]
    recursive: bool,
    #[command(flatten)]
    remote: RemoteArgs,
    #[command(flatten)]
    engine: EngineArgs,
    #[command(flatten)]
    stages: StageArgs,
}

impl InputArgs {
    /// The settings; without any input, `fallback` is read, where the command has one.
    pub(super) fn into_settings(self, fallback: Option<&str>, cache_dir: Option<PathBuf>) -> Result<BuildSettings> {
        let Self { directory, filename, kustomize, recursive, remote, engine, stages } = self;
        let remote = remote.into_settings(cache_dir.clone())?;
        // clap lets a requirement pass where the required flag would conflict with another argument.
        if recursive && filename.is_empty() {
            return Err(CliError::new(Code::Usage, "`-R` needs `--filename`: other input is recursive by itself"));
        }
        let mut parts: Vec<InputPart> = filename.into_iter().map(part_of).collect();
        if parts.iter().filter(|part| **part == InputPart::Stdin).count() > 1 {
            return Err(CliError::new(Code::Usage, "`-f -` can be given only once"));
        }
        parts.extend(kustomize.map(InputPart::Kustomization));
        parts.extend(
            directory
                .or_else(|| (parts.is_empty() && remote.is_none()).then(|| fallback.map(PathBuf::from))?)
                .map(InputPart::Directory),
        );
        if parts.is_empty() && remote.is_none() {
            return Err(CliError::new(Code::NoInput, "nothing to work on was given")
                .hint("give a directory (`kubectl gitops apply DIR`), `-k DIR`, `-f FILE` or `--url URL`"));
        }
        Ok(BuildSettings {
            input: Input { parts, recursive },
            engine: EngineSettings { cache_dir, ..engine.into_settings() },
            stages: stages.into_settings(),
            remote,
        })
    }
}

fn part_of(text: String) -> InputPart {
    if text == "-" {
        InputPart::Stdin
    } else if text.starts_with("http://") || text.starts_with("https://") {
        InputPart::Url(text)
    } else {
        InputPart::File(text.into())
    }
}
