//! `completion SHELL`, and the shim that kubectl calls as `kubectl_complete-gitops`.

use std::ffi::OsString;
use std::io::Write;

use clap_complete::aot::Shell;

use crate::error::{Result, exit};
use crate::report::Console;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "kubectl completes `kubectl gitops …` by itself when `kubectl_complete-gitops` is on the PATH: a link to this binary.\n\
The script is for those who call `kubectl-gitops` directly.\n\n\
Examples:\n  source <(kubectl gitops completion bash)\n  ln -s \"$(command -v kubectl-gitops)\" ~/.local/bin/kubectl_complete-gitops"
)]
pub(super) struct Args {
    /// Shell to print for
    shell: Shell,
}

pub(super) fn run(args: &Args, mut command: clap::Command, console: &Console) -> Result<u8> {
    let mut script = Vec::new();
    command = command.bin_name("kubectl-gitops");
    clap_complete::aot::generate(args.shell, &mut command, "kubectl-gitops", &mut script);
    console.result(&script)?;
    Ok(exit::DONE)
}

/// Cobra's directive for "there is more to say than the file system": files may complete too.
const DIRECTIVE_DEFAULT: &str = ":0";

/// Candidates for the last of `args` (the words typed so far, after the program's name), one per line with its description,
/// and cobra's directive last: what kubectl expects from `kubectl_complete-NAME`.
pub(super) fn shim(mut command: clap::Command, args: Vec<OsString>) -> u8 {
    let words = if args.len() < 2 { vec![OsString::from("kubectl-gitops"), OsString::new()] } else { args };
    let index = words.len() - 1;
    let here = std::env::current_dir().ok();
    let candidates = clap_complete::engine::complete(&mut command, words, index, here.as_deref()).unwrap_or_default();
    let mut text = String::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.is_hide_set()) {
        text.push_str(&candidate.get_value().to_string_lossy());
        if let Some(help) = candidate.get_help() {
            text.push('\t');
            text.push_str(help.to_string().lines().next().unwrap_or_default());
        }
        text.push('\n');
    }
    text.push_str(DIRECTIVE_DEFAULT);
    text.push('\n');
    // A shell that no longer listens is not an error.
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) | Err(_) => exit::DONE,
    }
}
