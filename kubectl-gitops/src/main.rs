//! The plugin: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(kubectl_gitops::cli::main(std::env::args_os().collect()))
}
