//! `LabelTransformer`.

use std::collections::BTreeMap;

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use super::specs;
use crate::draft::{Draft, DraftSet};
use crate::kustomization::FieldSpec;
use crate::kustomization::decode::record;
use crate::transform::labels;

record! {
    (pub(crate))
    /// Its configuration.
    LabelTransformer {
        /// `labels`
        labels: BTreeMap<String, String> = "labels",
        /// `fieldSpecs`: where they are put
        field_specs: Vec<FieldSpec> = "fieldSpecs",
    }
}

impl LabelTransformer {
    pub(super) fn configure(draft: &Draft) -> Result<Self, ConfigError> {
        config::read(draft)
    }
}

impl Transform for LabelTransformer {
    fn transform(&self, set: &mut DraftSet, _context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(labels::put(set, &self.labels, &specs(&self.field_specs))?)
    }
}
