//! KRM functions in a build: what an object's annotation specifies is run as kustomize runs it, as a container or as a program.
//!
//! Owns the way from a configuration and a set of drafts to a process and back. Must not know how processes are run (see
//! [`crate::outside`]), nor who lists the configuration where.
//!
//! A function that the caller has in itself (see `own`) needs no permission: it runs no program and reaches nothing that the
//! caller does not hand to it.

mod annotations;
mod command;
mod error;
mod exchange;
mod installed;
mod own;
mod settle;
mod shape;
mod spec;

use std::path::PathBuf;

pub use error::{ArgumentsProblem, FunctionError, ReplyProblem};

use super::{Context, Generate, PluginProblem, Transform};
use crate::draft::{Draft, DraftSet};
use crate::outside::{Finished, Process};
use installed::Installed;
use spec::FunctionSpec;

/// What the caller allows functions, and what it gives them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FunctionOptions {
    /// May programs be run?
    pub exec: bool,
    /// May functions that ask for the network have it?
    pub network: bool,
    /// Mounts for every container, as `type=bind,src=…,dst=…,rw=true`.
    pub mounts: Vec<String>,
    /// Variables for every function, as `NAME=value`, or `NAME` for one that a container gets from the environment.
    pub env: Vec<String>,
    /// User and group of containers, as `1000:1000`; `None` is nobody.
    pub user: Option<String>,
    /// Where programs lie that are plugins by their `apiVersion` and `kind`.
    pub plugin_home: Option<PathBuf>,
}

/// Values of variables may be secrets: they stay out.
impl std::fmt::Debug for FunctionOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionOptions")
            .field("exec", &self.exec)
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}

/// Most text of a failing function that is shown.
const SAID_MAX: usize = 2000;

/// An object that configures a function.
#[derive(Debug)]
struct Function {
    config: Draft,
    way: Way,
}

/// How it is run.
#[derive(Debug)]
enum Way {
    /// The caller has it.
    Own,
    /// As its annotation specifies.
    Specified(FunctionSpec),
    /// As a plugin that is installed for its kind.
    Installed(Installed),
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
    if own::is_own(config, context)? {
        return Ok(Function { config: config.clone(), way: Way::Own });
    }
    if !context.options.alpha_plugins {
        return Err(PluginProblem::Disabled { api_version: config.api_version().to_owned() });
    }
    let way = match spec::spec_of(config)? {
        Some(spec) => Way::Specified(spec),
        None => Way::Installed(Installed::of(config, context)?),
    };
    Ok(Function { config: config.clone(), way })
}

impl Generate for Function {
    fn generate(&self, context: &Context<'_>) -> Result<Vec<Draft>, PluginProblem> {
        let text = self.answer(None, context)?;
        Ok(settle::generated(&text, &self.config).map_err(FunctionError::from)?)
    }
}

impl Transform for Function {
    fn transform(&self, set: &mut DraftSet, context: &Context<'_>) -> Result<(), PluginProblem> {
        set.drop_deleted();
        let input = exchange::input_text(set.iter())?;
        // A function that would get nothing gets its own configuration, as a generator does.
        let text = self.answer(Some(input.as_str()).filter(|input| !input.is_empty()), context)?;
        Ok(settle::transformed(&text, &self.config, set).map_err(FunctionError::from)?)
    }
}

impl Function {
    /// What the function says to `input`, as documents.
    fn answer(&self, input: Option<&str>, context: &Context<'_>) -> Result<String, FunctionError> {
        match &self.way {
            Way::Own => own::answer(&self.config, input, context),
            Way::Specified(spec) => answer(&self.config, spec, input, context),
            Way::Installed(installed) => installed.answer(&self.config, input, context),
        }
    }
}

fn answer(
    config: &Draft,
    spec: &FunctionSpec,
    input: Option<&str>,
    context: &Context<'_>,
) -> Result<String, FunctionError> {
    let mut sent = exchange::prepare(&exchange::config_text(config)?, input)?;
    let process = command::process(spec, &context.options.functions, context.loader.root())?;
    let Some(mut process) = process else {
        let why = if spec.exec.path.is_empty() {
            "names neither a program nor an image, so it was not run"
        } else {
            "is a program and was not run: `--enable-exec` runs it"
        };
        context.loader.warn(format!("the function of `{}` {why}", config.id()));
        return Ok(sent.untouched()?);
    };
    process.stdin = sent.request()?.into_bytes();
    let finished = run(config, &process, context)?;
    Ok(sent.reply(&finished.stdout, context.tables.schema())?)
}

/// Runs a process that must succeed. What it tells on its standard error is told to the user.
fn run(config: &Draft, process: &Process, context: &Context<'_>) -> Result<Finished, FunctionError> {
    succeeded(config, context.loader.outside().run(process)?, context)
}

fn succeeded(config: &Draft, finished: Finished, context: &Context<'_>) -> Result<Finished, FunctionError> {
    let said = finished.stderr.trim();
    if !finished.succeeded() {
        return Err(FunctionError::Failed { ending: finished.ending, said: end_of(said).to_owned() });
    }
    for line in said.lines() {
        context.loader.warn(format!("`{}`: {line}", config.id()));
    }
    Ok(finished)
}

/// The end of a long text: what went wrong is said last.
fn end_of(text: &str) -> &str {
    let start = text.len().saturating_sub(SAID_MAX);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[start..]
}
