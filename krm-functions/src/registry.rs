//! Which function a name or a `functionConfig` means. Owns the list of functions; one line per function.

use krm::Node;

use crate::{ContentHash, Function};

/// API group of our functionConfigs.
pub const GROUP: &str = "kubectl-gitops.dev";

type Make = fn(Option<&Node>) -> Result<Box<dyn Function>, ConfigError>;

/// One function: its name on the command line, the kind of its functionConfig, what it does, how to make it.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// Name on the command line.
    pub name: &'static str,
    /// Kind of its functionConfig.
    pub kind: &'static str,
    /// One line for people.
    pub summary: &'static str,
    make: Make,
}

/// Every function.
pub const FUNCTIONS: &[Registered] = &[Registered {
    name: "content-hash",
    kind: "ContentHash",
    summary: "writes hashes of the ConfigMaps and Secrets that a workload uses into its pod template",
    make: |config| Ok(Box::new(ContentHash::from_config(config)?)),
}];

/// A `functionConfig` that means no function, or not what the function understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Neither a name nor a functionConfig.
    #[error("no function is named: give its name or a functionConfig; there are {known}")]
    Unnamed {
        /// The names that exist.
        known: String,
    },
    /// A name that no function has.
    #[error("there is no function `{name}`; there are {known}")]
    UnknownName {
        /// The name.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A kind that no function has.
    #[error("no function has a functionConfig of kind `{kind}` in `{api_version}`; the kinds of {GROUP} are {known}")]
    UnknownKind {
        /// `kind`
        kind: String,
        /// `apiVersion`
        api_version: String,
        /// The kinds that exist.
        known: String,
    },
    /// An unknown field, a value of another type, a missing value.
    #[error("the functionConfig of {kind} is not usable: {problem}")]
    Invalid {
        /// Kind of the functionConfig.
        kind: &'static str,
        /// The field's path and what is wrong with it.
        problem: String,
    },
}

/// The function called `name`, configured by `config`.
///
/// # Errors
/// There is none of this name, or the configuration is not one of it.
pub fn from_name(name: &str, config: Option<&Node>) -> Result<Box<dyn Function>, ConfigError> {
    let found = FUNCTIONS.iter().find(|function| function.name == name);
    let function = found
        .ok_or_else(|| ConfigError::UnknownName { name: name.to_owned(), known: known(|function| function.name) })?;
    (function.make)(config)
}

/// The function that a `functionConfig` means by its kind.
///
/// # Errors
/// No function has that kind, or the configuration is not one of it.
pub fn from_config(config: Option<&Node>) -> Result<Box<dyn Function>, ConfigError> {
    let config = config.filter(|config| !config.is_null());
    let Some(node) = config else {
        return Err(ConfigError::Unnamed { known: known(|function| function.name) });
    };
    let kind = node.kind();
    let api_version = node.api_version();
    let ours = api_version.split_once('/').is_some_and(|(group, _)| group == GROUP);
    let found = FUNCTIONS.iter().find(|function| ours && function.kind == kind);
    let function = found.ok_or_else(|| ConfigError::UnknownKind {
        kind: kind.to_owned(),
        api_version: api_version.to_owned(),
        known: known(|function| function.kind),
    })?;
    (function.make)(config)
}

fn known(word: impl Fn(&Registered) -> &'static str) -> String {
    FUNCTIONS.iter().map(word).collect::<Vec<_>>().join(", ")
}
