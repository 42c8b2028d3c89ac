//! Which fields of which kinds may hold the name of which kind. Owns the embedded default rules and how more are added.

use std::sync::LazyLock;

use krm::{Gvk, Text};

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

/// A field of the kinds that a selector matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The kinds; empty parts match anything.
    pub selector: Gvk,
    /// The path as written.
    pub path_text: String,
    /// Its steps.
    pub steps: Vec<String>,
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

    fn parse(table: &str) -> Self {
        let mut rules: Vec<Rule> = Vec::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            match columns.as_slice() {
                [">", group, version, kind] => {
                    rules.push(Rule { target: Gvk::new(*group, *version, *kind), referrers: Vec::new() });
                }
                [group, version, kind, path] => {
                    let rule = rules.last_mut().expect("the embedded table opens with a rule");
                    rule.referrers.push(Spec::new(Gvk::new(*group, *version, *kind), path));
                }
                _ => {}
            }
        }
        Self { rules }
    }

    /// Kind referred to and field, for every field of objects of type `gvk`.
    pub fn applying_to(&self, gvk: &Gvk) -> Vec<(&Gvk, &Spec)> {
        let pairs = self.rules.iter().flat_map(|rule| rule.referrers.iter().map(move |spec| (&rule.target, spec)));
        pairs.filter(|(_, spec)| selects(&spec.selector, gvk)).collect()
    }
}

impl Spec {
    /// A path of names joined by `/`, a literal slash written `\/`.
    pub fn new(selector: Gvk, path: &str) -> Self {
        Self { selector, path_text: path.to_owned(), steps: split(path) }
    }
}

fn split(path: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for part in path.strip_prefix('/').unwrap_or(path).split('/') {
        match steps.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            _ => steps.push(part.to_owned()),
        }
    }
    steps
}

/// Does a selector whose empty parts match anything match?
pub(super) fn selects(selector: &Gvk, gvk: &Gvk) -> bool {
    let part = |wanted: &Text, is: &Text| wanted.is_empty() || wanted == is;
    part(&selector.group, &gvk.group) && part(&selector.version, &gvk.version) && part(&selector.kind, &gvk.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_rules_are_read() {
        let rules = Rules::defaults();
        let of_deployment = rules.applying_to(&Gvk::new("apps", "v1", "Deployment"));
        let has = |kind: &str, path: &str| of_deployment.iter().any(|(t, s)| t.kind == kind && s.path_text == path);
        assert!(has("ConfigMap", "spec/template/spec/volumes/configMap/name"));
        assert!(has("ServiceAccount", "spec/template/spec/serviceAccountName"));
        assert!(rules.applying_to(&Gvk::new("", "v1", "Namespace")).is_empty());
    }

    #[test]
    fn a_literal_slash_is_no_step() {
        assert_eq!(split("metadata/annotations/a.b\\/c"), ["metadata", "annotations", "a.b/c"]);
    }
}
