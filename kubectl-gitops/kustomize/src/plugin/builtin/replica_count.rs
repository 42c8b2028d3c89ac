//! `ReplicaCountTransformer`.

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use super::specs;
use crate::draft::{Draft, DraftSet};
use crate::kustomization::decode::record;
use crate::kustomization::{FieldSpec, Replica};
use crate::transform::replicas;

record! {
    (pub(crate))
    /// Its configuration.
    ReplicaCountTransformer {
        /// `replica`
        replica: Replica = "replica",
        /// `fieldSpecs`: which fields of which kinds hold a count
        field_specs: Vec<FieldSpec> = "fieldSpecs",
    }
}

impl ReplicaCountTransformer {
    pub(super) fn configure(draft: &Draft) -> Result<Self, ConfigError> {
        let this: Self = config::read(draft)?;
        if this.field_specs.is_empty() {
            return Err(ConfigError::NoFieldSpecs { path: "spec/replicas" });
        }
        Ok(this)
    }
}

impl Transform for ReplicaCountTransformer {
    fn transform(&self, set: &mut DraftSet, _context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(replicas::set(set, &self.replica, &specs(&self.field_specs))?)
    }
}
