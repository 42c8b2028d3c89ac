//! `check`: what in a tree is in the clear and should not be, and what is encrypted and does not open. Owns what is looked at and how it is
//! told; must not change anything.

use std::fmt;
use std::path::{Path, PathBuf};

use krm_functions::sops::{self, Format, Keyring, MacState};
use walkdir::{DirEntry, WalkDir};

use super::plain::{self, Content};
use super::rules::{self, Rules};
use super::{file, keys};
use crate::error::{CliError, Code, Place, Result, exit};
use crate::report::Console;
use crate::source::KUSTOMIZATION_NAMES;

/// What `check` was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// Directories and files.
    pub(crate) paths: Vec<PathBuf>,
    /// The rules, if not those found upwards.
    pub(crate) config: Option<PathBuf>,
    /// Do not open what is encrypted.
    pub(crate) no_decrypt: bool,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    file: String,
    /// From 1; 0 for the whole file.
    line: u32,
    what: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Place { file: self.file.clone(), line: self.line, column: 0 };
        write!(f, "{place}: {}", self.what)
    }
}

/// What was seen on the way.
#[derive(Debug, Default)]
struct Seen {
    found: Vec<Found>,
    files: usize,
    encrypted: usize,
    templates: usize,
}

/// Tells everything that is wrong, one line each; exit code 1 if there is anything.
pub(crate) fn check(wish: &Check, console: &Console) -> Result<u8> {
    let mut rules = Rules::new(wish.config.clone());
    let keyring = (!wish.no_decrypt).then(keys::keyring);
    if keyring.as_ref().is_some_and(Keyring::is_empty) {
        console.warn(
            "there is no key at hand: encrypted files are not opened (--no-decrypt says the same without this warning)",
        );
    }
    let keyring = keyring.filter(|keyring| !keyring.is_empty());
    let mut seen = Seen::default();
    for path in &wish.paths {
        for entry in walk(path) {
            let entry = entry.map_err(|error| CliError::new(Code::Unreadable, error))?;
            if entry.file_type().is_file() {
                look(entry.path(), &mut rules, keyring.as_ref(), &mut seen)?;
            }
        }
    }
    seen.found.sort();
    seen.found.dedup();
    for found in &seen.found {
        console.result(format!("{found}\n").as_bytes())?;
    }
    console.tell(&summary(&seen));
    Ok(if seen.found.is_empty() { exit::DONE } else { exit::PARTIAL })
}

fn summary(seen: &Seen) -> String {
    let templates = match seen.templates {
        0 => String::new(),
        count => format!(", {count} that are no YAML not looked into"),
    };
    format!("{} files, {} encrypted{templates}, {} to look at\n", seen.files, seen.encrypted, seen.found.len())
}

/// In order of names; not into what git keeps for itself.
fn walk(path: &Path) -> impl Iterator<Item = walkdir::Result<DirEntry>> + use<> {
    let is_git = |entry: &DirEntry| entry.depth() > 0 && entry.file_name() == ".git";
    WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(move |entry| !is_git(entry))
}

fn look(path: &Path, rules: &mut Rules, keyring: Option<&Keyring>, seen: &mut Seen) -> Result<()> {
    seen.files += 1;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let size = path.metadata().map_or(0, |found| found.len());
    // What is larger than an encrypted file can be is no secret that somebody forgot.
    if name == rules::NAME || size > sops::SIZE_MAX as u64 {
        return Ok(());
    }
    let shown = path.strip_prefix("./").unwrap_or(path).to_string_lossy().into_owned();
    let mut tell = |line, what: String| seen.found.push(Found { file: shown.clone(), line, what });
    let content = file::read(path)?;
    let bytes = content.expose();
    let format = Format::of_name(&name);
    if format.marks(bytes) {
        seen.encrypted += 1;
        if let Some(keyring) = keyring
            && let Some(what) = fails_to_open(bytes, format, keyring)
        {
            tell(0, what);
        }
        return Ok(());
    }
    let is_manifest_format = matches!(format, Format::Yaml | Format::Json);
    let looked = match std::str::from_utf8(bytes) {
        Ok(text) if is_manifest_format => plain::look(text),
        _ => Content::Other,
    };
    match looked {
        Content::Manifests(secrets) => {
            for secret in secrets {
                tell(secret.line, format!("Secret {} is not encrypted: {}", secret.name, secret.keys.join(", ")));
            }
        }
        Content::Unreadable => seen.templates += 1,
        Content::Other if bytes.is_empty() || KUSTOMIZATION_NAMES.contains(&name.as_str()) => {}
        Content::Other => {
            let absolute = rules::absolute(path)?;
            let Some(found) = rules.of(&absolute)? else { return Ok(()) };
            let named = found.rules.names(&found.relative(&absolute)).map_err(|problem| found.failed(problem))?;
            if let Some(line) = named {
                let rule = format!("{}:{line}", found.path.display());
                tell(0, format!("is not encrypted, although {rule} says for whom it is to be"));
            }
        }
    }
    Ok(())
}

fn fails_to_open(bytes: &[u8], format: Format, keyring: &Keyring) -> Option<String> {
    let problem = match sops::open(bytes, format, format, keyring) {
        Ok(opened) => match opened.mac {
            MacState::Verified => return None,
            MacState::Not(problem) => *problem,
        },
        Err(problem) => problem,
    };
    Some(format!("does not decrypt: {problem}"))
}
