//! Which fields of which kinds may hold the name of which kind. Owns the embedded default rules and how more are added.

use std::sync::LazyLock;

use krm::{Gvk, Text};

use crate::fieldspec::{Conflict, Spec, merge_all};
use crate::sort::by_type;

const DEFAULTS: &str = include_str!("rules.tsv");

static DEFAULT_RULES: LazyLock<Rules> = LazyLock::new(|| Rules::parse(DEFAULTS));

/// A kind and the fields that may hold the name of one of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The kind referred to; empty parts match anything.
    pub target: Gvk,
    /// The fields.
    pub referrers: Vec<Spec>,
}

/// All rules, in the order in which they apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    /// What kustomize knows by itself.
    pub fn defaults() -> &'static Self {
        &DEFAULT_RULES
    }

    /// None at all.
    pub fn none() -> &'static Self {
        static NONE: Rules = Rules { rules: Vec::new() };
        &NONE
    }

    fn parse(table: &'static str) -> Self {
        let mut rules: Vec<Rule> = Vec::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let mut next = || columns.next().unwrap_or_default();
            let row = [next(), next(), next(), next()];
            if let [">", target @ ..] = row {
                let [group, version, kind] = target.map(Text::const_new);
                rules.push(Rule { target: Gvk { group, version, kind }, referrers: Vec::new() });
            } else if let ([group, version, kind, path], Some(rule)) = (row, rules.last_mut()) {
                rule.referrers.push(Spec::embedded([group, version, kind], path, false));
            }
        }
        Self { rules }
    }

    /// Adds rules: the fields of one for a kind that has one already are merged into that one.
    ///
    /// # Errors
    /// Two specifications of one field disagree.
    pub fn merge(&mut self, rules: impl IntoIterator<Item = Rule>) -> Result<(), Conflict> {
        for new in rules {
            match self.rules.iter_mut().find(|there| there.target == new.target) {
                Some(there) => merge_all(&mut there.referrers, new.referrers)?,
                None => self.rules.push(new),
            }
        }
        Ok(())
    }

    /// All of them, taken out.
    pub fn into_vec(self) -> Vec<Rule> {
        self.rules
    }

    /// Puts them in the order in which they apply.
    pub fn sort(&mut self) {
        self.rules.sort_by(|a, b| by_type(&a.target, &b.target));
    }

    /// In order.
    pub fn as_slice(&self) -> &[Rule] {
        &self.rules
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Kind referred to and field, for every field of objects of type `gvk`.
    pub fn applying_to(&self, gvk: &Gvk) -> Vec<(&Gvk, &Spec)> {
        let pairs = self.rules.iter().flat_map(|rule| rule.referrers.iter().map(move |spec| (&rule.target, spec)));
        pairs.filter(|(_, spec)| spec.selects(&gvk.group, &gvk.version, &gvk.kind)).collect()
    }
}

/// As they are, in this order.
impl From<Vec<Rule>> for Rules {
    fn from(rules: Vec<Rule>) -> Self {
        Self { rules }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_rules_are_read() {
        let rules = Rules::defaults();
        let of_deployment = rules.applying_to(&Gvk::new("apps", "v1", "Deployment"));
        let has = |kind: &str, path: &str| of_deployment.iter().any(|(t, s)| t.kind == kind && s.path() == path);
        assert!(has("ConfigMap", "spec/template/spec/volumes/configMap/name"));
        assert!(has("ServiceAccount", "spec/template/spec/serviceAccountName"));
        assert!(rules.applying_to(&Gvk::new("", "v1", "Namespace")).is_empty());
    }
}
