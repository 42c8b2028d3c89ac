//! `ReplacementTransformer`.

use super::super::{Context, PluginProblem, Transform, config};
use crate::draft::{Draft, DraftSet};
use crate::kustomization;
use crate::kustomization::decode::record;
use crate::replacement::{self, Failed, Replacement, Written};
use crate::transform::TransformError;

record! {
    (pub(crate))
    /// Its configuration.
    ReplacementTransformer {
        /// `replacements`
        replacements: Vec<kustomization::Replacement> = "replacements",
    }
}

/// The replacements it does.
pub(super) struct Configured(Vec<Replacement>);

pub(super) fn configure(draft: &Draft, context: &Context<'_>) -> Result<Configured, PluginProblem> {
    let ReplacementTransformer { replacements, mark: _ } = config::read(draft)?;
    let read = replacement::read(&replacements, Written::InObject, context.loader);
    Ok(Configured(read.map_err(|failed| TransformError::from(failed.into_error()))?))
}

impl Transform for Configured {
    fn transform(&self, set: &mut DraftSet, _context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(replacement::run(set, &self.0).map_err(Failed::into_error).map_err(TransformError::from)?)
    }
}
