//! `PrefixTransformer`, `SuffixTransformer`, and the old `PrefixSuffixTransformer` that is both.

use super::super::{ConfigError, Context, PluginProblem, Transform, config};
use super::specs;
use crate::draft::{Draft, DraftSet};
use crate::fieldspec::Spec;
use crate::kustomization::FieldSpec;
use crate::kustomization::decode::record;
use crate::transform::prefix_suffix;

record! {
    (pub(crate))
    /// The configuration of a prefix.
    PrefixFields {
        /// `prefix`
        prefix: String = "prefix",
        /// `fieldSpecs`: which names; there is no default
        field_specs: Option<Vec<FieldSpec>> = "fieldSpecs",
    }
}

record! {
    (pub(crate))
    /// The configuration of a suffix.
    SuffixFields {
        /// `suffix`
        suffix: String = "suffix",
        /// `fieldSpecs`: which names; there is no default
        field_specs: Option<Vec<FieldSpec>> = "fieldSpecs",
    }
}

/// What goes before and behind names. An empty text changes nothing, but is written as any other.
pub(super) struct Affixes {
    prefix: Option<String>,
    suffix: Option<String>,
    specs: Vec<Spec>,
}

pub(super) fn prefix(draft: &Draft) -> Result<Affixes, ConfigError> {
    let PrefixFields { prefix, field_specs, mark: _ } = config::read_exact(draft)?;
    Ok(Affixes { prefix: Some(prefix), suffix: None, specs: demanded(field_specs)? })
}

pub(super) fn suffix(draft: &Draft) -> Result<Affixes, ConfigError> {
    let SuffixFields { suffix, field_specs, mark: _ } = config::read_exact(draft)?;
    Ok(Affixes { prefix: None, suffix: Some(suffix), specs: demanded(field_specs)? })
}

pub(super) fn both(draft: &Draft) -> Result<Affixes, ConfigError> {
    Ok(Affixes { suffix: suffix(draft)?.suffix, ..prefix(draft)? })
}

fn demanded(records: Option<Vec<FieldSpec>>) -> Result<Vec<Spec>, ConfigError> {
    records.map(|records| specs(&records)).ok_or(ConfigError::NoFieldSpecs { path: "metadata/name" })
}

impl Transform for Affixes {
    fn transform(&self, set: &mut DraftSet, _context: &Context<'_>) -> Result<(), PluginProblem> {
        if let Some(prefix) = &self.prefix {
            prefix_suffix::prefix(set, prefix, &self.specs)?;
        }
        if let Some(suffix) = &self.suffix {
            prefix_suffix::suffix(set, suffix, &self.specs)?;
        }
        Ok(())
    }
}
