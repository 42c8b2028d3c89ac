//! `labels` and `commonLabels`. Owns which places one item of `labels` goes to.

use std::collections::BTreeMap;

use super::{TransformError, pairs};
use crate::draft::DraftSet;
use crate::fieldspec::{Spec, merge_all, merge_one};
use crate::kustomization::LabelPairs;

/// The specifications that an item of `labels` may need.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// `labels` of `configurations`
    pub labels: &'a [Spec],
    /// Metadata, selectors and templates
    pub common_labels: &'a [Spec],
    /// Metadata and templates
    pub template_labels: &'a [Spec],
}

/// The places for an item: its own `fields`, then by its flags.
///
/// # Errors
/// One of `fields` contradicts a built-in one.
pub fn places(item: &LabelPairs, tables: Tables<'_>) -> Result<Vec<Spec>, TransformError> {
    let mut specs: Vec<Spec> = item.fields.iter().map(Spec::from).collect();
    merge_all(&mut specs, tables.labels.iter().cloned())?;
    if item.include_selectors {
        merge_all(&mut specs, tables.common_labels.iter().cloned())?;
    } else {
        if item.include_templates {
            merge_all(&mut specs, tables.template_labels.iter().cloned())?;
        }
        merge_one(&mut specs, Spec::new("", "", "", "metadata/labels", true))?;
    }
    Ok(specs)
}

/// Puts labels at their places.
///
/// # Errors
/// A place is no map.
pub fn put(drafts: &mut DraftSet, labels: &BTreeMap<String, String>, specs: &[Spec]) -> Result<(), TransformError> {
    pairs::put(drafts, labels, specs)
}
