//! Functions as plugins: objects with the annotation `config.kubernetes.io/function`. Owns that they are run with leave only.

use super::{Context, Generate, PluginProblem, Transform};
use crate::draft::{Draft, DraftSet};

/// The annotations that make an object the configuration of a function.
const ANNOTATIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];

/// A function cannot be run, or fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// Neither built in nor a function.
    #[error("`{kind}` of {api_version} is neither built in nor a function")]
    Legacy {
        /// Its API version.
        api_version: String,
        /// Its kind.
        kind: String,
    },
    /// Functions are not there yet.
    #[error("functions are not supported by this version")]
    NotYet,
}

impl FunctionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Legacy { .. } => Some(
                "plugins that are Go objects or lie in a plugin directory are not run: make it a function with the \
                 annotation `config.kubernetes.io/function`"
                    .to_owned(),
            ),
            Self::NotYet => None,
        }
    }
}

/// The generator that an object configures.
pub(super) fn generator(config: &Draft, context: &Context<'_>) -> Result<Box<dyn Generate>, PluginProblem> {
    Ok(Box::new(function(config, context)?))
}

/// The transformer that an object configures.
pub(super) fn transformer(config: &Draft, context: &Context<'_>) -> Result<Box<dyn Transform>, PluginProblem> {
    Ok(Box::new(function(config, context)?))
}

fn function(config: &Draft, context: &Context<'_>) -> Result<Function, PluginProblem> {
    if !context.options.alpha_plugins {
        return Err(PluginProblem::Disabled { api_version: config.api_version().to_owned() });
    }
    if ANNOTATIONS.iter().all(|key| config.annotation(key).is_none()) {
        let (api_version, kind) = (config.api_version().to_owned(), config.kind().to_owned());
        return Err(FunctionError::Legacy { api_version, kind }.into());
    }
    Ok(Function(config.clone()))
}

struct Function(Draft);

impl Generate for Function {
    fn generate(&self, context: &Context<'_>) -> Result<Vec<Draft>, PluginProblem> {
        Ok(generate(&self.0, context)?)
    }
}

impl Transform for Function {
    fn transform(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), PluginProblem> {
        Ok(transform(&self.0, set, context)?)
    }
}

/// What the function makes.
fn generate(_config: &Draft, _context: &Context<'_>) -> Result<Vec<Draft>, FunctionError> {
    Err(FunctionError::NotYet)
}

/// Lets the function change the drafts.
fn transform(_config: &Draft, _set: &mut DraftSet, _context: &Context<'_>) -> Result<(), FunctionError> {
    Err(FunctionError::NotYet)
}
