//! `helmCharts`: charts rendered by a real helm, as kustomize has it done. Owns which commands are run with which values, and what
//! becomes of what helm prints. Must not know how processes are run, nor how a chart works.

mod command;
mod error;
mod values;

use krm::yaml::{Limits, parse_documents};
use krm::{Node, Origin};

pub use error::HelmError;

use crate::draft::{Draft, take_bookkeeping};
use crate::kustomization::{HelmChart, HelmGlobals};
use crate::load::{Kind, Loader, relative};
use crate::resources::{ResourceError, read_drafts, validate};
use command::Helm;

/// What the caller decides about helm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelmOptions {
    /// May it be run?
    pub enabled: bool,
    /// The program.
    pub command: String,
    /// API versions that charts are told of, where the kustomization says none.
    pub api_versions: Vec<String>,
    /// The version of Kubernetes that charts are told, where the kustomization says none.
    pub kube_version: String,
    /// Should helm tell more?
    pub debug: bool,
}

impl Default for HelmOptions {
    fn default() -> Self {
        let command = "helm".to_owned();
        Self { enabled: false, command, api_versions: Vec::new(), kube_version: String::new(), debug: false }
    }
}

/// A chart with everything that is said about it, checked.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    said: HelmChart,
    globals: HelmGlobals,
    options: HelmOptions,
}

const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

impl Chart {
    /// Checks what is said about a chart: nothing is run yet.
    ///
    /// # Errors
    /// helm is not enabled, something is missing, or a further file of values cannot be read.
    pub(crate) fn new(
        mut chart: HelmChart,
        globals: HelmGlobals,
        options: &HelmOptions,
        loader: &Loader<'_>,
    ) -> Result<Self, HelmError> {
        if !options.enabled {
            return Err(HelmError::NotEnabled);
        }
        if options.command.is_empty() {
            return Err(HelmError::NoCommand);
        }
        if chart.name.is_empty() {
            return Err(HelmError::NoName);
        }
        // What the kustomization says wins over the command line.
        if chart.kube_version.is_empty() {
            chart.kube_version.clone_from(&options.kube_version);
        }
        if chart.api_versions.is_empty() {
            chart.api_versions.clone_from(&options.api_versions);
        }
        chart.debug |= options.debug;
        for file in &chart.additional_values_files {
            let unread = |source| HelmError::Values { chart: chart.name.clone(), source };
            loader.read(file).map_err(unread)?;
        }
        if !["", "merge", "override", "replace"].contains(&chart.values_merge.as_str()) {
            return Err(HelmError::ValuesMerge { found: chart.values_merge });
        }
        Ok(Self { said: chart, globals, options: options.clone() })
    }

    /// What the chart renders to.
    ///
    /// # Errors
    /// helm cannot be run or fails, or prints something else than resources.
    pub(crate) fn render(&self, loader: &Loader<'_>, origin: &Origin) -> Result<Vec<Draft>, HelmError> {
        let helm = Helm::new(&self.said, &self.globals, &self.options, loader);
        helm.check_version()?;
        let path = helm.chart_path();
        if loader.kind_of(&path) != Kind::Directory {
            if self.said.repo.is_empty() {
                return Err(HelmError::NoChart { path: relative(loader.root(), &path).display().to_string() });
            }
            helm.pull()?;
        }
        if self.said.name.contains('/') {
            return Err(HelmError::NameWithSlash { name: self.said.name.clone() });
        }
        let values = values::text(&self.said, &helm.chart_path(), loader)?;
        let output = helm.template(&values)?;
        let chart = || self.said.name.clone();
        let text = String::from_utf8(output).map_err(|_| HelmError::NotText { chart: chart() })?;
        let mut drafts =
            resources(&text, &self.said.name).map_err(|source| HelmError::Output { chart: chart(), source })?;
        for draft in &mut drafts {
            draft.origin =
                Origin { file: format!("the chart `{}` of {}", self.said.name, origin.file), ..origin.clone() };
            draft.from_helm = true;
            draft.keep_annotations();
        }
        Ok(drafts)
    }
}

/// The resources in what helm printed. What is refused as a file of resources gets a second chance, with fewer demands: lists stay
/// as they are.
fn resources(text: &str, chart: &str) -> Result<Vec<Draft>, ResourceError> {
    let file = format!("the chart `{chart}`");
    let first = match read_drafts(text, &file) {
        Ok(drafts) => return Ok(drafts),
        Err(error) => error,
    };
    let documents = parse_documents(text, &file, &Limits::default())?;
    let mut drafts = Vec::with_capacity(documents.len());
    let mut any = false;
    for document in documents.into_iter().filter(|document| !document.root.is_null()) {
        any = true;
        let empty = document.root.as_map().is_some_and(krm::Mapping::is_empty);
        let origin = Origin { file: file.clone(), document: document.index, line: document.line };
        if empty {
            continue;
        }
        validate(&document.root, &origin)?;
        let local = document.root.at(&["metadata", "annotations", LOCAL_CONFIG]).map(Node::as_str);
        if local.is_some_and(|value| value != Some("false")) {
            continue;
        }
        let mut draft = Draft::new(document.root, origin);
        take_bookkeeping(&mut draft);
        drafts.push(draft);
    }
    if any { Ok(drafts) } else { Err(first) }
}
