//! `PatchStrategicMergeTransformer`.

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use crate::draft::{Draft, DraftSet};
use crate::kustomization::Located;
use crate::kustomization::decode::record;
use crate::transform::TransformError;
use crate::transform::patches::{Loaded, PatchError};

record! {
    (pub(crate))
    /// Its configuration.
    PatchStrategicMergeTransformer {
        /// `paths`: files, or patches themselves
        paths: Vec<Located> = "paths",
        /// `patches`: patches themselves
        patches: Located = "patches",
    }
}

/// The patches it applies.
pub(super) struct Configured(Vec<Loaded>);

pub(super) fn configure(draft: &Draft, context: &Context<'_>) -> Result<Configured, PluginProblem> {
    let PatchStrategicMergeTransformer { paths, patches, mark: _ } = config::read(draft)?;
    if paths.is_empty() && patches.is_empty() {
        return Err(ConfigError::NoneOf { fields: &["paths", "patches"] }.into());
    }
    let mut loaded = Vec::new();
    for path in &paths {
        loaded.extend(Loaded::read_merge(path, context.loader).map_err(TransformError::from)?);
    }
    if !patches.is_empty() {
        loaded.extend(Loaded::read_inline_merge(&patches).map_err(TransformError::from)?);
    }
    if loaded.is_empty() {
        return Err(TransformError::from(PatchError::Empty { patch: "the list".to_owned() }).into());
    }
    Ok(Configured(loaded))
}

impl Transform for Configured {
    fn transform(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(self.0.iter().try_for_each(|patch| patch.apply_merge(set, context.tables.schema()))?)
    }
}
