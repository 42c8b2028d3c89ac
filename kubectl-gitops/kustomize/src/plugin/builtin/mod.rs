//! The plugins of `apiVersion: builtin`, one file each: the fields of their configuration, what they demand of them, and which
//! transformer or generator does the work. Owns which kinds there are.

mod annotations;
mod config_map;
mod hash;
mod helm_chart;
mod iam_policy;
mod image_tag;
mod labels;
mod namespace;
mod patch;
mod patch_json6902;
mod patch_strategic_merge;
mod prefix_suffix;
mod replacement;
mod replica_count;
mod secret;
mod value_add;

pub use value_add::ValueError;

use super::{Context, Generate, PluginProblem, Transform};
use crate::draft::Draft;
use crate::fieldspec::Spec;
use crate::kustomization::FieldSpec;
use krm::nearest;

const GENERATORS: [&str; 4] =
    ["ConfigMapGenerator", "HelmChartInflationGenerator", "IAMPolicyGenerator", "SecretGenerator"];

const TRANSFORMERS: [&str; 14] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SuffixTransformer",
    "ValueAddTransformer",
];

/// The generator that an object configures.
pub(super) fn generator(config: &Draft, context: &Context<'_>) -> Result<Box<dyn Generate>, PluginProblem> {
    Ok(match config.kind() {
        "ConfigMapGenerator" => Box::new(config_map::ConfigMapGenerator::configure(config)?),
        "SecretGenerator" => Box::new(secret::SecretGenerator::configure(config)?),
        "HelmChartInflationGenerator" => Box::new(helm_chart::HelmChartInflationGenerator::configure(config, context)?),
        "IAMPolicyGenerator" => Box::new(iam_policy::IamPolicyGenerator::configure(config)?),
        kind if TRANSFORMERS.contains(&kind) => return Err(PluginProblem::NotAGenerator),
        kind => return Err(unknown(kind)),
    })
}

/// The transformer that an object configures.
pub(super) fn transformer(config: &Draft, context: &Context<'_>) -> Result<Box<dyn Transform>, PluginProblem> {
    Ok(match config.kind() {
        "AnnotationsTransformer" => Box::new(annotations::AnnotationsTransformer::configure(config)?),
        "HashTransformer" => Box::new(hash::HashTransformer),
        "ImageTagTransformer" => Box::new(image_tag::ImageTagTransformer::configure(config)?),
        "LabelTransformer" => Box::new(labels::LabelTransformer::configure(config)?),
        "NamespaceTransformer" => Box::new(namespace::NamespaceTransformer::configure(config)?),
        "PatchJson6902Transformer" => Box::new(patch_json6902::configure(config, context)?),
        "PatchStrategicMergeTransformer" => Box::new(patch_strategic_merge::configure(config, context)?),
        "PatchTransformer" => Box::new(patch::configure(config, context)?),
        "PrefixSuffixTransformer" => Box::new(prefix_suffix::both(config)?),
        "PrefixTransformer" => Box::new(prefix_suffix::prefix(config)?),
        "ReplacementTransformer" => Box::new(replacement::configure(config, context)?),
        "ReplicaCountTransformer" => Box::new(replica_count::ReplicaCountTransformer::configure(config)?),
        "SuffixTransformer" => Box::new(prefix_suffix::suffix(config)?),
        "ValueAddTransformer" => Box::new(value_add::ValueAddTransformer::configure(config, context)?),
        kind if GENERATORS.contains(&kind) => return Err(PluginProblem::NotATransformer),
        kind => return Err(unknown(kind)),
    })
}

fn unknown(kind: &str) -> PluginProblem {
    let hint = match kind {
        "LegacyOrderTransformer" | "SortOrderTransformer" => {
            Some("the order is set by `sortOptions` of the kustomization that is built".to_owned())
        }
        kind => {
            let known: Vec<&str> = GENERATORS.into_iter().chain(TRANSFORMERS).collect();
            nearest(kind, &known).map(|name| format!("did you mean `{name}`?"))
        }
    };
    PluginProblem::UnknownBuiltin { kind: kind.to_owned(), hint }
}

/// The fields that a configuration names.
fn specs(records: &[FieldSpec]) -> Vec<Spec> {
    records.iter().map(Spec::from).collect()
}
