//! Variables in manifests. Owns the function `Substitution`, what switches it off, and that a failed run changes nothing; the
//! dialects ([`flux`], [`typed`]) own what a template means, [`sources`] where values come from.
//!
//! Other parts of this program use [`substitute`] with [`Variables`] of their own, and [`uses`] to ask which variables objects
//! need. No finding holds a value.

mod budget;
mod config;
mod env_file;
mod file;
mod flux;
mod letter_case;
mod place;
mod remark;
pub mod sources;
mod survey;
#[cfg(test)]
mod tests;
mod typed;
mod variables;

use std::collections::BTreeSet;

use krm::Node;
use serde::Deserialize;

use crate::orchestrator::Taken;
use crate::{Finding, Function, FunctionError, Inputs, Severity};
use budget::Budget;
use variables::Values;

pub(crate) use config::from_data;
pub use place::Place;
pub use sources::{Sources, add_object};
pub use survey::{Use, uses};
pub use variables::{Variables, is_valid};

/// On an object, as label or annotation: `disabled` switches substitution off for it. Flux's and ours.
pub const SWITCHES: [&str; 2] = ["kustomize.toolkit.fluxcd.io/substitute", "kubectl-gitops.dev/substitute"];

/// The function.
#[derive(Debug, Clone, Default)]
pub struct Substitution {
    /// What is put in where, and how.
    pub options: Options,
    /// Where values come from.
    pub sources: Sources,
}

/// How variables are put in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// What a template is.
    pub dialect: Dialect,
    /// Is a variable that is not set, and has no default, an error?
    pub strict: bool,
    /// `flux`: are defaults put in where there is no variable at all?
    pub always: bool,
    /// `typed`: are variables put into the keys of maps, too?
    pub keys: bool,
    /// `typed`: names that count, be there a value or not.
    pub declared: BTreeSet<String>,
}

/// What a template is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// What Flux makes of it.
    #[default]
    Flux,
    /// A shell's expansions, text by text.
    Typed,
}

impl Function for Substitution {
    fn run(&self, items: &mut Vec<Node>, inputs: &dyn Inputs) -> Result<Vec<Finding>, FunctionError> {
        let (variables, mut findings) = self.sources.gather(items, inputs);
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Ok(findings);
        }
        findings.extend(substitute(items, &variables, &self.options));
        Ok(findings)
    }
}

/// Puts `variables` into `items` and tells what it did. Findings of severity [`Severity::Error`] say all that is wrong at once;
/// then nothing is changed.
pub fn substitute(items: &mut [Node], variables: &Variables, options: &Options) -> Vec<Finding> {
    let idle = match options.dialect {
        Dialect::Flux => variables.is_empty() && !options.always,
        Dialect::Typed => variables.is_empty() && options.declared.is_empty(),
    };
    if idle {
        return Vec::new();
    }
    let mut variables = variables.clone();
    let mut findings = sources::judge_names(&mut variables, options.dialect);
    let values = Values::new(&variables, &options.declared, options.dialect);
    let mut budget = Budget::new();
    let mut changed = Vec::new();
    for (index, item) in items.iter().enumerate().filter(|(_, item)| !is_switched_off(item)) {
        let mut said = Vec::new();
        if let Some(node) = one(item, &values, options, &mut budget, &mut said) {
            changed.push((index, node));
        }
        let object = item.key();
        findings.extend(said.into_iter().map(|remark| remark.about(object.clone())));
    }
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        // What was done is undone: only what stood in the way counts.
        findings.retain(|finding| finding.severity != Severity::Info);
        return findings;
    }
    for (index, node) in changed {
        items[index] = node;
    }
    findings
}

/// A text that is no object, as `flux envsubst` treats it. The result are bytes: a substring may cut a character in two.
///
/// # Errors
/// It is no template, an operator fails, or, if `strict`, a variable is not set: the first of them, in a sentence.
pub fn expand_text(text: &str, variables: &Variables, strict: bool) -> Result<Vec<u8>, String> {
    let declared = BTreeSet::new();
    flux::text(text, &Values::new(variables, &declared, Dialect::Flux), strict)
}

/// The item with its variables put in; `None` if nothing changes.
fn one(
    item: &Node,
    values: &Values<'_>,
    options: &Options,
    budget: &mut Budget,
    said: &mut Vec<remark::Remark>,
) -> Option<Node> {
    match options.dialect {
        Dialect::Flux => {
            let task = flux::Task { values, strict: options.strict };
            aside(item, |item| task.run(item, budget, said))
        }
        Dialect::Typed => {
            let task = typed::Task { values, strict: options.strict, keys: options.keys };
            flux::holds_dollar(item).then_some(())?;
            aside(item, |item| {
                let mut node = item.clone();
                task.run(&mut node, budget, said).then_some(node)
            })
        }
    }
}

/// Works on an item without the annotations that are none of its author's.
fn aside(item: &Node, work: impl FnOnce(&Node) -> Option<Node>) -> Option<Node> {
    if !has_orchestrator(item) {
        return work(item);
    }
    let mut bare = item.clone();
    let taken = Taken::out_of(&mut bare);
    let mut node = work(&bare)?;
    taken.put_back(&mut node);
    Some(node)
}

fn without_orchestrator(item: &Node) -> std::borrow::Cow<'_, Node> {
    if !has_orchestrator(item) {
        return std::borrow::Cow::Borrowed(item);
    }
    let mut bare = item.clone();
    drop(Taken::out_of(&mut bare));
    std::borrow::Cow::Owned(bare)
}

fn has_orchestrator(item: &Node) -> bool {
    let annotations = item.at(&["metadata", "annotations"]).and_then(Node::as_map);
    annotations.is_some_and(|map| map.iter().any(|(name, _)| crate::orchestrator::is_orchestrators(name)))
}

/// Does the object say by label or annotation that nothing is put in?
pub fn is_switched_off(item: &Node) -> bool {
    SWITCHES.iter().any(|switch| {
        [item.label(switch), item.annotation(switch)].into_iter().flatten().any(|value| value == "disabled")
    })
}
