//! Our functions over a build: decryption, substitution, secret generation, content hashes, in this order. Owns which of them run,
//! by whose configuration, and what they did. Must not know clusters, the command line, or how it is printed.
//!
//! What configures them are flags and objects of our own API group among the objects (or kept out of the output by
//! `config.kubernetes.io/local-config`). Those objects are taken out: no cluster gets them. One kind of them, `HealthChecks`, is no
//! function's: it says what healthy means for kinds of the set.

mod checks;
mod configs;
mod flags;
mod run;
mod told;
mod vars;

use std::path::Path;

use krm_functions::{ContentHash, Registered};
use kustomize::Object;

pub use told::{StageTold, Told};
pub use vars::{Survey, VariableState, VariableUse, survey};

use crate::error::{CliError, Code, Result};
use crate::settings::StageSettings;
use configs::{Config, Place};

const CONTENT_HASH: &str = "ContentHash";
/// What is encrypted is opened first.
const DECRYPTION: &str = "Decryption";
/// The kinds of the functions, in the order in which they run. Hashes come last: they digest final contents.
const ORDER: [&str; 4] = [DECRYPTION, "Substitution", "SecretGenerator", CONTENT_HASH];
/// Those that run without being configured: they do nothing where nothing asks for them.
const ALWAYS: [&str; 2] = [DECRYPTION, CONTENT_HASH];

/// What the stages need to know of the build.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The directory that origins are relative to; `None` for manifests, whose origins are as the user named them.
    pub root: Option<&'a Path>,
    /// Flags.
    pub settings: &'a StageSettings,
    /// Variables for functions, as `NAME=value`.
    pub env: &'a [String],
}

/// Runs every stage. `local` are the objects that the build kept out of its output.
///
/// # Errors
/// A configuration is wrong, or a function refuses what it finds; all that one function finds wrong is told at once.
pub fn run(objects: &mut Vec<Object>, local: Vec<Object>, around: &Around<'_>) -> Result<Told> {
    let configs = configs::take(objects, local, around.root)?;
    let (checks, configs): (Vec<Config>, Vec<Config>) =
        configs.into_iter().partition(|config| config.node.kind() == checks::KIND);
    let rules = checks::rules(&checks)?;
    let mut told = Told::default();
    for stage in stages(configs, around.settings)? {
        if stage.function.kind == CONTENT_HASH {
            told.hashes.push(run::configured(&stage.config, |node| ContentHash::from_config(Some(node)))?);
        }
        told.stages.push(run::stage(stage, objects, around)?);
    }
    told.stages.extend(checks::apply(&rules, &checks, objects));
    told.objects = objects.iter().map(|object| (object.node.key(), object.origin.clone())).collect();
    Ok(told)
}

/// One run of one function.
struct Stage {
    function: &'static Registered,
    config: Config,
}

fn stages(mut configs: Vec<Config>, settings: &StageSettings) -> Result<Vec<Stage>> {
    flags::configure(&mut configs, settings)?;
    let mut stages = Vec::new();
    for function in ORDER.iter().filter_map(|kind| Registered::find(kind)) {
        let (own, others): (Vec<Config>, Vec<Config>) =
            configs.into_iter().partition(|config| config.node.kind() == function.kind);
        configs = others;
        if settings.without_hashes && function.kind == CONTENT_HASH {
            continue;
        }
        let default = (own.is_empty() && ALWAYS.contains(&function.kind)).then(|| Config::default_of(function));
        stages.extend(own.into_iter().chain(default).map(|config| Stage { function, config }));
    }
    match configs.first() {
        None => Ok(stages),
        Some(config) => Err(unknown(config)),
    }
}

fn unknown(config: &Config) -> CliError {
    let functions = ORDER.iter().filter_map(|kind| Registered::find(kind)).map(|found| found.kind);
    let kinds: Vec<&str> = functions.chain([checks::KIND]).collect();
    let text = format!("there is no function of kind `{}` in {}", config.node.kind(), config.node.api_version());
    let error = CliError::new(Code::Function, text).hint(format!("the kinds are {}", kinds.join(", ")));
    match &config.place {
        Place::Object(origin) => error.at(origin),
        Place::Flags | Place::Default => error,
    }
}
