//! The transformers of one kustomization, in order. Owns that order and which fields they change; must not know how any of
//! them works.

use krm::Mark;

use crate::draft::DraftSet;
use crate::kustomization::Kustomization;
use crate::load::Loader;

/// Which fields transformers change.
#[derive(Debug, Default)]
pub(crate) struct Tables;

/// A transformer cannot do what it is told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TransformError {}

impl TransformError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        None
    }
}

/// A transformer cannot do what it is told, and where it was told.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: TransformError,
    pub(crate) field: String,
    pub(crate) mark: Mark,
}

/// Runs them over `drafts`.
pub(crate) fn run(
    drafts: &mut DraftSet,
    k: &Kustomization,
    tables: &Tables,
    loader: &Loader<'_>,
) -> Result<(), Failed> {
    let _ = (drafts, k, tables, loader);
    Ok(())
}
