//! `secrets`: files in and out of SOPS, and a check for what should be encrypted.

mod check;
mod decrypt;
mod encrypt;

use std::path::PathBuf;

use krm_functions::sops::Format;

use crate::error::{CliError, Code, Result};
use crate::pipeline::secrets::{Destination, Input};
use crate::report::Console;

/// Encrypt and decrypt files with SOPS, and find secrets that are not encrypted
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # Encrypt a Secret in place, for whom .sops.yaml says
  kubectl gitops secrets encrypt -i apps/db/secret.yaml

  # Read it
  kubectl gitops secrets decrypt apps/db/secret.yaml

  # Before a commit, and in CI
  kubectl gitops secrets check .")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Encrypt(encrypt::Args),
    Decrypt(decrypt::Args),
    Check(check::Args),
}

pub(super) fn run(args: Args, console: &Console) -> Result<u8> {
    match args.command {
        Command::Encrypt(args) => encrypt::run(args, console),
        Command::Decrypt(args) => decrypt::run(args, console),
        Command::Check(args) => check::run(args, console),
    }
}

/// Files, and where the result goes.
#[derive(Debug, clap::Args)]
struct FileArgs {
    /// Files; `-` is standard input
    #[arg(required = true, value_name = "FILE|-")]
    files: Vec<PathBuf>,
    /// Change the files themselves
    #[arg(short, long, help_heading = "Options")]
    in_place: bool,
    /// File to write; standard output if neither is given
    #[arg(short, long, value_name = "FILE", conflicts_with = "in_place", help_heading = "Options")]
    output: Option<PathBuf>,
    /// yaml, json, dotenv, ini or binary; by default what the file's name ends in says it
    #[arg(long = "type", value_name = "FORMAT", value_parser = format_of, help_heading = "Options")]
    format: Option<Format>,
    /// The name by which rules and the format are chosen, instead of the file's own; standard input has none
    #[arg(long, value_name = "NAME", help_heading = "Options")]
    filename_override: Option<PathBuf>,
    /// The rules, instead of the nearest .sops.yaml upwards in the repository
    #[arg(long, value_name = "FILE", help_heading = "Options")]
    config: Option<PathBuf>,
}

impl FileArgs {
    /// `by_rules`: the name is needed to find the rule.
    fn inputs(&self, by_rules: bool) -> Result<Vec<Input>> {
        let usage = |text: &str, hint: &str| Err(CliError::new(Code::Usage, text).hint(hint));
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        let stdin = self.files.iter().any(is_stdin);
        if stdin && self.in_place {
            return usage("standard input cannot be changed in place", "-o names a file for the result");
        }
        if self.filename_override.is_some() && self.files.len() > 1 {
            return usage("several files have no one name", "--filename-override is for one");
        }
        if stdin && self.filename_override.is_none() && (by_rules || self.format.is_none()) {
            return usage(
                "standard input has no name, by which its format and its rule are found",
                "--filename-override apps/db/secret.yaml gives it one; --type and --age do without",
            );
        }
        let input = |file: &PathBuf| Input {
            path: (!is_stdin(file)).then(|| file.clone()),
            name: self.filename_override.clone().unwrap_or_else(|| file.clone()),
        };
        Ok(self.files.iter().map(input).collect())
    }

    fn destination(&self) -> Result<Destination> {
        if self.in_place {
            return Ok(Destination::InPlace);
        }
        if self.files.len() > 1 {
            return Err(CliError::new(Code::Usage, "several files have no one result")
                .hint("--in-place changes the files themselves"));
        }
        Ok(self.output.clone().map_or(Destination::Stdout, Destination::File))
    }
}

fn format_of(word: &str) -> std::result::Result<Format, String> {
    match word {
        "yaml" => Ok(Format::Yaml),
        "json" => Ok(Format::Json),
        "dotenv" => Ok(Format::Dotenv),
        "ini" => Ok(Format::Ini),
        "binary" => Ok(Format::Binary),
        _ => Err(format!("`{word}` is not a format; there are yaml, json, dotenv, ini, binary")),
    }
}
