//! Functions that the caller of the build has in itself. Owns when one is meant and what it may read; the way to it and back is
//! that of every other function, so that the result is the same as through a process.

use std::path::Path;

use super::{FunctionError, exchange, spec, succeeded};
use crate::draft::Draft;
use crate::load::{LoadError, Loader};
use crate::outside::{FunctionCall, FunctionName, TreeFiles};
use crate::plugin::Context;

/// Does `config` mean a function that the caller has, by its kind or by the image that it names?
///
/// # Errors
/// It does, and its annotation is wrong.
pub(super) fn is_own(config: &Draft, context: &Context<'_>) -> Result<bool, FunctionError> {
    let outside = context.loader.outside();
    let (api_version, kind) = (config.api_version(), config.kind());
    let by_kind = outside.has_function(&FunctionName { api_version, kind, image: None });
    let spec = match spec::spec_of(config) {
        Ok(spec) => spec,
        Err(error) if by_kind => return Err(error),
        // Where functions are not allowed at all, that is what is told.
        Err(_) => return Ok(false),
    };
    let image = spec.as_ref().map(|spec| spec.container.image.as_str()).filter(|image| !image.is_empty());
    let own = by_kind
        || image.is_some_and(|image| outside.has_function(&FunctionName { api_version, kind, image: Some(image) }));
    if own && let Some(spec) = spec {
        let set = spec.container.envs.iter().chain(&spec.exec.envs).filter_map(|entry| Some(entry.split_once('=')?.0));
        for name in set {
            // A tree must not choose which keys are read, or what is run for them.
            context.loader.warn(format!(
                "`{}` runs in process, where the variable `{name}` of its annotation is not set: the environment and `--env` set it",
                config.id()
            ));
        }
    }
    Ok(own)
}

/// What the function says to `input`.
pub(super) fn answer(config: &Draft, input: Option<&str>, context: &Context<'_>) -> Result<String, FunctionError> {
    let mut sent = exchange::prepare(&exchange::config_text(config)?, input)?;
    let list = sent.request()?;
    let tree = Below { loader: context.loader };
    let call = FunctionCall { list: &list, tree: &tree, env: &context.options.functions.env };
    let finished = succeeded(config, context.loader.outside().call_function(&call)?, context)?;
    Ok(sent.reply(&finished.stdout, context.tables.schema())?)
}

/// The files in and below a kustomization's directory.
struct Below<'a> {
    loader: &'a Loader<'a>,
}

impl TreeFiles for Below<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.loader.read_below(path).map_err(|error| match error {
            LoadError::Read { source, .. } => source.to_string(),
            LoadError::OutsideRoot { .. } => "it must be a path in or below the kustomization's directory".to_owned(),
            other => other.to_string(),
        })
    }

    fn directory(&self) -> &Path {
        self.loader.root()
    }
}
