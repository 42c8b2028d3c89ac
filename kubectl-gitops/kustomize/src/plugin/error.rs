//! What can go wrong with a plugin. Owns the words for it; the reasons come from the rooms that do the work.

use krm::{Mark, ResId};

use super::builtin::ValueError;
use super::config::ConfigError;
use super::function::FunctionError;
use crate::generate::{self, GenerateError};
use crate::helm::HelmError;
use crate::load::LoadError;
use crate::provenance::ProvenanceError;
use crate::transform::TransformError;
use crate::transform::selection::SelectionError;

/// A plugin cannot be configured, or fails.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", Headline(plugin, problem))]
pub struct PluginError {
    /// Its configuration.
    pub plugin: String,
    /// What is wrong.
    #[source]
    pub problem: Box<PluginProblem>,
}

struct Headline<'a>(&'a str, &'a PluginProblem);

impl std::fmt::Display for Headline<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(plugin, problem) = self;
        match problem {
            PluginProblem::Config(_) => write!(f, "`{plugin}` is not configured as it should be"),
            PluginProblem::Validator { .. } => {
                write!(f, "the validator `{plugin}` changes what it should only look at")
            }
            PluginProblem::UnknownBuiltin { .. }
            | PluginProblem::NotAGenerator
            | PluginProblem::NotATransformer
            | PluginProblem::Disabled { .. } => {
                write!(f, "`{plugin}` cannot be used here")
            }
            PluginProblem::Transform(_)
            | PluginProblem::Generate(_)
            | PluginProblem::Generated { .. }
            | PluginProblem::Selection(_)
            | PluginProblem::Value(_)
            | PluginProblem::Provenance(_)
            | PluginProblem::Helm(_)
            | PluginProblem::Function(_) => write!(f, "`{plugin}` fails"),
        }
    }
}

/// What is wrong with a plugin.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PluginProblem {
    /// No built-in plugin is called so.
    #[error("there is no built-in plugin `{kind}`")]
    UnknownBuiltin {
        /// The kind.
        kind: String,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// A transformer where a generator belongs.
    #[error("it is a transformer, not a generator")]
    NotAGenerator,
    /// A generator where a transformer belongs.
    #[error("it is a generator, not a transformer")]
    NotATransformer,
    /// A plugin from outside without leave.
    #[error("plugins that are not built in are disabled")]
    Disabled {
        /// Its API version.
        api_version: String,
    },
    /// Its configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A transformer cannot do what it is told.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// A generator cannot do what it is told.
    #[error(transparent)]
    Generate(#[from] generate::Failed),
    /// What a generator made is no YAML.
    #[error("what it makes is not YAML: {problem}")]
    Generated {
        /// What is wrong.
        problem: String,
    },
    /// A selector makes no sense.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// A value cannot go where it should.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// An annotation that says where something came from cannot be read.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// A function cannot be run, or fails.
    #[error(transparent)]
    Function(#[from] FunctionError),
    /// A chart cannot be rendered.
    #[error(transparent)]
    Helm(#[from] HelmError),
    /// A validator that changes something.
    #[error("`{id}` is not what it was")]
    Validator {
        /// What it changes.
        id: ResId,
    },
}

impl PluginProblem {
    /// The field of the configuration that it is in, and where that is.
    pub(super) fn field(&self) -> Option<(String, Mark)> {
        match self {
            Self::Config(ConfigError::Decode(error)) => Some((error.field.clone(), error.mark)),
            Self::Generate(failed) => Some((failed.part.clone(), failed.mark)),
            _ => None,
        }
    }
}

impl PluginError {
    /// A file or directory that cannot be reached, if that is the reason.
    pub(crate) fn not_loaded(&self) -> Option<&LoadError> {
        match &*self.problem {
            PluginProblem::Config(ConfigError::Load(error)) => Some(error),
            PluginProblem::Generate(failed) => match &failed.error {
                GenerateError::Load(error) => Some(error),
                _ => None,
            },
            PluginProblem::Transform(error) => error.not_loaded(),
            _ => None,
        }
    }

    /// What to do about it, where something can be said.
    pub fn hint(&self) -> Option<String> {
        match &*self.problem {
            PluginProblem::UnknownBuiltin { hint, .. } => hint.clone(),
            PluginProblem::NotAGenerator => Some("name it in `transformers`".to_owned()),
            PluginProblem::NotATransformer => Some("name it in `generators`".to_owned()),
            PluginProblem::Disabled { api_version } => Some(disabled_hint(api_version)),
            PluginProblem::Config(error) => error.hint(),
            PluginProblem::Transform(error) => error.hint().or_else(|| self.not_loaded().map(|_| BESIDE.to_owned())),
            PluginProblem::Generate(failed) => failed.error.hint(),
            PluginProblem::Generated { .. } | PluginProblem::Selection(_) | PluginProblem::Value(_) => None,
            PluginProblem::Function(error) => error.hint(),
            PluginProblem::Helm(error) => error.hint(),
            PluginProblem::Provenance(_) => Some("remove that annotation: the build writes it".to_owned()),
            PluginProblem::Validator { .. } => {
                Some("name it in `transformers`; a validator may only add the label `validated-by`".to_owned())
            }
        }
    }
}

/// A plugin's configuration may lie elsewhere; its files do not.
pub(super) const BESIDE: &str = "files are looked for beside the kustomization that names the plugin";

fn disabled_hint(api_version: &str) -> String {
    if api_version.is_empty() || api_version.starts_with("builtin/") {
        "a plugin that is built in has `apiVersion: builtin`".to_owned()
    } else {
        "to run functions that you trust, build with `--enable-alpha-plugins`".to_owned()
    }
}
