//! `AnnotationsTransformer`.

use std::collections::BTreeMap;

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use super::specs;
use crate::draft::{Draft, DraftSet};
use crate::kustomization::FieldSpec;
use crate::kustomization::decode::record;
use crate::transform::annotations;

record! {
    (pub(crate))
    /// Its configuration.
    AnnotationsTransformer {
        /// `annotations`
        annotations: BTreeMap<String, String> = "annotations",
        /// `fieldSpecs`: where they are put
        field_specs: Vec<FieldSpec> = "fieldSpecs",
    }
}

impl AnnotationsTransformer {
    pub(super) fn configure(draft: &Draft) -> Result<Self, ConfigError> {
        config::read(draft)
    }
}

impl Transform for AnnotationsTransformer {
    fn transform(&self, set: &mut DraftSet, _context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(annotations::put(set, &self.annotations, &specs(&self.field_specs))?)
    }
}
