//! What healthy means for whole kinds: objects of kind `HealthChecks`, with the fields of Flux's `healthCheckExprs`. Owns which object
//! a rule is for. The rules become annotations of the objects, so that a wait and `status`, which sees no Git, judge alike; what an
//! object says itself is left as it is.

use krm::{Gvk, Node};
use krm_functions::schema::{Problem, Schema};
use krm_functions::{ConfigError, Finding};
use kustomize::Object;
use serde_json::Value;

use super::configs::Config;
use super::run::misconfigured;
use super::told::StageTold;
use crate::error::Result;
use crate::health;
use crate::inventory::marks;

/// Kind of the configuration.
pub(super) const KIND: &str = "HealthChecks";
const SCHEMA: &str = include_str!("health_checks.json");
/// Flux's fields, and the annotations that say the same of one object.
const FIELDS: [(&str, &str); 3] = [
    ("inProgress", marks::PROGRESSING_ANNOTATION),
    ("failed", marks::FAILED_ANNOTATION),
    ("current", marks::HEALTHY_ANNOTATION),
];

/// The rule of one kind, or of a group.
pub(super) struct Rule {
    group: String,
    /// Every kind of the group that has no rule of its own, if there is none.
    kind: Option<String>,
    /// Annotations and their values.
    says: Vec<(&'static str, String)>,
    /// Its place among the configurations, and in its list.
    place: (usize, usize),
}

/// Reads every rule.
///
/// # Errors
/// A configuration has a wrong form, an expression is none, or two rules are for the same kind.
pub(super) fn rules(configs: &[Config]) -> Result<Vec<Rule>> {
    let mut rules: Vec<Rule> = Vec::new();
    for (at, config) in configs.iter().enumerate() {
        let value =
            krm_functions::config::value_of(KIND, &config.node).map_err(|error| misconfigured(&error, config))?;
        let mut problems = Schema::ours(SCHEMA).problems(&value);
        let listed = value.pointer("/spec/healthCheckExprs").and_then(Value::as_array).filter(|_| problems.is_empty());
        for (index, item) in listed.into_iter().flatten().enumerate() {
            let rule = Rule::of(item, (at, index));
            rule.check(&rules, configs, &mut problems);
            rules.push(rule);
        }
        if !problems.is_empty() {
            return Err(misconfigured(&ConfigError::Problems { kind: KIND, problems }, config));
        }
    }
    Ok(rules)
}

/// Writes the rules into the objects that they are for.
pub(super) fn apply(rules: &[Rule], configs: &[Config], objects: &mut [Object]) -> Vec<StageTold> {
    let mut told: Vec<StageTold> = configs
        .iter()
        .map(|config| StageTold { name: "health-checks", by: config.described(), findings: Vec::new() })
        .collect();
    let mut used = vec![false; rules.len()];
    for object in objects {
        let Some(index) = find(rules, &object.node.gvk()) else { continue };
        used[index] = true;
        let rule = &rules[index];
        let findings = &mut told[rule.place.0].findings;
        if annotate(&mut object.node, &rule.says) {
            findings.push(Finding::info(
                object.node.key(),
                "",
                format!("gets its rule of health from {}", rule.field()),
            ));
        } else {
            let message = "says itself what its health is, which counts";
            findings.push(Finding::info(object.node.key(), "metadata.annotations", message));
        }
    }
    for (rule, _) in rules.iter().zip(used).filter(|(_, used)| !used) {
        let what = rule.described();
        let message = format!("no object of the set is {what}, so this rule of health is for nothing");
        let key = configs[rule.place.0].node.key();
        told[rule.place.0].findings.push(Finding::warning(key, rule.field(), message));
    }
    told
}

/// As Flux has it: versions do not count, and a rule for the kind comes before one for its group.
fn find(rules: &[Rule], of: &Gvk) -> Option<usize> {
    let fits = |own: bool| {
        rules.iter().position(|rule| {
            rule.group == of.group.as_str()
                && match &rule.kind {
                    Some(kind) => own && kind == of.kind.as_str(),
                    None => !own,
                }
        })
    };
    fits(true).or_else(|| fits(false))
}

impl Rule {
    fn of(item: &Value, place: (usize, usize)) -> Self {
        let text = |field: &str| item.get(field).and_then(Value::as_str).map(str::to_owned);
        let gvk = Gvk::from_api_version(&text("apiVersion").unwrap_or_default(), "");
        let says = FIELDS.iter().filter_map(|(field, annotation)| Some((*annotation, text(field)?))).collect();
        Self { group: gvk.group.to_string(), kind: text("kind"), says, place }
    }

    fn check(&self, before: &[Self], configs: &[Config], problems: &mut Vec<Problem>) {
        for (field, annotation) in FIELDS {
            let said = self.says.iter().find(|(name, _)| *name == annotation);
            if let Some(error) = said.and_then(|(_, text)| health::expression_error(text)) {
                problems.push(Problem::new(format!("{}.{field}", self.field()), format!("is no expression: {error}")));
            }
        }
        if let Some(other) = before.iter().find(|other| (&other.group, &other.kind) == (&self.group, &self.kind)) {
            let place = configs[other.place.0].described();
            let message = format!("is for {}, as {} of {place}", self.described(), other.field());
            problems.push(Problem::new(self.field(), message));
        }
    }

    fn field(&self) -> String {
        format!("spec.healthCheckExprs[{}]", self.place.1)
    }

    fn described(&self) -> String {
        let group = if self.group.is_empty() { "the core group" } else { self.group.as_str() };
        self.kind.as_ref().map_or_else(|| format!("of {group}"), |kind| format!("{kind} of {group}"))
    }
}

/// Not where one of them stands already: then all are the object's own.
fn annotate(node: &mut Node, says: &[(&'static str, String)]) -> bool {
    let annotation = |name: &str| node.at(&["metadata", "annotations", name]).is_some();
    if FIELDS.iter().any(|(_, name)| annotation(name)) {
        return false;
    }
    let Some(metadata) = node.at_mut(&["metadata"]).and_then(Node::as_map_mut) else { return false };
    if metadata.get("annotations").is_none_or(Node::is_null) {
        metadata.set("annotations", Node::map());
    }
    let Some(annotations) = metadata.get_mut("annotations").and_then(Node::as_map_mut) else { return false };
    for (name, text) in says {
        annotations.set(*name, Node::string(text.as_str()));
    }
    true
}
