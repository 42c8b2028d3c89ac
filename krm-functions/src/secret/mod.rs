//! Secrets from literals, files, a seed and other keys: what kustomize's `secretGenerator` does, and what it leaves to others.
//!
//! Owns the functionConfig ([`config`]), where values come from ([`gather`], [`derive`], [`shape`], [`compose`], [`docker`]),
//! what Secrets of a type must hold ([`typed`], [`key_pair`]) and the object in the list ([`emit`]). Must not know files,
//! environment or randomness: it asks [`Inputs`]. No finding and no error ever holds a value.

mod compose;
mod config;
mod der;
mod derive;
mod docker;
mod emit;
mod error;
mod gather;
mod key_pair;
mod names;
mod once;
mod policy;
mod seed;
mod shape;
mod typed;

pub use once::{CREATE_ONCE_ANNOTATION, OnceError, create_once};
pub use seed::has_seed;

use krm::{Node, ObjectKey};

use crate::frame::describe;
use crate::{Finding, Function, FunctionError, Inputs, Severity};
use config::Spec;
use gather::{Gathered, gather};

/// The function: one Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretGenerator {
    spec: Spec,
}

impl SecretGenerator {
    fn key(&self) -> ObjectKey {
        ObjectKey::new("", "Secret", self.spec.namespace.as_str(), self.spec.name.as_str())
    }

    /// The values, or all that is wrong with them.
    fn values(&self, inputs: &dyn Inputs, findings: &mut Vec<Finding>) -> Option<Gathered> {
        let gathered = match gather(&self.spec, inputs) {
            Ok(gathered) => gathered,
            Err(failures) => {
                let found = failures.iter().map(|(field, error)| Finding::error(self.key(), field, describe(error)));
                findings.extend(found);
                return None;
            }
        };
        let late = |key: &str| self.spec.create_once.contains_key(key) || gathered.late.contains_key(key);
        for error in typed::check(&self.spec, &gathered.values, &late) {
            let field = if error.key().is_empty() { String::new() } else { format!("data.{}", error.key()) };
            let (severity, message) = (error.severity(), describe(&error));
            findings.push(Finding { severity, ..Finding::info(self.key(), field, message) });
        }
        let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
        (!failed).then_some(gathered)
    }

    /// `generated with the keys a and b`, and which of them only the cluster will have.
    fn told(&self, gathered: &Gathered) -> String {
        let list = |keys: Vec<&String>| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let mut text = match gathered.values.len() {
            0 => "generated without values".to_owned(),
            _ => format!("generated with {}", list(gathered.values.keys().collect())),
        };
        if !self.spec.create_once.is_empty() {
            let late = self.spec.create_once.keys().chain(gathered.late.keys()).collect();
            text = format!("{text}; {} will be made once in the cluster", list(late));
        }
        text
    }
}

impl Function for SecretGenerator {
    fn run(&self, items: &mut Vec<Node>, inputs: &dyn Inputs) -> Result<Vec<Finding>, FunctionError> {
        let mut findings = Vec::new();
        let Some(gathered) = self.values(inputs, &mut findings) else { return Ok(findings) };
        findings.push(match emit::put(&self.spec, &gathered, items) {
            Ok(()) => Finding::info(self.key(), "", self.told(&gathered)),
            Err(error) => Finding::error(self.key(), "", describe(&error)),
        });
        Ok(findings)
    }
}
