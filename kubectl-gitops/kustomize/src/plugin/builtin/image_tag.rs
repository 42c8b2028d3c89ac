//! `ImageTagTransformer`.

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use super::specs;
use crate::draft::{Draft, DraftSet};
use crate::kustomization::decode::record;
use crate::kustomization::{FieldSpec, Image};
use crate::transform::images;

record! {
    (pub(crate))
    /// Its configuration.
    ImageTagTransformer {
        /// `imageTag`
        image_tag: Image = "imageTag",
        /// `fieldSpecs`: fields that hold an image, besides those of containers
        field_specs: Vec<FieldSpec> = "fieldSpecs",
    }
}

impl ImageTagTransformer {
    pub(super) fn configure(draft: &Draft) -> Result<Self, ConfigError> {
        config::read(draft)
    }
}

impl Transform for ImageTagTransformer {
    fn transform(&self, set: &mut DraftSet, _context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(images::set(set, &self.image_tag, &specs(&self.field_specs))?)
    }
}
