//! Which variables the objects use, and which have a value. Owns the judgement by the same configurations and the same reader as the
//! stage that puts them in; must not know how it is printed. Holds no values.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use krm::Node;
use krm_functions::substitution::{Dialect, Options, Variables, uses};
use krm_functions::{Registered, Severity, Substitution};
use kustomize::Object;

use super::configs::{self, Config};
use super::{Around, flags, run};
use crate::error::Result;
use crate::source::Surroundings;

const KIND: &str = "Substitution";

/// What became of a variable, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariableState {
    /// It has a value.
    Set,
    /// Its default stands in.
    Default,
    /// It has no value and no default.
    Unset,
    /// The dialect `typed` leaves it as it is, because nothing declares it.
    Left,
}

/// One use of a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VariableUse {
    /// What becomes of it there.
    pub state: VariableState,
    /// The object, as `Deployment/shop/web`.
    pub object: String,
    /// Path of the field.
    pub field: String,
    /// Where the object is from.
    pub file: String,
    /// Line of the field; 0 where it is not known.
    pub line: u32,
    /// What stands in where there is no value, as it is written.
    pub default: Option<String>,
}

/// The variables of a tree.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Uses by name.
    pub used: BTreeMap<String, BTreeSet<VariableUse>>,
    /// Where the values come from, by name; what nothing uses, too.
    pub set: BTreeMap<String, String>,
    /// What is wrong with sources and templates.
    pub problems: BTreeSet<String>,
}

/// Looks at every object by every configuration of the tree and the flags; by Flux's dialect if there is none.
///
/// # Errors
/// A configuration is wrong.
pub fn survey(objects: &mut Vec<Object>, local: Vec<Object>, around: &Around<'_>) -> Result<Survey> {
    let mut configs = configs::take(objects, local, around.root)?;
    flags::configure(&mut configs, around.settings)?;
    let mut survey = Survey::default();
    survey.decrypt(objects, of_kind(&configs, super::DECRYPTION), around)?;
    let items: Vec<Node> = objects.iter().map(|object| object.node.clone()).collect();
    let configs = of_kind(&configs, KIND);
    for config in &configs {
        let function = run::configured(config, |node| Substitution::from_config(Some(node)))?;
        let tree = config.files();
        let inputs = Surroundings { tree: tree.as_ref(), env: around.env };
        let (variables, findings) = function.sources.gather(&items, &inputs);
        survey.problems.extend(findings.iter().map(super::told::sentence));
        for name in variables.names() {
            survey.set.insert(name.to_owned(), variables.from(name).unwrap_or_default().to_owned());
        }
        for object in objects.iter() {
            survey.look_at(object, &variables, &function.options);
        }
    }
    Ok(survey)
}

/// The configurations of a function; what it does by itself if there is none.
fn of_kind<'c>(configs: &'c [Config], kind: &str) -> Vec<Cow<'c, Config>> {
    let mut found: Vec<Cow<'_, Config>> =
        configs.iter().filter(|config| config.node.kind() == kind).map(Cow::Borrowed).collect();
    if found.is_empty() {
        found.extend(Registered::find(kind).map(Config::default_of).map(Cow::Owned));
    }
    found
}

impl Survey {
    /// Opens what is encrypted, as the stage does: sources may be, and variables are put into what was. What cannot be opened stays as it
    /// is, and is a problem.
    fn decrypt(&mut self, objects: &mut [Object], configs: Vec<Cow<'_, Config>>, around: &Around<'_>) -> Result<()> {
        for config in configs {
            let function = run::configured(&config, |node| krm_functions::from_config(Some(node)))?;
            let tree = config.files();
            let inputs = Surroundings { tree: tree.as_ref(), env: around.env };
            let mut items: Vec<Node> = objects.iter().map(|object| object.node.clone()).collect();
            let findings = function
                .run(&mut items, &inputs)
                .map_err(|error| crate::error::CliError::new(crate::error::Code::Function, error))?;
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            self.problems.extend(errors.map(super::told::sentence));
            for (object, node) in objects.iter_mut().zip(items) {
                object.node = node;
            }
        }
        Ok(())
    }

    fn look_at(&mut self, object: &Object, variables: &Variables, options: &Options) {
        let (found, findings) = uses(&object.node, options);
        self.problems.extend(findings.iter().map(super::told::sentence));
        for found in found {
            let state = match (variables.value(&found.name).is_some(), &found.default, options.dialect) {
                (true, ..) => VariableState::Set,
                (false, _, Dialect::Typed) if !options.declared.contains(&found.name) => VariableState::Left,
                (false, Some(_), _) => VariableState::Default,
                (false, None, _) => VariableState::Unset,
            };
            let new = VariableUse {
                state,
                object: object.node.key().short(),
                field: found.place.field,
                file: object.origin.file.clone(),
                line: found.place.line,
                default: found.default,
            };
            let places = self.used.entry(found.name).or_default();
            // Of several configurations the one that does most for a place counts.
            let same = |other: &VariableUse| VariableUse { state, ..other.clone() } == new;
            match places.iter().find(|other| same(other)).cloned() {
                Some(other) if other.state <= state => {}
                other => {
                    other.map(|other| places.remove(&other));
                    places.insert(new);
                }
            }
        }
    }

    /// Names that have a value and are used nowhere, with where it comes from.
    pub fn unused(&self) -> impl Iterator<Item = (&str, &str)> {
        let unused = self.set.iter().filter(|(name, _)| !self.used.contains_key(*name));
        unused.map(|(name, from)| (name.as_str(), from.as_str()))
    }

    /// Is everything that is used there?
    pub fn is_complete(&self) -> bool {
        let unset = |places: &BTreeSet<VariableUse>| places.iter().any(|place| place.state == VariableState::Unset);
        self.problems.is_empty() && !self.used.values().any(unset)
    }
}
