//! `generators`, `transformers` and `validators`: objects that configure plugins. Owns which plugin an object means and what
//! it does to the drafts; must not know where the objects come from (see `target`), nor in which order plugins run.
//!
//! `apiVersion: builtin` means one of `builtin`, one file each. Everything else is a function (see `function`), which
//! kustomize runs with `--enable-alpha-plugins` only.

mod builtin;
mod config;
mod error;
pub(crate) mod function;
mod validate;

pub use builtin::ValueError;
pub use config::ConfigError;
pub use error::{PluginError, PluginProblem};
pub use function::{ArgumentsProblem, FunctionError, FunctionOptions, ReplyProblem};

use crate::Options;
use crate::draft::{Draft, DraftSet};
use crate::error::{BuildError, Place};
use crate::load::Loader;
use crate::provenance::{BUILTIN, Provenance};
use crate::tables::Tables;

pub(crate) use config::place_inline;
pub(crate) use validate::validate;

/// What a plugin may use of the kustomization that names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Reads files for that kustomization, wherever the plugin's own configuration lies.
    pub(crate) loader: &'a Loader<'a>,
    /// Which fields transformers change, and the types of kinds.
    pub(crate) tables: &'a Tables,
    /// What the caller of the build decided.
    pub(crate) options: &'a Options,
}

/// Makes drafts.
pub(crate) trait Generate {
    /// Makes them.
    fn generate(&self, context: &Context<'_>) -> Result<Vec<Draft>, PluginProblem>;
}

/// Changes drafts.
pub(crate) trait Transform {
    /// Changes them.
    fn transform(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), PluginProblem>;
}

/// A plugin, configured.
pub(crate) struct Plugin<T: ?Sized> {
    /// Its configuration.
    config: Draft,
    /// What kustomize notes about what it makes or changes.
    provenance: Option<Provenance>,
    work: Box<T>,
}

/// A generator, configured.
pub(crate) type Generator = Plugin<dyn Generate>;
/// A transformer, configured.
pub(crate) type Transformer = Plugin<dyn Transform>;

/// The generators that the objects configure.
pub(crate) fn generators(configs: DraftSet, context: &Context<'_>) -> Result<Vec<Generator>, BuildError> {
    configs.into_drafts().into_iter().map(|config| generator(config, context)).collect()
}

/// The transformers that the objects configure.
pub(crate) fn transformers(configs: DraftSet, context: &Context<'_>) -> Result<Vec<Transformer>, BuildError> {
    configs.into_drafts().into_iter().map(|config| transformer(config, context)).collect()
}

fn generator(config: Draft, context: &Context<'_>) -> Result<Generator, BuildError> {
    let work: Result<Box<dyn Generate>, PluginProblem> =
        if is_builtin(&config) { builtin::generator(&config, context) } else { function::generator(&config, context) };
    configured(config, work)
}

fn transformer(config: Draft, context: &Context<'_>) -> Result<Transformer, BuildError> {
    let work: Result<Box<dyn Transform>, PluginProblem> = if is_builtin(&config) {
        builtin::transformer(&config, context)
    } else {
        function::transformer(&config, context)
    };
    configured(config, work)
}

fn configured<T: ?Sized>(config: Draft, work: Result<Box<T>, PluginProblem>) -> Result<Plugin<T>, BuildError> {
    let provenance = Provenance::of_plugin(&config).map_err(|error| failed(&config, error))?;
    match work {
        Ok(work) => Ok(Plugin { config, provenance, work }),
        Err(problem) => Err(failed(&config, problem)),
    }
}

fn is_builtin(config: &Draft) -> bool {
    config.api_version() == BUILTIN
}

impl Generator {
    /// Makes its drafts.
    pub(crate) fn run(&self, context: &Context<'_>) -> Result<Vec<Draft>, BuildError> {
        let mut drafts = self.work.generate(context).map_err(|problem| failed(&self.config, problem))?;
        if let Some(provenance) = &self.provenance {
            for draft in &mut drafts {
                provenance.set_origin_if_none(draft);
            }
        }
        Ok(drafts)
    }
}

impl Transformer {
    /// Changes the drafts, and notes that it did.
    pub(crate) fn run(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), BuildError> {
        self.apply(set, context)?;
        if let Some(provenance) = &self.provenance {
            provenance.add_transformation_to(set).map_err(|problem| failed(&self.config, problem))?;
        }
        set.drop_deleted();
        Ok(())
    }

    fn apply(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), BuildError> {
        self.work.transform(set, context).map_err(|problem| failed(&self.config, problem))
    }
}

impl<T: ?Sized> Plugin<T> {
    /// Where its configuration is written.
    pub(crate) fn place(&self) -> Place {
        Place::origin(&self.config.origin)
    }
}

impl<T: ?Sized> std::fmt::Debug for Plugin<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Plugin").field(&self.config.id().to_string()).finish()
    }
}

fn failed(config: &Draft, problem: impl Into<PluginProblem>) -> BuildError {
    let problem = problem.into();
    let mut place = Place::origin(&config.origin);
    if let Some((field, mark)) = problem.field() {
        place.field = field;
        if mark.line > 0 {
            place.mark = mark;
        }
    }
    BuildError::new(PluginError { plugin: config.id().to_string(), problem: Box::new(problem) }, place)
}
