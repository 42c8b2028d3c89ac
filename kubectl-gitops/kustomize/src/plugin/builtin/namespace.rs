//! `NamespaceTransformer`.

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use super::specs;
use crate::draft::{Draft, DraftSet};
use crate::kustomization::decode::record;
use crate::kustomization::{FieldSpec, ObjectMeta};
use crate::transform::namespace::{self, Namespace, Subjects};

record! {
    (pub(crate))
    /// Its configuration.
    NamespaceTransformer {
        /// `metadata`: its namespace is the one to set
        metadata: ObjectMeta = "metadata",
        /// `fieldSpecs`: further fields that hold a namespace
        field_specs: Vec<FieldSpec> = "fieldSpecs",
        /// `unsetOnly`: leave namespaces that are there
        unset_only: bool = "unsetOnly",
        /// `setRoleBindingSubjects`: `defaultOnly`, `allServiceAccounts` or `none`
        set_role_binding_subjects: String = "setRoleBindingSubjects",
    }
}

impl NamespaceTransformer {
    pub(super) fn configure(draft: &Draft) -> Result<Self, ConfigError> {
        let this: Self = config::read(draft)?;
        this.subjects()?;
        Ok(this)
    }

    fn subjects(&self) -> Result<Subjects, ConfigError> {
        match self.set_role_binding_subjects.as_str() {
            "" | "defaultOnly" => Ok(Subjects::DefaultOnly),
            "allServiceAccounts" => Ok(Subjects::AllServiceAccounts),
            "none" => Ok(Subjects::None),
            found => Err(ConfigError::Word {
                field: "setRoleBindingSubjects",
                words: &["defaultOnly", "allServiceAccounts", "none"],
                found: found.to_owned(),
            }),
        }
    }
}

impl Transform for NamespaceTransformer {
    fn transform(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), PluginProblem> {
        let specs = specs(&self.field_specs);
        let namespace = Namespace {
            name: &self.metadata.namespace,
            specs: &specs,
            unset_only: self.unset_only,
            subjects: self.subjects()?,
        };
        Ok(namespace::set(set, namespace, context.tables.schema())?)
    }
}
