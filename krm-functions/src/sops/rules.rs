//! `.sops.yaml`: for whom which files are encrypted. Owns its creation rules and what of them cannot be carried out here; must not know
//! where the file lies or how it is found.

use krm::yaml::{Limits, parse_documents};
use krm::{Mapping, Node, go_pattern};
use regex::Regex;

use super::seal::SealPlan;
use super::select::{RULES, Rule};

/// The creation rules of one `.sops.yaml`.
#[derive(Debug)]
pub struct CreationRules {
    rules: Vec<CreationRule>,
}

#[derive(Debug)]
struct CreationRule {
    /// From 1.
    line: u32,
    /// Of the path relative to the file's directory; `None` matches everything.
    path: Option<Regex>,
    plan: Result<SealPlan, RulesProblem>,
}

/// What is wrong with the rules, or with the one for a file. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesProblem {
    /// No YAML.
    #[error("line {line}: {problem}")]
    Yaml {
        /// Where.
        line: u32,
        /// What.
        problem: String,
    },
    /// No rules.
    #[error("it has no `creation_rules`")]
    NoRules,
    /// Another type.
    #[error("line {line}: `{field}` must be {expected}")]
    Type {
        /// Where.
        line: u32,
        /// The field.
        field: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A pattern that is none.
    #[error("line {line}: `{field}` is no regular expression: {problem}")]
    Pattern {
        /// Where.
        line: u32,
        /// The field.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two rules in one.
    #[error("line {line}: `{first}` and `{second}` cannot stand in one creation rule")]
    TwoRules {
        /// Where.
        line: u32,
        /// One.
        first: &'static str,
        /// Another.
        second: &'static str,
    },
    /// Recipients that cannot be encrypted for.
    #[error(
        "line {line}: `{field}` names recipients that only other programs can encrypt for; age recipients are possible here"
    )]
    OtherRecipients {
        /// Where.
        line: u32,
        /// Which kind.
        field: String,
    },
    /// A field that SOPS does not have.
    #[error("line {line}: `{field}` is not a field of a creation rule")]
    UnknownField {
        /// Where.
        line: u32,
        /// The field.
        field: String,
    },
    /// Nobody.
    #[error("line {line}: the creation rule names no recipient")]
    NoRecipients {
        /// Where.
        line: u32,
    },
    /// No rule matches.
    #[error("no creation rule matches `{path}`")]
    NoMatch {
        /// Relative to the rules' directory.
        path: String,
    },
}

/// Fields with recipients that need a service or a program.
const OTHERS: [&str; 8] =
    ["pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri", "hc_vault", "plugins"];

impl CreationRules {
    /// Reads `.sops.yaml`. A rule that cannot be carried out is an error for the files it matches only.
    ///
    /// # Errors
    /// It is no YAML, has no creation rules, or a pattern of a path is none.
    pub fn read(text: &str) -> Result<Self, RulesProblem> {
        let documents = parse_documents(text, "", &Limits::default())
            .map_err(|error| RulesProblem::Yaml { line: error.mark.line, problem: error.problem.to_string() })?;
        let root = documents.first().map(|document| &document.root);
        let rules = root.and_then(|root| root.get("creation_rules")).filter(|rules| !rules.is_null());
        let rules = rules.ok_or(RulesProblem::NoRules)?;
        let items = rules.as_seq().ok_or_else(|| wrong(rules, "creation_rules", "a list"))?;
        let rules = items.iter().map(CreationRule::read).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// How the file at `path`, relative to the directory of the rules, is encrypted.
    ///
    /// # Errors
    /// No rule matches, or the one that does cannot be carried out.
    pub fn plan(&self, path: &str) -> Result<SealPlan, RulesProblem> {
        let found = self.rules.iter().find(|rule| rule.matches(path));
        found.ok_or_else(|| RulesProblem::NoMatch { path: path.to_owned() })?.plan.clone()
    }

    /// Does a rule that names paths match this one? A rule for everything does not say that each file is a secret.
    pub fn names(&self, path: &str) -> bool {
        self.rules.iter().find(|rule| rule.matches(path)).is_some_and(|rule| rule.path.is_some())
    }

    /// Line of the rule for `path`, from 1.
    pub fn line(&self, path: &str) -> Option<u32> {
        self.rules.iter().find(|rule| rule.matches(path)).map(|rule| rule.line)
    }
}

impl CreationRule {
    fn read(node: &Node) -> Result<Self, RulesProblem> {
        let map = node.as_map().ok_or_else(|| wrong(node, "creation_rules", "a list of maps"))?;
        let path = match text(map, "path_regex")? {
            Some(pattern) if !pattern.is_empty() => {
                let compiled = Regex::new(&go_pattern(pattern));
                let line = map.get("path_regex").map_or(0, |node| node.mark().line);
                Some(compiled.map_err(|error| pattern_problem(line, "path_regex", &error))?)
            }
            _ => None,
        };
        Ok(Self { line: node.mark().line, path, plan: plan(map, node.mark().line) })
    }

    fn matches(&self, path: &str) -> bool {
        self.path.as_ref().is_none_or(|regex| regex.is_match(path))
    }
}

fn pattern_problem(line: u32, field: &str, error: &regex::Error) -> RulesProblem {
    let problem = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
    RulesProblem::Pattern { line, field: field.to_owned(), problem }
}

fn plan(map: &Mapping, line: u32) -> Result<SealPlan, RulesProblem> {
    let known = ["path_regex", "age", "key_groups", "shamir_threshold", "mac_only_encrypted", "aws_profile"];
    for entry in &map.entries {
        let field = entry.key.text.as_str();
        let is_known = known.contains(&field) || RULES.contains(&field) || OTHERS.contains(&field);
        if !is_known {
            return Err(RulesProblem::UnknownField { line: entry.key.mark.line, field: field.to_owned() });
        }
    }
    let groups = match map.get("key_groups").filter(|groups| groups.as_seq().is_some_and(|items| !items.is_empty())) {
        Some(groups) => groups.as_seq().unwrap_or_default().iter().map(group).collect::<Result<_, _>>()?,
        None => vec![recipients(map)?],
    };
    if groups.iter().any(Vec::is_empty) {
        return Err(RulesProblem::NoRecipients { line });
    }
    let threshold = match map.get("shamir_threshold").filter(|node| !node.is_null()) {
        None => 0,
        Some(node) => {
            let number = node.as_str().and_then(|text| text.parse().ok());
            number.ok_or_else(|| wrong(node, "shamir_threshold", "a whole number"))?
        }
    };
    let mac_only_encrypted = match map.get("mac_only_encrypted").filter(|node| !node.is_null()) {
        None => false,
        Some(node) => match node.as_str() {
            Some("true") => true,
            Some("false") => false,
            _ => return Err(wrong(node, "mac_only_encrypted", "true or false")),
        },
    };
    Ok(SealPlan { groups, threshold, rule: rule(map, line)?, mac_only_encrypted })
}

fn rule(map: &Mapping, line: u32) -> Result<Rule, RulesProblem> {
    let mut found: Option<(&'static str, Rule)> = None;
    for field in RULES {
        let Some(value) = text(map, field)?.filter(|value| !value.is_empty()) else { continue };
        if let Some((first, _)) = found {
            return Err(RulesProblem::TwoRules { line, first, second: field });
        }
        if field.ends_with("_regex")
            && let Err(error) = Regex::new(&go_pattern(value))
        {
            return Err(pattern_problem(map.get(field).map_or(line, |node| node.mark().line), field, &error));
        }
        found = Rule::named(field, value.to_owned()).map(|rule| (field, rule));
    }
    Ok(found.map(|(_, rule)| rule).unwrap_or_default())
}

fn group(node: &Node) -> Result<Vec<String>, RulesProblem> {
    let map = node.as_map().ok_or_else(|| wrong(node, "key_groups", "a list of maps"))?;
    let mut all = Vec::new();
    if let Some(merged) = map.get("merge").and_then(Node::as_seq) {
        for inner in merged {
            all.extend(group(inner)?);
        }
    }
    all.extend(recipients(map)?);
    Ok(without_repeats(all))
}

fn recipients(map: &Mapping) -> Result<Vec<String>, RulesProblem> {
    for field in OTHERS {
        let Some(node) = map.get(field) else { continue };
        let empty = node.is_null()
            || node.as_str().is_some_and(|text| text.trim().is_empty())
            || node.as_seq().is_some_and(<[Node]>::is_empty);
        if !empty {
            return Err(RulesProblem::OtherRecipients { line: node.mark().line, field: field.to_owned() });
        }
    }
    let texts: Vec<&str> = match map.get("age") {
        None => Vec::new(),
        Some(node) if node.is_null() => Vec::new(),
        Some(Node::Seq(seq)) => seq
            .items
            .iter()
            .map(|item| item.as_str().ok_or_else(|| wrong(item, "age", "a list of texts")))
            .collect::<Result<_, _>>()?,
        Some(node) => vec![node.as_str().ok_or_else(|| wrong(node, "age", "a text or a list of texts"))?],
    };
    let words = texts.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|word| !word.is_empty());
    Ok(without_repeats(words.map(str::to_owned).collect()))
}

fn without_repeats(all: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(all.len());
    for one in all {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

fn text<'n>(map: &'n Mapping, field: &str) -> Result<Option<&'n str>, RulesProblem> {
    match map.get(field) {
        None => Ok(None),
        Some(node) if node.is_null() => Ok(None),
        Some(node) => node.as_str().map(Some).ok_or_else(|| wrong(node, field, "a text")),
    }
}

fn wrong(node: &Node, field: &str, expected: &'static str) -> RulesProblem {
    RulesProblem::Type { line: node.mark().line, field: field.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
keys:
  - &alice age1alice
  - &bob age1bob
creation_rules:
  - path_regex: secrets/.*\\.yaml$
    age: age1one, age1two,age1one,
    encrypted_regex: ^(data|stringData)$
    mac_only_encrypted: true
  - path_regex: ^groups/
    shamir_threshold: 2
    key_groups:
      - age: [*alice, *bob]
      - merge: [{age: [*alice]}]
        age: [*alice]
  - path_regex: ^kms/
    kms: arn:aws:kms:x
    age: *alice
  - age: *bob
";

    #[test]
    fn the_first_rule_that_matches_counts() {
        let rules = CreationRules::read(TEXT).unwrap();
        let plan = rules.plan("apps/secrets/db.yaml").unwrap();
        assert_eq!(plan.groups, [["age1one", "age1two"]]);
        assert_eq!(plan.rule, Rule::EncryptedRegex("^(data|stringData)$".into()));
        assert!(plan.mac_only_encrypted);
        let plan = rules.plan("groups/x.yaml").unwrap();
        assert_eq!(plan.groups, [vec!["age1alice", "age1bob"], vec!["age1alice"]]);
        assert_eq!(plan.threshold, 2);
        assert_eq!(
            rules.plan("kms/x.yaml").unwrap_err().to_string(),
            "line 16: `kms` names recipients that only other programs can encrypt for; age recipients are possible here"
        );
        assert_eq!(
            rules.plan("other.env").unwrap(),
            SealPlan { groups: vec![vec!["age1bob".into()]], ..SealPlan::default() }
        );
        assert!(rules.names("groups/x") && !rules.names("other.env"));
        assert_eq!(rules.line("groups/x"), Some(9));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let only = |rule: &str| CreationRules::read(&format!("creation_rules:\n  - {rule}\n"));
        for (text, expected) in [
            ("", "it has no `creation_rules`"),
            ("creation_rules: x", "line 1: `creation_rules` must be a list"),
            ("a: [", "line 2: did not find expected node content"),
        ] {
            assert_eq!(CreationRules::read(text).unwrap_err().to_string(), expected, "{text}");
        }
        assert!(
            only("path_regex: '('")
                .unwrap_err()
                .to_string()
                .starts_with("line 2: `path_regex` is no regular expression")
        );
        for (rule, expected) in [
            ("{}", "line 2: the creation rule names no recipient"),
            ("{age: [1, [x]]}", "line 2: `age` must be a list of texts"),
            (
                "{age: a, encrypted_regex: a, encrypted_suffix: b}",
                "line 2: `encrypted_suffix` and `encrypted_regex` cannot stand in one creation rule",
            ),
            ("{age: a, encrypted_rgex: a}", "line 2: `encrypted_rgex` is not a field of a creation rule"),
            ("{age: a, mac_only_encrypted: maybe}", "line 2: `mac_only_encrypted` must be true or false"),
            ("{age: a, shamir_threshold: x}", "line 2: `shamir_threshold` must be a whole number"),
        ] {
            assert_eq!(only(rule).unwrap().plan("x").unwrap_err().to_string(), expected, "{rule}");
        }
        assert_eq!(
            only("{path_regex: a, age: x}").unwrap().plan("b").unwrap_err().to_string(),
            "no creation rule matches `b`"
        );
    }
}
