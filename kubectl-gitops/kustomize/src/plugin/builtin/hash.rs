//! `HashTransformer`: puts hashes into names now. They are put there once more at the end, as in kustomize.

use super::super::{Context, PluginProblem, Transform};
use crate::draft::DraftSet;
use crate::transform::{TransformError, hashes};

/// It has no configuration.
pub(super) struct HashTransformer;

impl Transform for HashTransformer {
    fn transform(&self, set: &mut DraftSet, _context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(hashes::append(set).map_err(TransformError::from)?)
    }
}
