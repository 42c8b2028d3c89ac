//! `krm-functions`: runs one function over the ResourceList on standard input. The function is named by the functionConfig,
//! or by the first argument; `kustomize` and `kpt` call it without arguments.

#![expect(clippy::disallowed_methods, reason = "the executable is the one place that reads its arguments")]

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use krm::yaml::Limits;
use krm_functions::{NoInputs, frame};

const USAGE: &str = "krm-functions: KRM functions over a ResourceList on standard input

Usage: krm-functions [FUNCTION] <LIST >LIST

Without FUNCTION, the kind of the list's functionConfig says which one runs. The input may also be a stream of manifests.
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next();
    match (name.as_deref(), arguments.next()) {
        (Some("-h" | "--help" | "help"), _) => {
            let functions = krm_functions::FUNCTIONS
                .iter()
                .map(|f| format!("  {:<14}{}\n", f.name, f.summary))
                .collect::<Vec<_>>()
                .concat();
            return say(&format!("{USAGE}\nFunctions:\n{functions}"));
        }
        (Some("-V" | "--version" | "version"), _) => {
            return say(concat!("krm-functions ", env!("CARGO_PKG_VERSION"), "\n"));
        }
        (_, Some(extra)) => return refuse(&format!("unexpected argument `{extra}`")),
        (Some(flag), None) if flag.starts_with('-') => return refuse(&format!("unexpected argument `{flag}`")),
        (_, None) => {}
    }
    match read() {
        Err(error) => refuse(&error),
        Ok(text) => match frame::run(&text, name.as_deref(), &NoInputs, &Limits::default()) {
            Err(error) => refuse(&frame::describe(&error)),
            Ok(output) => {
                for line in output.story.lines() {
                    complain(line);
                }
                let said = say(&output.text);
                if output.failed { ExitCode::FAILURE } else { said }
            }
        },
    }
}

/// At most as much as the YAML reader accepts.
fn read() -> Result<String, String> {
    let limit = Limits::default().bytes_max as u64 + 1;
    let mut text = String::new();
    let read = std::io::stdin().lock().take(limit).read_to_string(&mut text);
    read.map(|_| text).map_err(|error| format!("cannot read standard input: {error}"))
}

fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn refuse(text: &str) -> ExitCode {
    complain(&format!("error: {text}"));
    ExitCode::FAILURE
}

fn complain(line: &str) {
    // Nobody may be listening; the exit code says the same.
    drop(writeln!(std::io::stderr(), "{line}"));
}
