//! The stateless KRM functions and the frame they run in. Pure over a ResourceList: no files, no clock, no cluster.
//!
//! A function is a value made from its `functionConfig` ([`registry`]) that changes a list of items and tells what it did
//! ([`Finding`]). The executable `krm-functions` wraps it in the ResourceList protocol; the plugin calls it directly.

pub mod config;
pub mod config_map;
pub mod decryption;
mod encrypted;
pub mod finding;
pub mod frame;
pub mod hash;
pub mod inputs;
pub mod orchestrator;
pub mod registry;
pub mod schema;
pub mod secret;
pub mod sops;
pub mod substitution;

pub use decryption::Decryption;
pub use finding::{Finding, Severity};
pub use hash::ContentHash;
pub use inputs::{InputError, Inputs, NoInputs};
pub use registry::{ConfigError, FUNCTIONS, Registered, from_config, from_name};
pub use secret::SecretGenerator;
pub use substitution::Substitution;

use krm::{Node, ObjectKey};

/// Deterministic work on a list of Kubernetes objects.
pub trait Function {
    /// Changes `items` and tells what it did. Running it again on its own output changes nothing; the one
    /// exception is `Substitution` where an escape (`$$`) gives way to what it escapes. Findings of severity
    /// [`Severity::Error`] fail the run and say all that is wrong at once; then too `items` are unchanged. The annotations of
    /// orchestrators ([`orchestrator`]) come back as they were: they are none of the author's.
    ///
    /// # Errors
    /// An item or its content is not what the function needs; then `items` are unchanged.
    fn run(&self, items: &mut Vec<Node>, inputs: &dyn Inputs) -> Result<Vec<Finding>, FunctionError>;
}

/// Why a function cannot do its work. One variant per function; each function's own error stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// `ContentHash`.
    #[error(transparent)]
    ContentHash(#[from] hash::HashError),
}

impl FunctionError {
    /// The item that is to blame, where one is.
    pub fn object(&self) -> Option<&ObjectKey> {
        match self {
            Self::ContentHash(error) => Some(error.object()),
        }
    }

    /// Path of the field that is to blame; empty where none is.
    pub fn field(&self) -> &str {
        match self {
            Self::ContentHash(error) => error.field(),
        }
    }
}
