//! `secrets`: files in and out of SOPS, and what in a tree should be encrypted and is not. Owns the order of steps; what SOPS files are is
//! `krm_functions::sops`'.
//!
//! ```text
//! encrypt: rules → read → seal → write      decrypt: keys → read → open → write      check: walk → rules, plain, keys → tell
//! ```

mod check;
mod file;
mod keys;
mod plain;
mod rules;

use std::path::PathBuf;

use jiff::Timestamp;
use krm::Masked;
use krm_functions::sops::{self, Format, MacState, Rule};

use crate::error::{CliError, Code, Place, Result, exit};
use crate::report::Console;

pub(crate) use check::{Check, check};

/// Where a result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Standard output.
    Stdout,
    /// The file it came from.
    InPlace,
    /// Another file.
    File(PathBuf),
}

/// What is read, and the name that rules and formats go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// `None`: standard input.
    pub(crate) path: Option<PathBuf>,
    /// The path, or what the user says it is.
    pub(crate) name: PathBuf,
}

impl Input {
    fn read(&self) -> Result<Masked<Vec<u8>>> {
        self.path.as_ref().map_or_else(file::read_stdin, |path| file::read(path))
    }

    fn format(&self, wish: Option<Format>) -> Format {
        wish.unwrap_or_else(|| Format::of_name(&self.name.to_string_lossy()))
    }

    fn failed(&self, done: &str, problem: impl std::error::Error + Send + Sync + 'static) -> CliError {
        let (text, place) = match &self.path {
            Some(path) => (format!("`{}` cannot be {done}", path.display()), path.to_string_lossy()),
            None => (format!("{} cannot be {done}", file::STDIN), file::STDIN.into()),
        };
        CliError::new(Code::Secrets, Failed { text, source: Box::new(problem) }).at(Place::file(place))
    }
}

/// What `encrypt` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encrypt {
    /// Files.
    pub(crate) inputs: Vec<Input>,
    /// Where to.
    pub(crate) destination: Destination,
    /// The format, if not the one that the name means.
    pub(crate) format: Option<Format>,
    /// The rules, if not those found upwards.
    pub(crate) config: Option<PathBuf>,
    /// Recipients instead of those of the rules.
    pub(crate) age: Vec<String>,
    /// What is encrypted, instead of what the rules say.
    pub(crate) rule: Option<Rule>,
}

/// What `decrypt` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decrypt {
    /// Files.
    pub(crate) inputs: Vec<Input>,
    /// Where to.
    pub(crate) destination: Destination,
    /// The format, if not the one that the name means.
    pub(crate) format: Option<Format>,
    /// `.sops.yaml`, which says how a result is laid out, if not the one found upwards.
    pub(crate) config: Option<PathBuf>,
    /// Take what a MAC says is changed.
    pub(crate) ignore_mac: bool,
}

/// Encrypts files. All are read and sealed before one is written.
pub(crate) fn encrypt(wish: &Encrypt, console: &Console) -> Result<u8> {
    let mut rules = rules::Rules::new(wish.config.clone());
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut sealed = Vec::new();
    for input in &wish.inputs {
        let mut plan = match wish.age.as_slice() {
            [] => rules.plan(&input.name)?,
            recipients => rules.plan_for(&input.name, recipients)?,
        };
        if let Some(rule) = &wish.rule {
            plan.rule = rule.clone();
        }
        let content = input.read()?;
        let mut random = |out: &mut [u8]| getrandom::fill(out).expect("the operating system gives random bytes");
        let bytes = sops::seal(content.expose(), input.format(wish.format), &plan, &now, &mut random)
            .map_err(|problem| input.failed("encrypted", problem))?;
        sealed.push((input, bytes));
    }
    for (input, bytes) in sealed {
        deliver(input, &bytes, &wish.destination, console)?;
    }
    Ok(exit::DONE)
}

/// Decrypts files. All are opened before one is written.
pub(crate) fn decrypt(wish: &Decrypt, console: &Console) -> Result<u8> {
    let mut rules = rules::Rules::new(wish.config.clone());
    let keyring = keys::keyring();
    let mut opened = Vec::new();
    for input in &wish.inputs {
        let indents = rules.indents(&input.name)?;
        let content = input.read()?;
        let format = input.format(wish.format);
        let plain = sops::open_with(content.expose(), format, format, &keyring, indents)
            .map_err(|problem| input.failed("decrypted", problem))?;
        if let MacState::Not(problem) = plain.mac {
            if !wish.ignore_mac {
                return Err(input
                    .failed("decrypted", *problem)
                    .hint("look at what was changed; --ignore-mac decrypts it nevertheless"));
            }
            let shown = input.path.as_ref().map_or(file::STDIN.to_owned(), |path| format!("`{}`", path.display()));
            console.warn(&format!("{shown}: {problem}"));
        }
        opened.push((input, plain.bytes));
    }
    for (input, bytes) in opened {
        deliver(input, bytes.expose(), &wish.destination, console)?;
    }
    Ok(exit::DONE)
}

fn deliver(input: &Input, bytes: &[u8], destination: &Destination, console: &Console) -> Result<()> {
    match (destination, &input.path) {
        (Destination::InPlace, Some(path)) => file::replace(path, bytes),
        (Destination::Stdout | Destination::InPlace, _) => console.result(bytes),
        (Destination::File(target), _) => file::write(target, bytes),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Failed {
    text: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}
