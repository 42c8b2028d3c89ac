//! `.sops.yaml`: for whom which files are encrypted, and how they are laid out. Owns its creation rules and what of them cannot be carried
//! out here; must not know where the file lies or how it is found.

use krm::yaml::{Decoded, Limits, decode_scalar, parse_documents};
use krm::{Mapping, Node, go_pattern};
use regex::Regex;

use super::indents::Indents;
use super::seal::SealPlan;
use super::select::{RULES, Rule};

/// The creation rules of one `.sops.yaml`, and its `stores`.
#[derive(Debug)]
pub struct CreationRules {
    /// Who only decrypts does not need them to be right.
    rules: Result<Vec<CreationRule>, RulesProblem>,
    indents: Indents,
}

#[derive(Debug)]
struct CreationRule {
    /// From 1.
    line: u32,
    /// Of the path relative to the file's directory; `None` matches everything.
    path: Option<Regex>,
    /// For whom.
    plan: Result<SealPlan, RulesProblem>,
    /// What is encrypted; for nobody yet.
    manner: Result<SealPlan, RulesProblem>,
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
    #[error("line {line}: `{field}` is not a field of {of}")]
    UnknownField {
        /// Where.
        line: u32,
        /// The field.
        field: String,
        /// What it stands in.
        of: &'static str,
    },
    /// A word at the top that is nearly one of SOPS'.
    #[error("line {line}: `{field}` means nothing to SOPS; did you mean `{near}`?")]
    Slip {
        /// Where.
        line: u32,
        /// The word.
        field: String,
        /// What SOPS has.
        near: &'static str,
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

/// Fields of SOPS at the top. Others are the author's: anchors, mostly.
const TOP: [&str; 3] = ["creation_rules", "destination_rules", "stores"];
/// Fields with recipients that need a service or a program, of a rule.
const OTHERS: [&str; 6] = ["pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri"];
/// And of a key group.
const OTHERS_OF_GROUP: [&str; 6] = ["pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault"];

impl CreationRules {
    /// Reads `.sops.yaml`. A rule that cannot be carried out is an error for the files it matches only, and none for who decrypts.
    ///
    /// # Errors
    /// It is no map of YAML, or `stores` asks for what no file can have.
    pub fn read(text: &str) -> Result<Self, RulesProblem> {
        let documents = parse_documents(text, "", &Limits::default())
            .map_err(|error| RulesProblem::Yaml { line: error.mark.line, problem: error.problem.to_string() })?;
        let root = documents.first().map(|document| &document.root).filter(|root| !root.is_null());
        let Some(root) = root else {
            return Ok(Self { rules: Err(RulesProblem::NoRules), indents: Indents::default() });
        };
        let map = root.as_map().ok_or_else(|| wrong(root, "creation_rules", "a field at the top"))?;
        for entry in map.entries.iter().filter(|entry| !TOP.contains(&entry.key.text.as_str())) {
            if let Some(near) = krm::nearest(&entry.key.text, &TOP) {
                return Err(RulesProblem::Slip { line: entry.key.mark.line, field: entry.key.text.to_string(), near });
            }
        }
        let indents = map.get("stores").filter(|stores| !stores.is_null()).map(Indents::read).transpose()?;
        Ok(Self { rules: rules(map), indents: indents.unwrap_or_default() })
    }

    /// How files are laid out.
    pub const fn indents(&self) -> Indents {
        self.indents
    }

    /// How the file at `path`, relative to the directory of the rules, is encrypted.
    ///
    /// # Errors
    /// There are no rules, none matches, or the one that does cannot be carried out.
    pub fn plan(&self, path: &str) -> Result<SealPlan, RulesProblem> {
        let rules = self.rules.as_ref().map_err(Clone::clone)?;
        let found = rules.iter().find(|rule| rule.matches(path));
        let plan = found.ok_or_else(|| RulesProblem::NoMatch { path: path.to_owned() })?.plan.clone()?;
        Ok(SealPlan { indents: self.indents, ..plan })
    }

    /// How the file at `path` is encrypted for these recipients, whomever a rule names: as in SOPS, the rest of the rule counts.
    ///
    /// # Errors
    /// The rule that matches cannot be carried out.
    pub fn plan_for(&self, path: &str, recipients: Vec<String>) -> Result<SealPlan, RulesProblem> {
        let rules = match &self.rules {
            Ok(rules) => rules.as_slice(),
            Err(RulesProblem::NoRules) => &[],
            Err(problem) => return Err(problem.clone()),
        };
        let found = rules.iter().find(|rule| rule.matches(path)).map(|rule| rule.manner.clone());
        let manner = found.unwrap_or_else(|| Ok(SealPlan::default()))?;
        Ok(SealPlan { groups: vec![recipients], indents: self.indents, ..manner })
    }

    /// Line, from 1, of the rule that names this path. A rule for everything does not say that each file is a secret.
    ///
    /// # Errors
    /// The rules cannot be read.
    pub fn names(&self, path: &str) -> Result<Option<u32>, RulesProblem> {
        let rules = match &self.rules {
            Ok(rules) => rules,
            Err(RulesProblem::NoRules) => return Ok(None),
            Err(problem) => return Err(problem.clone()),
        };
        let found = rules.iter().find(|rule| rule.matches(path)).filter(|rule| rule.path.is_some());
        Ok(found.map(|rule| rule.line))
    }
}

fn rules(map: &Mapping) -> Result<Vec<CreationRule>, RulesProblem> {
    let rules = map.get("creation_rules").filter(|rules| !rules.is_null()).ok_or(RulesProblem::NoRules)?;
    let items = rules.as_seq().ok_or_else(|| wrong(rules, "creation_rules", "a list"))?;
    items.iter().map(CreationRule::read).collect()
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
        let line = node.mark().line;
        let manner = manner(map, line);
        Ok(Self { line, path, plan: manner.clone().and_then(|manner| plan(map, line, manner)), manner })
    }

    fn matches(&self, path: &str) -> bool {
        self.path.as_ref().is_none_or(|regex| regex.is_match(path))
    }
}

fn pattern_problem(line: u32, field: &str, error: &regex::Error) -> RulesProblem {
    let problem = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
    RulesProblem::Pattern { line, field: field.to_owned(), problem }
}

/// Refuses a field that neither we nor SOPS know.
fn refuse_unknown(map: &Mapping, known: &[&[&str]], of: &'static str) -> Result<(), RulesProblem> {
    let is_known = |field: &str| known.iter().any(|names| names.contains(&field));
    match map.entries.iter().find(|entry| !is_known(&entry.key.text)) {
        None => Ok(()),
        Some(entry) => {
            Err(RulesProblem::UnknownField { line: entry.key.mark.line, field: entry.key.text.to_string(), of })
        }
    }
}

fn manner(map: &Mapping, line: u32) -> Result<SealPlan, RulesProblem> {
    let known = ["path_regex", "age", "key_groups", "shamir_threshold", "mac_only_encrypted", "aws_profile"];
    refuse_unknown(map, &[&known, &RULES, &OTHERS], "a creation rule")?;
    let mac_only_encrypted = match map.get("mac_only_encrypted").filter(|node| !node.is_null()) {
        None => false,
        Some(node) => truth(node).ok_or_else(|| wrong(node, "mac_only_encrypted", "true or false"))?,
    };
    Ok(SealPlan { rule: rule(map, line)?, mac_only_encrypted, ..SealPlan::default() })
}

fn plan(map: &Mapping, line: u32, manner: SealPlan) -> Result<SealPlan, RulesProblem> {
    let groups = match map.get("key_groups").filter(|node| !node.is_null()) {
        Some(node) => node.as_seq().ok_or_else(|| wrong(node, "key_groups", "a list of maps"))?,
        None => &[],
    };
    // As in SOPS, groups take the place of recipients beside them.
    let groups = match groups {
        [] => vec![recipients(map, &OTHERS)?],
        groups => groups.iter().map(group).collect::<Result<_, _>>()?,
    };
    if groups.iter().any(Vec::is_empty) {
        return Err(RulesProblem::NoRecipients { line });
    }
    let threshold = match map.get("shamir_threshold").filter(|node| !node.is_null()) {
        None => 0,
        Some(node) => {
            let number = int(node).and_then(|number| usize::try_from(number).ok());
            number.ok_or_else(|| wrong(node, "shamir_threshold", "a whole number"))?
        }
    };
    Ok(SealPlan { groups, threshold, ..manner })
}

/// As go-yaml reads a number into a field of this type.
pub(super) fn int(node: &Node) -> Option<i64> {
    match node {
        Node::Scalar(scalar) => match decode_scalar(scalar) {
            Some(Decoded::Int(number)) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// As go-yaml reads a truth into a field of this type: YAML 1.1's words count, too.
fn truth(node: &Node) -> Option<bool> {
    let Node::Scalar(scalar) = node else { return None };
    match decode_scalar(scalar) {
        Some(Decoded::Bool(value)) => Some(value),
        Some(Decoded::Text(text)) => match text {
            "y" | "Y" | "yes" | "on" => Some(true),
            "n" | "N" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
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
    refuse_unknown(map, &[&["merge", "age"], &OTHERS_OF_GROUP], "a key group")?;
    let mut all = Vec::new();
    if let Some(merged) = map.get("merge").filter(|node| !node.is_null()) {
        for inner in merged.as_seq().ok_or_else(|| wrong(merged, "merge", "a list of maps"))? {
            all.extend(group(inner)?);
        }
    }
    if let Some(age) = map.get("age").filter(|node| !node.is_null() && node.as_seq().is_none()) {
        return Err(wrong(age, "age", "a list of texts in a key group"));
    }
    all.extend(recipients(map, &OTHERS_OF_GROUP)?);
    Ok(without_repeats(all))
}

fn recipients(map: &Mapping, others: &[&str]) -> Result<Vec<String>, RulesProblem> {
    for &field in others {
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

pub(super) fn wrong(node: &Node, field: &str, expected: &'static str) -> RulesProblem {
    RulesProblem::Type { line: node.mark().line, field: field.to_owned(), expected }
}

#[cfg(test)]
mod tests;
