//! Functions that a kustomization lists and that ran while it was built, as data. Owns what is kept of them; must not know how it is told.

use std::path::{Path, PathBuf};

use krm::ObjectKey;
use krm::list::{FnResult, ResourceList, Severity};
use krm::yaml::Limits;
use krm_functions::Finding;
use krm_functions::frame::Output;
use kustomize::outside::{Process, Program};

/// One run of one function.
#[derive(Debug, Clone)]
pub struct FunctionRun {
    /// Its configuration, as kustomize has it.
    pub config: ObjectKey,
    /// The program that it is, if it is none of ours.
    pub program: Option<String>,
    /// The kustomization's directory.
    pub directory: Option<PathBuf>,
    /// What it told, about objects as they were called then. Of foreign functions nothing is kept: it may be secret.
    pub findings: Vec<Finding>,
}

impl FunctionRun {
    /// Of one of ours.
    pub(super) fn in_process(output: &Output, directory: &Path) -> Self {
        Self {
            config: output.config.clone().unwrap_or_default(),
            program: None,
            directory: Some(directory.to_owned()),
            findings: output.results.iter().map(finding_of).collect(),
        }
    }

    /// Of another program, if it is a function.
    pub(super) fn of_process(process: &Process) -> Option<Self> {
        let text = std::str::from_utf8(&process.stdin).ok()?;
        text.lines().take(4).find(|line| *line == "kind: ResourceList")?;
        let list = ResourceList::read(text, "", &Limits::default()).ok()?;
        let program = match &process.program {
            Program::Named(name) => name.clone(),
            Program::ContainerRuntime => "a container".to_owned(),
        };
        Some(Self {
            config: list.function_config.map(|config| config.key()).unwrap_or_default(),
            program: Some(program),
            directory: process.directory.clone(),
            findings: Vec::new(),
        })
    }
}

fn finding_of(result: &FnResult) -> Finding {
    let object = result.resource_ref.as_ref().map_or_else(ObjectKey::default, |about| {
        let group = about.api_version.split_once('/').map_or("", |(group, _)| group);
        ObjectKey::new(group, about.kind.as_str(), about.namespace.as_str(), about.name.as_str())
    });
    let field = result.field.as_ref().map(|field| field.path.clone()).unwrap_or_default();
    let make = match result.severity {
        Some(Severity::Error) => Finding::error,
        Some(Severity::Warning) => Finding::warning,
        Some(Severity::Info) | None => Finding::info,
    };
    make(object, field, result.message.clone())
}
