//! Typed functionConfigs. Owns their frame (`apiVersion`, `kind`, `metadata`, `spec`) and how one is read; must not know what any
//! function is configured with.
//!
//! This is the place for `serde_yaml`: a configuration of our own wants strict types, not the fidelity of manifests.

use krm::Node;
use krm::yaml::emit_function;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::registry::ConfigError;

/// A functionConfig around its `spec`. Fields that it does not have are refused with their path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Frame<S> {
    #[serde(rename = "apiVersion")]
    _api_version: Option<String>,
    #[serde(rename = "kind")]
    _kind: Option<String>,
    #[serde(rename = "metadata")]
    _metadata: Option<IgnoredAny>,
    #[serde(default = "Option::default")]
    spec: Option<S>,
}

/// The `spec` of the functionConfig of `kind`; the default where there is no functionConfig or no `spec`.
///
/// # Errors
/// It has an unknown field, a value of another type, or lacks a required one.
pub fn read<S: DeserializeOwned + Default>(kind: &'static str, config: Option<&Node>) -> Result<S, ConfigError> {
    let Some(config) = config else { return Ok(S::default()) };
    let mut text = String::new();
    emit_function(config, &mut text).map_err(|error| ConfigError::Invalid { kind, problem: error.to_string() })?;
    let frame: Frame<S> =
        serde_yaml::from_str(&text).map_err(|error| ConfigError::Invalid { kind, problem: without_place(&error) })?;
    Ok(frame.spec.unwrap_or_default())
}

/// The path stays, line and column go: they count in our own rendering of the configuration, which nobody else sees.
fn without_place(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
