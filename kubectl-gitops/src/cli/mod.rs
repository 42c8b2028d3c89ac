//! The command line: arguments in, exit code out. The only room that knows clap; nobody imports it.

mod apply;
mod build;
mod completion;
mod delete;
mod diff;
mod edit;
mod engine;
mod explain;
mod flags;
mod global;
mod input;
mod install;
mod remote;
mod secrets;
mod stages;
mod status;
mod sync;
mod uninstall;
mod usage;
mod vars;
mod version;

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error;
use crate::report::Console;

const LONG_ABOUT: &str = "GitOps for small clusters without controllers: builds a directory of manifests, compares it with a \
cluster, applies what differs and prunes what is gone. All state is one ConfigMap per applied set.";

const EXAMPLES: &str = "Examples:
  # What would change, and what would restart
  kubectl gitops diff overlays/prod

  # Apply it, and wait until everything is ready
  kubectl gitops apply overlays/prod --wait

  # The same from a Git repository: what a CronJob runs
  kubectl gitops sync --url https://git.example.com/home.git --path apps

  # What is applied in this cluster, and is it healthy
  kubectl gitops status

  # Exactly `kustomize build`, without kustomize
  kubectl gitops build overlays/prod

Exit codes:
  0  done, or no differences       4  timed out waiting for readiness
  1  some objects failed;          5  another run holds the lock
     diff: there are differences   6  cluster or source unreachable
  2  usage or build error          70  a bug
  3  refused, nothing written      130, 143  interrupted";

/// GitOps for small clusters without controllers
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-gitops",
    long_about = LONG_ABOUT,
    after_help = EXAMPLES,
    version,
    disable_help_subcommand = false,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 120
)]
struct Cli {
    #[command(flatten)]
    global: global::GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::Args),
    Edit(edit::Args),
    Diff(diff::Args),
    Apply(apply::Args),
    Sync(Box<sync::Args>),
    Delete(delete::Args),
    Status(status::Args),
    Install(Box<install::Args>),
    Uninstall(uninstall::Args),
    Secrets(secrets::Args),
    Vars(vars::Args),
    Version(version::Args),
    Completion(completion::Args),
    Explain(explain::Args),
}

/// Runs the command line `args` (with the program's name first) and returns the exit code.
pub fn main(args: Vec<OsString>) -> u8 {
    let program = args.first().map(|arg| file_name(arg)).unwrap_or_default();
    if program == "kubectl_complete-gitops" {
        return completion::shim(command(&program), args);
    }
    let console = Console::from_environment();
    let parsed = command(&program).try_get_matches_from(args).and_then(|found| Cli::from_arg_matches(&found));
    match parsed {
        Ok(cli) => run(cli, console),
        Err(error) => usage::end(&error, &console),
    }
}

fn run(cli: Cli, console: Console) -> u8 {
    let Cli { global, command } = cli;
    let mut console = console.with_verbosity(global.verbosity);
    let result = dispatch(global, command, &mut console);
    match result {
        Ok(code) => code,
        Err(error) => console.fail(&error),
    }
}

fn dispatch(global: global::GlobalArgs, command: Command, console: &mut Console) -> error::Result<u8> {
    match command {
        Command::Build(args) => build::run(args, global, console),
        Command::Edit(args) => edit::run(args, console),
        Command::Diff(args) => diff::run(args, global, console),
        Command::Apply(args) => apply::run(args, global, console),
        Command::Sync(args) => sync::run(*args, global, console),
        Command::Delete(args) => delete::run(args, global, console),
        Command::Status(args) => status::run(args, global, console),
        Command::Install(args) => install::run(*args, global, console),
        Command::Uninstall(args) => uninstall::run(args, global, console),
        Command::Secrets(args) => secrets::run(args, console),
        Command::Vars(args) => vars::run(args, global, console),
        Command::Version(args) => version::run(&args, console),
        Command::Completion(args) => completion::run(&args, self::command("kubectl-gitops"), console),
        Command::Explain(args) => explain::run(&args, console),
    }
}

/// The clap command, named as it was called: kubectl starts plugins by their file name, `kubectl-gitops`.
fn command(program: &str) -> clap::Command {
    let command = Cli::command();
    if program.starts_with("kubectl-") || program.starts_with("kubectl_") {
        command.bin_name("kubectl gitops").display_name("kubectl gitops")
    } else {
        command
    }
}

fn file_name(arg: &OsStr) -> String {
    let name = Path::new(arg).file_name().unwrap_or(arg).to_string_lossy().into_owned();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}
