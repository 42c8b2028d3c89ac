//! The functionConfig of `Substitution`. Owns the names that people write; they are Flux's where Flux has them.

use std::collections::{BTreeMap, BTreeSet};

use krm::{Mapping, Masked, Node};
use serde::Deserialize;

use super::sources::{From, Kind, Sources};
use super::{Dialect, Options, Substitution};
use crate::config;
use crate::registry::ConfigError;

const KIND: &str = "Substitution";

/// `spec` as people write it. No `Debug`: the values may be meant for no eyes.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Spec {
    dialect: Dialect,
    strict: Option<bool>,
    substitute: BTreeMap<String, String>,
    substitute_from: Vec<FromSpec>,
    substitute_strategy: Strategy,
    files: Vec<String>,
    environment: Vec<String>,
    declare: Vec<String>,
    keys: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FromSpec {
    kind: Kind,
    name: String,
    #[serde(default)]
    optional: bool,
}

/// When objects are touched at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
enum Strategy {
    /// Only if there is a variable.
    #[default]
    WithVariables,
    /// Also if there is none: defaults are put in.
    Always,
}

impl Substitution {
    /// From a functionConfig of kind `Substitution`.
    ///
    /// # Errors
    /// It has fields that are unknown, of another type, or none of its dialect's.
    pub fn from_config(config: Option<&Node>) -> Result<Self, ConfigError> {
        let spec: Spec = config::read(KIND, config)?;
        let namespace = config.map(Node::namespace).unwrap_or_default();
        spec.check()?;
        let from = spec.substitute_from.into_iter();
        let from = from.map(|FromSpec { kind, name, optional }| From { kind, name, optional }).collect();
        Ok(Self {
            options: Options {
                dialect: spec.dialect,
                strict: spec.strict.unwrap_or(true),
                always: spec.substitute_strategy == Strategy::Always,
                keys: spec.keys,
                declared: spec.declare.into_iter().chain(spec.environment.iter().cloned()).collect::<BTreeSet<_>>(),
            },
            sources: Sources {
                from,
                files: spec.files,
                literals: spec.substitute.into_iter().map(|(name, value)| (name, Masked::new(value))).collect(),
                environment: spec.environment,
                namespace: namespace.to_owned(),
            },
        })
    }
}

impl Spec {
    /// What only one dialect has is refused in the other.
    fn check(&self) -> Result<(), ConfigError> {
        let problem = match self.dialect {
            Dialect::Flux if !self.declare.is_empty() => "spec.declare: only the dialect `typed` has it",
            Dialect::Flux if self.keys => "spec.keys: only the dialect `typed` has it; `flux` always changes keys, too",
            Dialect::Typed if self.substitute_strategy == Strategy::Always => {
                "spec.substituteStrategy: only the dialect `flux` has it; in `typed` list the names under `declare`"
            }
            Dialect::Flux | Dialect::Typed => return Ok(()),
        };
        Err(ConfigError::Invalid { kind: KIND, problem: problem.to_owned() })
    }
}

/// A ConfigMap's data are the variables.
pub(crate) fn from_data(data: &Mapping) -> Node {
    Node::Map([("substitute", Node::Map(data.clone()))].into_iter().collect())
}
