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

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use krm_functions::sops::{self, Format, MacState, SealPlan};

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

/// What `encrypt` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encrypt {
    /// Files.
    pub(crate) files: Vec<PathBuf>,
    /// Where to.
    pub(crate) destination: Destination,
    /// The format, if not the one that the name means.
    pub(crate) format: Option<Format>,
    /// The rules, if not those found upwards.
    pub(crate) config: Option<PathBuf>,
    /// Recipients instead of rules.
    pub(crate) plan: Option<SealPlan>,
}

/// What `decrypt` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decrypt {
    /// Files.
    pub(crate) files: Vec<PathBuf>,
    /// Where to.
    pub(crate) destination: Destination,
    /// The format, if not the one that the name means.
    pub(crate) format: Option<Format>,
    /// Take what a MAC says is changed.
    pub(crate) ignore_mac: bool,
}

/// Encrypts files. All are read and sealed before one is written.
pub(crate) fn encrypt(wish: &Encrypt, console: &Console) -> Result<u8> {
    let mut rules = rules::Rules::new(wish.config.clone());
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut sealed = Vec::new();
    for path in &wish.files {
        let plan = match &wish.plan {
            Some(plan) => plan.clone(),
            None => rules.plan(path)?,
        };
        let content = file::read(path)?;
        let format = wish.format.unwrap_or_else(|| Format::of_name(&path.to_string_lossy()));
        let mut random = |out: &mut [u8]| getrandom::fill(out).expect("the operating system gives random bytes");
        let bytes = sops::seal(content.expose(), format, &plan, &now, &mut random)
            .map_err(|problem| failed("encrypted", path, problem))?;
        sealed.push((path, bytes));
    }
    for (path, bytes) in sealed {
        deliver(path, &bytes, &wish.destination, console)?;
    }
    Ok(exit::DONE)
}

/// Decrypts files. All are opened before one is written.
pub(crate) fn decrypt(wish: &Decrypt, console: &Console) -> Result<u8> {
    let keyring = keys::keyring();
    let mut opened = Vec::new();
    for path in &wish.files {
        let content = file::read(path)?;
        let format = wish.format.unwrap_or_else(|| Format::of_name(&path.to_string_lossy()));
        let plain = sops::open(content.expose(), format, format, &keyring)
            .map_err(|problem| failed("decrypted", path, problem))?;
        if let MacState::Not(problem) = plain.mac {
            if !wish.ignore_mac {
                return Err(failed("decrypted", path, *problem)
                    .hint("look at what was changed; --ignore-mac decrypts it nevertheless"));
            }
            console.warn(&format!("`{}`: {problem}", path.display()));
        }
        opened.push((path, plain.bytes));
    }
    for (path, bytes) in opened {
        deliver(path, bytes.expose(), &wish.destination, console)?;
    }
    Ok(exit::DONE)
}

fn deliver(path: &Path, bytes: &[u8], destination: &Destination, console: &Console) -> Result<()> {
    match destination {
        Destination::Stdout => console.result(bytes),
        Destination::InPlace => file::replace(path, bytes),
        Destination::File(target) => file::write(target, bytes),
    }
}

fn failed(done: &str, path: &Path, problem: impl std::error::Error + Send + Sync + 'static) -> CliError {
    let text = format!("`{}` cannot be {done}", path.display());
    CliError::new(Code::Secrets, Failed { text, source: Box::new(problem) }).at(Place::file(path.to_string_lossy()))
}

#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Failed {
    text: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}
