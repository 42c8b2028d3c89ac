//! What flags mean for the stages. Owns how they become functionConfigs, or part of those of the tree; must not know the command
//! line.

use std::path::{Path, PathBuf};

use krm::{Mapping, Node};
use krm_functions::Registered;

use super::configs::{Config, Place};
use crate::error::{CliError, Code, Result};
use crate::settings::StageSettings;

const SUBSTITUTION: &str = "Substitution";

/// Adds what the flags configure: variables to every Substitution of the tree, or to one of their own.
///
/// # Errors
/// A flag asks for a function that this program lacks, or the working directory is gone.
pub(super) fn configure(configs: &mut Vec<Config>, settings: &StageSettings) -> Result<()> {
    let StageSettings { age_key_file: _, seed_file: _, substitute, substitute_from, substitute_lenient } = settings;
    if substitute.is_empty() && substitute_from.is_empty() && !substitute_lenient {
        return Ok(());
    }
    let Some(function) = Registered::find(SUBSTITUTION) else {
        return Err(CliError::new(Code::Usage, "this program has no function that substitutes variables"));
    };
    let files = substitute_from.iter().map(|path| absolute(path)).collect::<Result<Vec<PathBuf>>>()?;
    if !configs.iter().any(|config| config.node.kind() == SUBSTITUTION) {
        configs.push(Config { place: Place::Flags, ..Config::default_of(function) });
    }
    for config in configs.iter_mut().filter(|config| config.node.kind() == SUBSTITUTION) {
        let Some(spec) = spec_of(&mut config.node) else { continue };
        if *substitute_lenient {
            spec.set("strict", Node::bool(false));
        }
        for (name, value) in substitute {
            if let Some(map) = field(spec, "substitute", Node::map).as_map_mut() {
                map.set(name.as_str(), Node::string(value.expose().as_str()));
            }
        }
        for path in &files {
            if let Some(list) = field(spec, "files", || Node::seq(Vec::new())).as_seq_mut() {
                list.push(Node::string(path.display().to_string()));
            }
        }
        config.operator_files.clone_from(&files);
    }
    Ok(())
}

/// By its absolute path a file of the operator is told from those that a configuration names.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| CliError::new(Code::Unreadable, error).note(path.display().to_string()))
}

/// `None` where the author wrote something else there, which is refused when the configuration is read.
fn spec_of(config: &mut Node) -> Option<&mut Mapping> {
    field(config.as_map_mut()?, "spec", Node::map).as_map_mut()
}

fn field<'n>(map: &'n mut Mapping, name: &str, make: fn() -> Node) -> &'n mut Node {
    let value = map.entry_or_insert_with(name, make);
    if value.is_null() {
        *value = make();
    }
    value
}
