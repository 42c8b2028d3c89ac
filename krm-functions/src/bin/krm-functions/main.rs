//! `krm-functions`: runs one function over the ResourceList on standard input. The function is named by the functionConfig, by
//! the first argument, or by the name under which this program is called; `kustomize` and `kpt` call it without arguments.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the executable is the one place that reaches the machine for the functions"
)]

mod command;
mod machine;

use std::ffi::OsString;
use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use krm::yaml::Limits;
use krm_functions::{FUNCTIONS, Registered, frame};

use machine::Machine;

/// In place of musl's, which asks the kernel for pages all the time.
#[cfg(target_env = "musl")]
#[global_allocator]
static MEMORY: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

const USAGE: &str = "krm-functions: KRM functions over a ResourceList on standard input

Usage:
  krm-functions <LIST >LIST                the kind of the list's functionConfig says which function runs
  krm-functions FUNCTION <LIST >LIST       the list may be a plain stream of manifests, too
  krm-functions FUNCTION CONFIG <… >…      with the functionConfig from a file
  krm-functions schema KIND                JSON Schema of a functionConfig
  krm-functions docs [KIND]                the manual, in Markdown
  krm-functions version

Under the name of a function, as a link, this program is that function. It ends with 1 if the function fails; the results in the
list, and standard error, say why. Files that a functionConfig names are read in and below the working directory only.
";

/// What the arguments ask for.
enum Wish {
    Run { function: Option<String>, config: Option<String> },
    Tell(String),
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    let wish = match texts(arguments) {
        Ok(words) => wish(called_as(&called), &words),
        Err(problem) => Err(problem),
    };
    match wish {
        Ok(Wish::Tell(text)) => say(&text),
        Ok(Wish::Run { function, config }) => run(function.as_deref(), config.as_deref()),
        Err(problem) => refuse(&problem),
    }
}

fn texts(arguments: impl Iterator<Item = OsString>) -> Result<Vec<String>, String> {
    arguments.map(|word| word.into_string().map_err(|_| "an argument is not UTF-8 text".to_owned())).collect()
}

/// The function that a link to this program is named after.
fn called_as(program: &OsString) -> Option<&'static Registered> {
    let name = Path::new(program).file_stem()?.to_str()?;
    FUNCTIONS.iter().find(|function| function.name == name)
}

fn wish(called: Option<&'static Registered>, words: &[String]) -> Result<Wish, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let named = called.map(|function| function.name.to_owned());
    match words.as_slice() {
        [] => Ok(Wish::Run { function: named, config: None }),
        ["-h" | "--help"] if called.is_some() => Ok(Wish::Tell(called.map(|f| f.docs.to_owned()).unwrap_or_default())),
        ["-h" | "--help" | "help"] => Ok(Wish::Tell(help())),
        ["-V" | "--version" | "version"] => {
            Ok(Wish::Tell(concat!("krm-functions ", env!("CARGO_PKG_VERSION"), "\n").to_owned()))
        }
        ["docs"] => Ok(Wish::Tell(FUNCTIONS.iter().map(|function| function.docs).collect::<Vec<_>>().join("\n"))),
        ["docs" | "help", word] | [word, "-h" | "--help"] => Ok(Wish::Tell(find(word)?.docs.to_owned())),
        ["schema", word] => Ok(Wish::Tell(find(word)?.schema.to_owned())),
        ["schema"] => Err(format!("`schema` needs a kind: {}", known(|function| function.kind))),
        [flag, ..] if flag.starts_with('-') => Err(format!("unexpected argument `{flag}`")),
        [config] if named.is_some() => Ok(Wish::Run { function: named, config: Some((*config).to_owned()) }),
        [word] => Ok(Wish::Run { function: Some((*word).to_owned()), config: None }),
        [word, config] if named.is_none() && !config.starts_with('-') => {
            Ok(Wish::Run { function: Some((*word).to_owned()), config: Some((*config).to_owned()) })
        }
        [.., extra] => Err(format!("unexpected argument `{extra}`")),
    }
}

fn help() -> String {
    let list: Vec<String> = FUNCTIONS
        .iter()
        .map(|function| format!("  {:<17}{:<17}{}\n", function.name, function.kind, function.summary))
        .collect();
    format!(
        "{USAGE}\nFunctions, and the kinds of their functionConfigs ({}):\n{}",
        krm_functions::registry::API_VERSION,
        list.concat()
    )
}

fn find(word: &str) -> Result<&'static Registered, String> {
    Registered::find(word)
        .ok_or_else(|| format!("there is no function `{word}`; there are {}", known(|function| function.name)))
}

fn known(word: impl Fn(&Registered) -> &'static str) -> String {
    FUNCTIONS.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn run(function: Option<&str>, config: Option<&str>) -> ExitCode {
    if let Some(name) = function
        && let Err(problem) = find(name)
    {
        return refuse(&problem);
    }
    if std::io::stdin().is_terminal() {
        complain("reading a list from the terminal; `krm-functions --help` says more");
    }
    let ran = read().and_then(|text| {
        let config = config.map(machine::config_file).transpose()?;
        let limits = Limits::default();
        frame::run(&text, function, config.as_deref(), &Machine::here()?, &limits)
            .map_err(|error| frame::describe(&error))
    });
    match ran {
        Err(problem) => refuse(&problem),
        Ok(output) => {
            for line in output.story.lines() {
                complain(line);
            }
            let said = say(&output.text);
            if output.failed { ExitCode::FAILURE } else { said }
        }
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
        // Whoever asked has heard enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => refuse(&format!("cannot write standard output: {error}")),
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
