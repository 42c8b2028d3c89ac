//! Which `.sops.yaml` counts for a file: the nearest one upwards, within its repository. Owns the search; what rules say is
//! `krm_functions::sops`'.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use krm_functions::sops::{CreationRules, Indents, RulesProblem, SealPlan};

use crate::error::{CliError, Code, Place, Result};

/// Name of the file with the rules.
pub(super) const NAME: &str = ".sops.yaml";

/// Rules of a directory.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Where the file lies.
    pub(super) path: PathBuf,
    pub(super) rules: Rc<CreationRules>,
}

/// Every `.sops.yaml` that was looked at.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// The one that was named, instead of any search.
    named: Option<PathBuf>,
    by_directory: BTreeMap<PathBuf, Option<Found>>,
}

impl Rules {
    pub(super) fn new(named: Option<PathBuf>) -> Self {
        Self { named, by_directory: BTreeMap::new() }
    }

    /// How `file` is to be encrypted.
    pub(super) fn plan(&mut self, file: &Path) -> Result<SealPlan> {
        let absolute = absolute(file)?;
        let Some(found) = self.of(&absolute)? else {
            let text = format!("no {NAME} says for whom `{}` is to be encrypted", file.display());
            let hint = format!(
                "name recipients with --age, or write a {NAME} with creation rules at the top of the repository"
            );
            return Err(CliError::new(Code::Secrets, text).hint(hint));
        };
        let relative = found.relative(&absolute);
        found.rules.plan(&relative).map_err(|problem| found.failed(problem))
    }

    /// How `file` is to be encrypted for these recipients.
    pub(super) fn plan_for(&mut self, file: &Path, recipients: &[String]) -> Result<SealPlan> {
        let absolute = absolute(file)?;
        let Some(found) = self.of(&absolute)? else {
            return Ok(SealPlan { groups: vec![recipients.to_vec()], ..SealPlan::default() });
        };
        let plan = found.rules.plan_for(&found.relative(&absolute), recipients.to_vec());
        plan.map_err(|problem| found.failed(problem))
    }

    /// How `file` is to be laid out, whether rules are for it or not.
    pub(super) fn indents(&mut self, file: &Path) -> Result<Indents> {
        Ok(self.of(&absolute(file)?)?.map(|found| found.rules.indents()).unwrap_or_default())
    }

    /// The rules that count for a file, by its absolute path.
    pub(super) fn of(&mut self, file: &Path) -> Result<Option<Found>> {
        if let Some(named) = &self.named {
            let key = PathBuf::new();
            if !self.by_directory.contains_key(&key) {
                let found = read(&absolute(named)?)?;
                self.by_directory.insert(key.clone(), Some(found));
            }
            return Ok(self.by_directory[&key].clone());
        }
        self.upwards(file.parent().unwrap_or(file))
    }

    fn upwards(&mut self, directory: &Path) -> Result<Option<Found>> {
        if let Some(known) = self.by_directory.get(directory) {
            return Ok(known.clone());
        }
        let candidate = directory.join(NAME);
        let found = if candidate.is_file() {
            Some(read(&candidate)?)
        } else if directory.join(".git").exists() {
            // Rules of other repositories do not count.
            None
        } else {
            match directory.parent() {
                Some(parent) => self.upwards(parent)?,
                None => None,
            }
        };
        self.by_directory.insert(directory.to_owned(), found.clone());
        Ok(found)
    }
}

impl Found {
    /// The path that rules match: relative to their directory.
    pub(super) fn relative(&self, file: &Path) -> String {
        let base = self.path.parent().unwrap_or(&self.path);
        file.strip_prefix(base).unwrap_or(file).to_string_lossy().into_owned()
    }

    pub(super) fn failed(&self, problem: RulesProblem) -> CliError {
        failed(&self.path, problem)
    }
}

fn failed(path: &Path, problem: RulesProblem) -> CliError {
    CliError::new(Code::Secrets, problem).at(Place::file(path.to_string_lossy()))
}

fn read(path: &Path) -> Result<Found> {
    let content = super::file::read(path)?;
    let text = std::str::from_utf8(content.expose())
        .map_err(|_| CliError::new(Code::BadYaml, "it is not UTF-8").at(Place::file(path.to_string_lossy())))?;
    let rules = CreationRules::read(text).map_err(|problem| failed(path, problem))?;
    Ok(Found { path: path.to_owned(), rules: Rc::new(rules) })
}

/// With links followed as far as the path exists.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .map_err(|error| CliError::new(Code::Unreadable, format!("`{}` cannot be found: {error}", path.display())))
}
