//! `PatchJson6902Transformer`.

use super::super::{Context, PluginProblem, Transform, config};
use crate::draft::{Draft, DraftSet};
use crate::kustomization::decode::record;
use crate::kustomization::{Located, Patch, Selector};
use crate::transform::TransformError;
use crate::transform::patches::Loaded;

record! {
    (pub(crate))
    /// Its configuration.
    PatchJson6902Transformer {
        /// `target`
        target: Option<Selector> = "target",
        /// `path`: the file that holds the patch
        path: Located = "path",
        /// `jsonOp`: the patch itself
        json_op: Located = "jsonOp",
    }
}

/// The patch it applies.
pub(super) struct Configured(Loaded);

pub(super) fn configure(draft: &Draft, context: &Context<'_>) -> Result<Configured, PluginProblem> {
    let PatchJson6902Transformer { target, path, json_op, mark } = config::read(draft)?;
    let patch = Patch { path, patch: json_op, target, options: None, mark };
    let loaded = Loaded::read_json(&patch, context.loader).map_err(TransformError::from)?;
    Ok(Configured(loaded))
}

impl Transform for Configured {
    fn transform(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(self.0.apply(set, context.tables.schema())?)
    }
}
