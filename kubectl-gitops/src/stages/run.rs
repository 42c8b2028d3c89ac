//! One function over the built objects. Owns that each object keeps its origin, and what becomes of what the function refuses.

use std::collections::BTreeMap;

use krm::{Node, ObjectKey, Origin};
use krm_functions::{ConfigError, Finding, FunctionError, Registered, Severity};
use kustomize::Object;

use super::configs::{Config, Place};
use super::told::{StageTold, sentence};
use super::{Around, Stage};
use crate::error::{CliError, Code, Result};
use crate::source::Surroundings;

/// Most findings that one error lists.
const NOTES_MAX: usize = 50;

pub(super) fn stage(stage: Stage, objects: &mut Vec<Object>, around: &Around<'_>) -> Result<StageTold> {
    let Stage { function, config } = stage;
    let configured = function.configured(Some(&config.node)).map_err(|error| misconfigured(&error, &config))?;
    let tree = config.files();
    let inputs = Surroundings { tree: tree.as_ref(), env: around.env };
    let (mut items, origins): (Vec<Node>, Vec<Origin>) =
        std::mem::take(objects).into_iter().map(|object| (object.node, object.origin)).unzip();
    let keys: Vec<ObjectKey> = items.iter().map(Node::key).collect();
    let known = Known { keys, origins };
    let findings = configured.run(&mut items, &inputs).map_err(|error| refused(function.name, &error, &known))?;
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(failed(function.name, &findings, &known));
    }
    for item in &mut items {
        without_marks(item);
    }
    *objects = known.joined(items, &config);
    Ok(StageTold { name: function.name, by: config.described(), findings })
}

/// What generators tell kustomize: it has no meaning any more, because names are final here.
const MARKS: [&str; 2] = ["kustomize.config.k8s.io/needs-hash", "kustomize.config.k8s.io/behavior"];

fn without_marks(item: &mut Node) {
    let Some(metadata) = item.at_mut(&["metadata"]).and_then(Node::as_map_mut) else { return };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Node::as_map_mut) else { return };
    let before = annotations.len();
    annotations.entries.retain(|entry| !MARKS.contains(&entry.key.text.as_str()));
    if annotations.is_empty() && before > 0 {
        metadata.remove("annotations");
    }
}

/// Where the objects came from, before a function changed them.
struct Known {
    keys: Vec<ObjectKey>,
    origins: Vec<Origin>,
}

impl Known {
    fn origin(&self, key: &ObjectKey) -> Option<&Origin> {
        self.keys.iter().position(|known| known == key).map(|at| &self.origins[at])
    }

    /// The items with their origins: in their old places, else by name, else what the function made.
    fn joined(self, items: Vec<Node>, config: &Config) -> Vec<Object> {
        let made = match &config.place {
            Place::Object(origin) => Origin { file: format!("the function in {}", origin.file), ..origin.clone() },
            Place::Flags | Place::Default => Origin::default(),
        };
        let same_places = items.len() == self.keys.len();
        let by_key: BTreeMap<&ObjectKey, &Origin> = self.keys.iter().zip(&self.origins).rev().collect();
        let object = |(index, node): (usize, Node)| {
            let key = node.key();
            let in_place = self.keys.get(index).is_some_and(|known| same_places || *known == key);
            let origin = if in_place { self.origins.get(index) } else { by_key.get(&key).copied() };
            Object { node, origin: origin.cloned().unwrap_or_else(|| made.clone()) }
        };
        items.into_iter().enumerate().map(object).collect()
    }
}

/// A configuration, read as `make` reads it and held to its schema.
pub(super) fn configured<T>(
    config: &Config,
    make: impl FnOnce(&Node) -> std::result::Result<T, ConfigError>,
) -> Result<T> {
    let held = Registered::find(config.node.kind())
        .map_or(Ok(()), |function| function.configured(Some(&config.node)).map(drop));
    held.and_then(|()| make(&config.node)).map_err(|error| misconfigured(&error, config))
}

pub(super) fn misconfigured(error: &ConfigError, config: &Config) -> CliError {
    let kind = config.node.kind();
    let problems = error.problems();
    let text = match problems.as_slice() {
        [only] if only.path.is_empty() => only.message.clone(),
        _ => format!("the {kind} `{}` is not usable", config.node.name()),
    };
    let mut told = CliError::new(Code::Function, text);
    if problems.len() > 1 || problems.iter().any(|problem| !problem.path.is_empty()) {
        told = problems.iter().take(NOTES_MAX).fold(told, |told, problem| told.note(problem.to_string()));
    }
    match &config.place {
        Place::Object(origin) if Registered::find(kind).is_none() => told.at(origin),
        Place::Object(origin) => told.at(origin).hint(format!("`krm-functions docs {kind}` is its manual")),
        Place::Flags | Place::Default => told,
    }
}

fn refused(name: &str, error: &FunctionError, known: &Known) -> CliError {
    let told = CliError::new(Code::Function, error.clone());
    let told = told.note(format!("in the stage {name}"));
    match error.object().and_then(|object| known.origin(object)) {
        Some(origin) => told.at(origin),
        None => told,
    }
}

/// All that is wrong, at once.
fn failed(name: &str, findings: &[Finding], known: &Known) -> CliError {
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let place = |finding: &Finding| {
        let origin = known.origin(&finding.object)?.clone();
        Some(Origin { line: if finding.line > 0 { finding.line } else { origin.line }, ..origin })
    };
    let mut told = match errors.as_slice() {
        [only] => CliError::new(Code::Function, sentence(only)).note(format!("in the stage {name}")),
        several => CliError::new(Code::Function, format!("{} problems in the stage {name}", several.len())),
    };
    if let Some(origin) = errors.first().and_then(|finding| place(finding)) {
        told = told.at(&origin);
    }
    if errors.len() > 1 {
        for finding in errors.iter().take(NOTES_MAX) {
            let at = place(finding).map(|origin| format!(" ({origin})")).unwrap_or_default();
            told = told.note(format!("{}{at}", sentence(finding)));
        }
        if errors.len() > NOTES_MAX {
            told = told.note(format!("and {} more", errors.len() - NOTES_MAX));
        }
    }
    told
}
