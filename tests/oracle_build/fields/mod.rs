//! The fields of a kustomization that need more than a line: one file each.

pub(crate) mod build_metadata;
pub(crate) mod configurations;
pub(crate) mod crds;
pub(crate) mod generators;
pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod openapi;
pub(crate) mod patches;
pub(crate) mod plugins;
pub(crate) mod replacements;
pub(crate) mod replicas;
pub(crate) mod sort_options;
pub(crate) mod vars;
