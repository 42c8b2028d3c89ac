//! What flags mean for the stages. Owns how they become functionConfigs, or part of those of the tree; must not know the command
//! line.

use std::path::{Path, PathBuf};

use krm::{Mapping, Node};
use krm_functions::Registered;

use super::DECRYPTION;
use super::configs::{Config, Place};
use crate::error::{CliError, Code, Result};
use crate::settings::StageSettings;

const SUBSTITUTION: &str = "Substitution";

/// Adds what the flags configure, to every functionConfig of the tree that it concerns, or to one of its own.
///
/// # Errors
/// A flag asks for a function that this program lacks, or the working directory is gone.
pub(super) fn configure(configs: &mut Vec<Config>, settings: &StageSettings) -> Result<()> {
    let StageSettings { age_key_file: _, seed_file: _, ignore_mac, .. } = settings;
    if *ignore_mac {
        for config in of_kind(configs, DECRYPTION)? {
            if let Some(spec) = spec_of(&mut config.node) {
                spec.set("verifyMac", Node::string("never"));
            }
        }
    }
    substitution(configs, settings)
}

fn substitution(configs: &mut Vec<Config>, settings: &StageSettings) -> Result<()> {
    let StageSettings { substitute, substitute_from, substitute_lenient, .. } = settings;
    if substitute.is_empty() && substitute_from.is_empty() && !substitute_lenient {
        return Ok(());
    }
    let files = substitute_from.iter().map(|path| absolute(path)).collect::<Result<Vec<PathBuf>>>()?;
    for config in of_kind(configs, SUBSTITUTION)? {
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

/// The functionConfigs of a kind; one of the flags' own if there is none.
fn of_kind<'c>(configs: &'c mut Vec<Config>, kind: &'static str) -> Result<impl Iterator<Item = &'c mut Config>> {
    let Some(function) = Registered::find(kind) else {
        return Err(CliError::new(
            Code::Usage,
            format!("this program has no function {kind}, which a flag configures"),
        ));
    };
    if !configs.iter().any(|config| config.node.kind() == kind) {
        configs.push(Config { place: Place::Flags, ..Config::default_of(function) });
    }
    Ok(configs.iter_mut().filter(move |config| config.node.kind() == kind))
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
