//! The frame around a function: a ResourceList in, a ResourceList out, by the KRM Functions Specification v1. Owns the order of
//! things, what failure means in the protocol, and the results; pure, the executable reads and writes.

use krm::list::{FieldRef, FileRef, FnResult, ListError, ResourceList, ResourceRef, Severity as ListSeverity};
use krm::yaml::{EmitError, Limits, ParseError, parse_documents};
use krm::{Node, ObjectKey};
use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{ConfigError, Finding, Function, FunctionError, Inputs, Severity, from_config, from_name, orchestrator};

/// What a run wrote.
#[derive(Clone, PartialEq)]
pub struct Output {
    /// The list.
    pub text: String,
    /// For standard error: warnings, and the error if there is one.
    pub story: String,
    /// The function failed; the list says why.
    pub failed: bool,
    /// What its configuration is called; of none if there is none.
    pub config: Option<ObjectKey>,
    /// What it told, which is in the list, too.
    pub results: Vec<FnResult>,
}

/// The list may hold secrets.
impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("story", &self.story).field("failed", &self.failed).finish_non_exhaustive()
    }
}

/// Input that no function can work on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is no list.
    #[error("the input is not usable")]
    Read(#[source] ListError),
    /// The functionConfig of its own is no YAML.
    #[error("the functionConfig is not usable")]
    ReadConfig(#[source] ParseError),
    /// It is not one object.
    #[error("the functionConfig must be one object, there are {found}")]
    NotOneConfig {
        /// How many there are.
        found: usize,
    },
    /// The list has a functionConfig, too.
    #[error("the list has a functionConfig of its own: give no other")]
    TwoConfigs,
    /// The output cannot be written.
    #[error("the output cannot be written")]
    Write(#[source] EmitError),
}

/// Runs the function called `name`, or the one that the functionConfig means: `config`, or else the list's own. What the function
/// refuses, its configuration too, is a result in the output, whose items then are those of the input.
///
/// # Errors
/// The input is no list, `config` is not one object, or the output is none.
pub fn run(
    text: &str,
    name: Option<&str>,
    config: Option<&str>,
    inputs: &dyn Inputs,
    limits: &Limits,
) -> Result<Output, FrameError> {
    let mut list = ResourceList::read(text, "standard input", limits).map_err(FrameError::Read)?;
    let given = config.map(|text| config_of(text, limits)).transpose()?;
    if given.is_some() && list.function_config.is_some() {
        return Err(FrameError::TwoConfigs);
    }
    let config = given.as_ref().or(list.function_config.as_ref());
    let function = match name {
        Some(name) => from_name(name, config),
        None => from_config(config),
    };
    let known = config.map(Node::key);
    let mut story = String::new();
    let failed = match function {
        Err(error) => {
            let _infallible = writeln!(story, "error: {error}");
            list.results.extend(results_of_config(&error, config));
            true
        }
        Ok(function) => work(function.as_ref(), &mut list, inputs, &mut story),
    };
    let failed = failed || list.exit_code() != 0;
    let mut text = String::new();
    list.write(&mut text).map_err(FrameError::Write)?;
    Ok(Output { text, story, failed, config: known, results: list.results })
}

fn config_of(text: &str, limits: &Limits) -> Result<Node, FrameError> {
    let documents = parse_documents(text, "the functionConfig", limits).map_err(FrameError::ReadConfig)?;
    let mut objects: Vec<Node> =
        documents.into_iter().map(|document| document.root).filter(|root| root.as_map().is_some()).collect();
    match (objects.pop(), objects.len()) {
        (Some(config), 0) => Ok(config),
        (config, others) => Err(FrameError::NotOneConfig { found: others + usize::from(config.is_some()) }),
    }
}

/// Runs the function over the list's items; did it fail?
fn work(function: &dyn Function, list: &mut ResourceList, inputs: &dyn Inputs, story: &mut String) -> bool {
    let before = list.items.clone();
    let failed = match function.run(&mut list.items, inputs) {
        Ok(findings) => {
            let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
            // Where an object was called otherwise before, or is gone, it is found among those that came.
            let known = if findings.is_empty() { Known::default() } else { known(list.items.iter().chain(&before)) };
            let results: Vec<FnResult> = findings.iter().map(|finding| result_of(finding, &known)).collect();
            list.results.extend(results);
            for finding in findings.iter().filter(|finding| finding.severity != Severity::Info) {
                let _infallible = writeln!(story, "{}", told(finding));
            }
            failed
        }
        Err(error) => {
            list.results.push(failure_of(&error, &known(&before)));
            let _infallible = writeln!(story, "error: {}", describe(&error));
            true
        }
    };
    if failed {
        list.items = before;
    } else {
        orchestrator::keep_in_step(&before, &mut list.items);
    }
    failed
}

/// `warning: Secret/shop/db: …`
fn told(finding: &Finding) -> String {
    let severity = severity_of(finding.severity).as_str();
    match (finding.object.kind.is_empty(), finding.field.is_empty()) {
        (true, _) => format!("{severity}: {}", finding.message),
        (false, true) => format!("{severity}: {}: {}", finding.object, finding.message),
        (false, false) => format!("{severity}: {}: {}: {}", finding.object, finding.field, finding.message),
    }
}

/// An error with its causes, in one line.
pub fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _infallible = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

const fn severity_of(severity: Severity) -> ListSeverity {
    match severity {
        Severity::Error => ListSeverity::Error,
        Severity::Warning => ListSeverity::Warning,
        Severity::Info => ListSeverity::Info,
    }
}

/// Items by what they are called; the first of a name counts.
type Known<'n> = BTreeMap<ObjectKey, &'n Node>;

fn known<'n>(items: impl IntoIterator<Item = &'n Node>) -> Known<'n> {
    let mut known = Known::new();
    for item in items {
        known.entry(item.key()).or_insert(item);
    }
    known
}

fn result_of(finding: &Finding, items: &Known<'_>) -> FnResult {
    let result = FnResult { severity: Some(severity_of(finding.severity)), ..FnResult::new(finding.message.clone()) };
    about(result, Some(&finding.object), &finding.field, items)
}

fn failure_of(error: &FunctionError, items: &Known<'_>) -> FnResult {
    let result = FnResult { severity: Some(ListSeverity::Error), ..FnResult::new(describe(error)) };
    about(result, error.object(), error.field(), items)
}

fn results_of_config(error: &ConfigError, config: Option<&Node>) -> Vec<FnResult> {
    let items = known(config);
    let results = error.problems().into_iter().map(|problem| {
        let result = FnResult { severity: Some(ListSeverity::Error), ..FnResult::new(problem.message) };
        about(result, config.map(Node::key).as_ref(), &problem.path, &items)
    });
    results.collect()
}

/// Adds object, field and file to a result.
fn about(mut result: FnResult, object: Option<&ObjectKey>, field: &str, items: &Known<'_>) -> FnResult {
    if !field.is_empty() {
        result.field = Some(FieldRef { path: field.to_owned(), ..FieldRef::default() });
    }
    let Some(object) = object.filter(|object| !object.kind.is_empty()) else { return result };
    let item = items.get(object);
    result.resource_ref = Some(ResourceRef {
        api_version: item.map(|item| item.api_version().to_owned()).unwrap_or_default(),
        kind: object.kind.to_string(),
        name: object.name.to_string(),
        namespace: object.namespace.to_string(),
    });
    result.file =
        item.and_then(|item| orchestrator::file_of(item)).map(|(path, index)| FileRef { path: path.to_owned(), index });
    result
}
