//! The functionConfig of `Decryption`: `spec.verifyMac`.

use krm::Node;
use serde::Deserialize;

use super::{Decryption, VerifyMac};
use crate::config;
use crate::registry::ConfigError;

/// `spec` as people write it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Spec {
    /// Where a MAC that does not match is an error.
    verify_mac: Where,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Where {
    #[default]
    Files,
    Always,
    Never,
}

impl Decryption {
    /// From a functionConfig of kind `Decryption`; without one, the defaults. Keys come from the environment.
    ///
    /// # Errors
    /// It has fields that are unknown or of another type.
    pub fn from_config(config: Option<&Node>) -> Result<Self, ConfigError> {
        let Spec { verify_mac } = config::read("Decryption", config)?;
        Ok(Self::new(match verify_mac {
            Where::Files => VerifyMac::Files,
            Where::Always => VerifyMac::Always,
            Where::Never => VerifyMac::Never,
        }))
    }
}
