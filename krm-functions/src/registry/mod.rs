//! Which function a name or a `functionConfig` means, and what there is to know about each. Owns the list of functions; one
//! entry per function.

mod error;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use krm::Node;

pub use error::ConfigError;

use crate::config_map::{self, FromData};
use crate::schema::{Problem, Schema};
use crate::{ContentHash, Decryption, Function, SecretGenerator, Substitution, config, substitution};

/// API group of our functionConfigs.
pub const GROUP: &str = "kubectl-gitops.dev";
/// The API version of our functionConfigs.
pub const API_VERSION: &str = "kubectl-gitops.dev/v1alpha1";
/// On a ConfigMap that is a functionConfig: the function that it configures, by name or kind.
pub const FUNCTION_ANNOTATION: &str = "kubectl-gitops.dev/function";

type Make = fn(Option<&Node>) -> Result<Box<dyn Function>, ConfigError>;

/// One function.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// Name on the command line.
    pub name: &'static str,
    /// Kind of its functionConfig.
    pub kind: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// JSON Schema of its functionConfig.
    pub schema: &'static str,
    /// Its manual, in Markdown.
    pub docs: &'static str,
    /// How it reads the data of a ConfigMap, if not by the paths of its fields.
    from_data: Option<FromData>,
    make: Make,
}

/// Every function.
pub const FUNCTIONS: &[Registered] = &[
    Registered {
        name: "content-hash",
        kind: "ContentHash",
        summary: "writes hashes of the ConfigMaps and Secrets that a workload uses into its pod template",
        schema: include_str!("../hash/schema.json"),
        docs: include_str!("../hash/docs.md"),
        from_data: None,
        make: |config| Ok(Box::new(ContentHash::from_config(config)?)),
    },
    Registered {
        name: "decryption",
        kind: "Decryption",
        summary: "decrypts objects and values of Secrets that are encrypted with SOPS",
        schema: include_str!("../decryption/schema.json"),
        docs: include_str!("../decryption/docs.md"),
        from_data: None,
        make: |config| Ok(Box::new(Decryption::from_config(config)?)),
    },
    Registered {
        name: "secret-generator",
        kind: "SecretGenerator",
        summary: "makes a Secret from literals, files, a seed and other keys",
        schema: include_str!("../secret/schema.json"),
        docs: include_str!("../secret/docs.md"),
        from_data: None,
        make: |config| Ok(Box::new(SecretGenerator::from_config(config)?)),
    },
    Registered {
        name: "substitution",
        kind: "Substitution",
        summary: "puts variables into manifests, as Flux does or text by text",
        schema: include_str!("../substitution/schema.json"),
        docs: include_str!("../substitution/docs.md"),
        from_data: Some(substitution::from_data),
        make: |config| Ok(Box::new(Substitution::from_config(config)?)),
    },
];

impl Registered {
    /// The function, configured: by its own kind, by a ConfigMap, or not at all.
    ///
    /// # Errors
    /// The configuration is somebody else's, or has an unknown field, a value of another type, or lacks one that must be there.
    pub fn configured(&self, config: Option<&Node>) -> Result<Box<dyn Function>, ConfigError> {
        let typed = self.typed(config.filter(|config| !config.is_null()))?;
        let problems = Schema::ours(self.schema).problems(&config::value_of(self.kind, &typed)?);
        if problems.is_empty() {
            return (self.make)(Some(&typed));
        }
        let by_data = config.is_some_and(config_map::is_config_map);
        let problems = if by_data { problems.into_iter().map(in_data).collect() } else { problems };
        Err(ConfigError::Problems { kind: self.kind, problems })
    }

    fn typed<'n>(&self, config: Option<&'n Node>) -> Result<Cow<'n, Node>, ConfigError> {
        let Some(config) = config else {
            return Ok(Cow::Owned(config_map::typed(API_VERSION, self.kind, &Node::null(), Node::map())));
        };
        if config_map::is_config_map(config) {
            let failed = |problems| ConfigError::Problems { kind: self.kind, problems };
            let data = config_map::data_of(config).map_err(failed)?;
            let spec = match self.from_data {
                Some(read) => read(&data),
                None => config_map::spec_of(&data, &Schema::ours(self.schema)).map_err(failed)?,
            };
            return Ok(Cow::Owned(config_map::typed(API_VERSION, self.kind, config, spec)));
        }
        if is_ours(config) && config.kind() == self.kind {
            return Ok(Cow::Borrowed(config));
        }
        Err(ConfigError::OtherKind {
            name: self.name,
            kind: self.kind,
            found: format!("{} of {}", or_none(config.kind()), or_none(config.api_version())),
        })
    }

    /// By its name or its kind, whatever the case.
    pub fn find(word: &str) -> Option<&'static Self> {
        FUNCTIONS
            .iter()
            .find(|function| [function.name, function.kind].iter().any(|known| known.eq_ignore_ascii_case(word)))
    }
}

/// The function called `name`, configured by `config`.
///
/// # Errors
/// There is none of this name, or the configuration is not one of it.
pub fn from_name(name: &str, config: Option<&Node>) -> Result<Box<dyn Function>, ConfigError> {
    let found = Registered::find(name)
        .ok_or_else(|| ConfigError::UnknownName { name: name.to_owned(), known: known(|function| function.name) })?;
    found.configured(config)
}

/// The function that a `functionConfig` means: by its kind, or a ConfigMap by its annotation.
///
/// # Errors
/// No function has that kind, or the configuration is not one of it.
pub fn from_config(config: Option<&Node>) -> Result<Box<dyn Function>, ConfigError> {
    let Some(node) = config.filter(|config| !config.is_null()) else {
        return Err(ConfigError::Unnamed { known: known(|function| function.name) });
    };
    if config_map::is_config_map(node) {
        return match node.annotation(FUNCTION_ANNOTATION) {
            Some(name) => from_name(name, config),
            None => Err(ConfigError::ConfigMapUnnamed { known: known(|function| function.name) }),
        };
    }
    let found = FUNCTIONS.iter().find(|function| is_ours(node) && function.kind == node.kind());
    let function = found.ok_or_else(|| ConfigError::UnknownKind {
        kind: node.kind().to_owned(),
        api_version: node.api_version().to_owned(),
        known: known(|function| function.kind),
    })?;
    function.configured(config)
}

/// Is the object of our API group?
pub fn is_ours(config: &Node) -> bool {
    config.api_version().split_once('/').is_some_and(|(group, _)| group == GROUP)
}

/// What a ConfigMap says in `data` stands in `spec` when it is checked.
fn in_data(problem: Problem) -> Problem {
    let path = match problem.path.strip_prefix("spec") {
        Some(rest) => format!("data{rest}"),
        None => problem.path,
    };
    Problem { path, ..problem }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

fn known(word: impl Fn(&Registered) -> &'static str) -> String {
    FUNCTIONS.iter().map(word).collect::<Vec<_>>().join(", ")
}
