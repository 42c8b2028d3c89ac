//! The plugin: parse, run, exit code.

use std::process::ExitCode;

/// In place of musl's, which asks the kernel for pages so often that a build takes a third longer.
#[cfg(target_env = "musl")]
#[global_allocator]
static MEMORY: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    ExitCode::from(kubectl_gitops::cli::main(std::env::args_os().collect()))
}
