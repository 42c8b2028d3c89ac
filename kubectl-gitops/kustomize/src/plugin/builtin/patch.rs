//! `PatchTransformer`.

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use crate::draft::{Draft, DraftSet};
use crate::kustomization::Patch;
use crate::transform::TransformError;
use crate::transform::patches::Loaded;

/// The patch it applies.
pub(super) struct PatchTransformer(Loaded);

pub(super) fn configure(draft: &Draft, context: &Context<'_>) -> Result<PatchTransformer, PluginProblem> {
    let patch: Patch = config::read(draft).map_err(|error: ConfigError| error)?;
    let loaded = Loaded::read(&patch, context.loader).map_err(TransformError::from)?;
    Ok(PatchTransformer(loaded))
}

impl Transform for PatchTransformer {
    fn transform(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(self.0.apply(set, context.tables.schema())?)
    }
}
