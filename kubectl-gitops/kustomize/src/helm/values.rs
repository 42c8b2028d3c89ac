//! The values that a chart is rendered with: those of a file, those of the kustomization, or both, merged one way or the other.
//! Owns that choice; what helm does with them is its own affair.

use std::path::Path;

use krm::Node;
use krm::yaml::{Limits, emit_build, parse_documents};

use super::HelmError;
use crate::kustomization::HelmChart;
use crate::kustomization::decode::in_json_words;
use crate::load::{Loader, relative};
use crate::merge::strategic;
use crate::schema::Schema;

/// The text of the values file that helm gets.
pub(super) fn text(chart: &HelmChart, directory: &Path, loader: &Loader<'_>) -> Result<String, HelmError> {
    let read = || {
        let own = relative(loader.root(), &directory.join("values.yaml")).display().to_string();
        let path = if chart.values_file.is_empty() { own.as_str() } else { &*chart.values_file };
        loader.read_text(path).map_err(|source| HelmError::Values { chart: chart.name.clone(), source })
    };
    let inline = chart.values_inline.as_ref().map(|values| in_json_words(values.0.clone()));
    let Some(inline) = inline.filter(|values| values.as_map().is_some_and(|map| !map.is_empty())) else {
        return read().map(std::borrow::Cow::into_owned);
    };
    if chart.values_merge == "replace" {
        return written(chart, &inline);
    }
    let own = parsed(chart, &read()?)?;
    let (mut under, over) = if chart.values_merge == "merge" { (inline, own) } else { (own, inline) };
    strategic(&Schema::builtin(), &mut under, &over, false)
        .map_err(|source| HelmError::Merge { chart: chart.name.clone(), source })?;
    written(chart, &under)
}

fn parsed(chart: &HelmChart, text: &str) -> Result<Node, HelmError> {
    let documents = parse_documents(text, "values", &Limits::default())
        .map_err(|source| HelmError::ValuesText { chart: chart.name.clone(), source })?;
    let first = documents.into_iter().next().map(|document| document.root);
    first
        .filter(|root| !root.is_null() || root.as_str().is_some_and(|text| !text.is_empty()))
        .ok_or_else(|| HelmError::NoValues { chart: chart.name.clone() })
}

fn written(chart: &HelmChart, values: &Node) -> Result<String, HelmError> {
    let mut text = String::new();
    emit_build(values, &mut text).map_err(|source| HelmError::Write { chart: chart.name.clone(), source })?;
    Ok(text)
}
