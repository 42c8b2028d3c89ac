//! The functionConfig of `ContentHash`. Owns its fields.

use krm::Node;
use serde::Deserialize;

use super::ContentHash;
use super::kinds::{Kinds, Workload};
use crate::config;
use crate::registry::ConfigError;

/// `spec` as people write it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Spec {
    mode: Mode,
    reloader_compatible: Option<ReloaderDigest>,
    jobs: bool,
    image_pull_secrets: bool,
    kinds: Vec<Kind>,
}

/// Which workloads get hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    /// Those that ask for it in Reloader's annotations.
    #[default]
    Annotated,
    /// All, unless their annotations say no: what Reloader does with `--auto-reload-all`.
    AutoAll,
}

/// How Reloader digests content: SHA-1 for years, SHA-512/256 since it supports CSI volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum ReloaderDigest {
    #[serde(rename = "sha1")]
    Sha1,
    #[serde(rename = "sha512-256")]
    Sha512_256,
}

/// A kind with a pod template.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Kind {
    #[serde(default)]
    group: String,
    #[serde(rename = "kind")]
    name: String,
    #[serde(default = "usual_template")]
    template: String,
}

fn usual_template() -> String {
    "spec.template".to_owned()
}

impl ContentHash {
    /// From a functionConfig of kind `ContentHash`; without one, the defaults.
    ///
    /// # Errors
    /// It has fields that are unknown or of another type.
    pub fn from_config(config: Option<&Node>) -> Result<Self, ConfigError> {
        let Spec { mode, reloader_compatible, jobs, image_pull_secrets, kinds } = config::read("ContentHash", config)?;
        let more = kinds.iter().map(|Kind { group, name, template }| Workload::new(group, name, template)).collect();
        let kinds = Kinds::new(more, jobs);
        Ok(Self { mode, reloader: reloader_compatible, pull_secrets: image_pull_secrets, kinds })
    }
}

impl Default for ContentHash {
    fn default() -> Self {
        let kinds = Kinds::new(Vec::new(), false);
        Self { mode: Mode::default(), reloader: None, pull_secrets: false, kinds }
    }
}
