//! The stateless KRM functions and the frame they run in. Pure over a ResourceList: no files, no clock, no cluster.
//!
//! A function is a value made from its `functionConfig` ([`registry`]) that changes a list of items and tells what it did
//! ([`Finding`]). The executable `krm-functions` wraps it in the ResourceList protocol; the plugin calls it directly.

pub mod config;
pub mod finding;
pub mod frame;
pub mod hash;
pub mod registry;

pub use finding::{Finding, Severity};
pub use hash::ContentHash;
pub use registry::{ConfigError, FUNCTIONS, from_config, from_name};

use krm::{Node, ObjectKey};

/// Deterministic work on a list of Kubernetes objects.
pub trait Function {
    /// Changes `items` and tells what it did. Running it again on its own output changes nothing.
    ///
    /// # Errors
    /// An item or its content is not what the function needs; then `items` are unchanged.
    fn run(&self, items: &mut Vec<Node>) -> Result<Vec<Finding>, FunctionError>;
}

/// Why a function cannot do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// A value that must be base64 is not. The value itself is never shown.
    #[error("the value of `{field}` in {object} is not base64")]
    NotBase64 {
        /// The object.
        object: ObjectKey,
        /// Path of the value, as `data.password`.
        field: String,
    },
}
