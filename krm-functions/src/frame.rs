//! The frame around a function: a ResourceList in, a ResourceList out. Owns the order of things and what failure means in
//! the protocol; pure, the executable reads and writes.

use krm::list::{FieldRef, FnResult, ListError, ResourceList, ResourceRef, Severity as ListSeverity};
use krm::yaml::{EmitError, Limits};
use krm::{Gvk, Node};
use std::fmt::Write as _;

use crate::{ConfigError, Finding, Function, FunctionError, Inputs, Severity, from_config, from_name};

/// What a run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The list.
    pub text: String,
    /// For standard error: warnings, and the error if there is one.
    pub story: String,
    /// The function failed; the list says why.
    pub failed: bool,
}

/// Input that no function can work on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is no list.
    #[error("the input is not usable")]
    Read(#[source] ListError),
    /// It names no function, or configures it wrongly.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The output cannot be written.
    #[error("the output cannot be written")]
    Write(#[source] EmitError),
}

/// Runs the function called `name`, or the one that the list's functionConfig means.
///
/// # Errors
/// The input is no list, or means no function. What the function itself refuses is a result in the output.
pub fn run(text: &str, name: Option<&str>, inputs: &dyn Inputs, limits: &Limits) -> Result<Output, FrameError> {
    let mut list = ResourceList::read(text, "standard input", limits).map_err(FrameError::Read)?;
    let config = list.function_config.as_ref();
    let function: Box<dyn Function> = match name {
        // A functionConfig of somebody else (kpt passes a ConfigMap) configures nothing of ours.
        Some(name) => from_name(name, config.filter(|config| is_ours(config)))?,
        None => from_config(config)?,
    };
    let mut story = String::new();
    let failed = match function.run(&mut list.items, inputs) {
        Ok(findings) => {
            for finding in findings {
                if finding.severity != Severity::Info {
                    let _infallible =
                        writeln!(story, "{}: {}: {}", word(finding.severity), finding.object, finding.message);
                }
                list.results.push(result_of(&finding, &list.items));
            }
            false
        }
        Err(error) => {
            let _infallible = writeln!(story, "error: {}", describe(&error));
            list.results.push(failure_of(&error, &list.items));
            true
        }
    };
    let failed = failed || list.exit_code() != 0;
    let mut text = String::new();
    list.write(&mut text).map_err(FrameError::Write)?;
    Ok(Output { text, story, failed })
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

fn is_ours(config: &Node) -> bool {
    let api_version = config.api_version();
    api_version.split_once('/').is_some_and(|(group, _)| group == crate::registry::GROUP)
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn result_of(finding: &Finding, items: &[Node]) -> FnResult {
    let severity = match finding.severity {
        Severity::Error => ListSeverity::Error,
        Severity::Warning => ListSeverity::Warning,
        Severity::Info => ListSeverity::Info,
    };
    let field = (!finding.field.is_empty()).then(|| FieldRef { path: finding.field.clone(), ..FieldRef::default() });
    FnResult {
        severity: Some(severity),
        resource_ref: Some(reference(&finding.object, items)),
        field,
        ..FnResult::new(finding.message.clone())
    }
}

fn failure_of(error: &FunctionError, items: &[Node]) -> FnResult {
    let field = (!error.field().is_empty()).then(|| FieldRef { path: error.field().to_owned(), ..FieldRef::default() });
    FnResult {
        severity: Some(ListSeverity::Error),
        resource_ref: error.object().map(|object| reference(object, items)),
        field,
        ..FnResult::new(describe(error))
    }
}

/// The object by name, with the API version in which it stands in the list.
fn reference(object: &krm::ObjectKey, items: &[Node]) -> ResourceRef {
    let text = |item: &Node, path: &[&str]| item.str_at(path).unwrap_or_default().to_owned();
    let is_it = |item: &&Node| {
        let gvk = Gvk::from_api_version(&text(item, &["apiVersion"]), &text(item, &["kind"]));
        gvk.group == object.group
            && gvk.kind == object.kind
            && text(item, &["metadata", "name"]) == object.name
            && text(item, &["metadata", "namespace"]) == object.namespace
    };
    ResourceRef {
        api_version: items.iter().find(is_it).map(|item| text(item, &["apiVersion"])).unwrap_or_default(),
        kind: object.kind.to_string(),
        name: object.name.to_string(),
        namespace: object.namespace.to_string(),
    }
}
