//! Where the values of variables come from: ConfigMaps and Secrets among the items, files, the environment, the configuration.
//! Owns their order and how objects are read; must not know templates. What is said of a source never shows a value.

use std::cell::OnceCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::{Mapping, Masked, Node, ObjectKey, Scalar, nearest};

use super::Dialect;
use super::variables::{Variables, is_valid};
use crate::sops::Keyring;
use crate::{Finding, Inputs};

/// What a configuration names as sources, the strongest last: `from`, `files`, `literals`, `environment`.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// ConfigMaps and Secrets.
    pub from: Vec<From>,
    /// Files of `NAME=value` lines, or of manifests, encrypted or not.
    pub files: Vec<String>,
    /// Names and values.
    pub literals: Vec<(String, Masked<String>)>,
    /// Names of variables of the environment.
    pub environment: Vec<String>,
    /// The namespace of the objects in `from`; empty: whichever has the only one of that name.
    pub namespace: String,
}

/// A ConfigMap or a Secret whose data are variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct From {
    /// Which of both.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// May it be missing?
    pub optional: bool,
}

/// What holds variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
pub enum Kind {
    /// Values in the clear.
    ConfigMap,
    /// Secret values.
    Secret,
}

impl Kind {
    /// Its name in a manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

impl Sources {
    /// The variables that all sources have together. Whatever is wrong with one is among the findings, as an error.
    pub fn gather(&self, items: &[Node], inputs: &dyn Inputs) -> (Variables, Vec<Finding>) {
        let (mut variables, mut findings) = (Variables::default(), Vec::new());
        for from in &self.from {
            match self.find(from, items) {
                Ok(Some(object)) => findings.extend(add_object(&mut variables, object)),
                Ok(None) => {}
                Err(finding) => findings.push(*finding),
            }
        }
        // Once: a command that prints keys may ask a person.
        let keyring = OnceCell::new();
        let keys = || keyring.get_or_init(|| Keyring::from_environment(inputs));
        for path in &self.files {
            findings.extend(super::file::add(&mut variables, path, inputs, keys));
        }
        for (name, value) in &self.literals {
            variables.set(name, value.clone(), "the configuration");
        }
        for name in &self.environment {
            if let Some(value) = inputs.passed_variable(name) {
                variables.set(name, value, "the environment");
            }
        }
        (variables, findings)
    }

    /// The object meant; none if it may be missing.
    fn find<'n>(&self, from: &From, items: &'n [Node]) -> Result<Option<&'n Node>, Box<Finding>> {
        let kind = from.kind.as_str();
        let of_kind: Vec<&Node> =
            items.iter().filter(|item| item.api_version() == "v1" && item.kind() == kind).collect();
        let here = |item: &&Node| self.namespace.is_empty() || item.namespace() == self.namespace;
        let found: Vec<&Node> = of_kind.iter().copied().filter(|item| item.name() == from.name).filter(here).collect();
        let object = || ObjectKey::new("", kind, self.namespace.as_str(), from.name.as_str());
        match found.as_slice() {
            [only] => Ok(Some(only)),
            [] if from.optional => Ok(None),
            [] => {
                let names: Vec<&str> = of_kind.iter().map(|item| item.name()).collect();
                let near = nearest(&from.name, &names);
                let suggestion = near.map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
                let message = format!("is to give variables and is not among the objects{suggestion}");
                Err(Box::new(Finding::error(object(), "", message)))
            }
            _ => {
                let message = "is to give variables, and several namespaces have one of that name: set \
                               `metadata.namespace` of the configuration";
                Err(Box::new(Finding::error(object(), "", message)))
            }
        }
    }
}

/// Adds the data of a ConfigMap or Secret to `variables`, as Flux's `substituteFrom` does; of a Secret also `stringData`. The
/// findings are errors.
pub fn add_object(variables: &mut Variables, object: &Node) -> Vec<Finding> {
    let key = object.key();
    let mut findings = Vec::new();
    let secret = object.kind() == Kind::Secret.as_str();
    if secret && object.get("sops").is_some_and(|node| !node.is_null()) {
        return vec![Finding::error(
            key,
            "sops",
            "is still encrypted: decrypt it before its data are used as variables",
        )];
    }
    for field in if secret { &["data", "stringData"][..] } else { &["data"][..] } {
        let Some(node) = object.get(field).filter(|node| !node.is_null()) else { continue };
        let Some(data) = node.as_map() else {
            findings.push(Finding::error(key.clone(), *field, "must be a map"));
            continue;
        };
        add_data(variables, &key, data, (field, secret && *field == "data"), &mut findings);
    }
    findings
}

fn add_data(
    variables: &mut Variables,
    key: &ObjectKey,
    data: &Mapping,
    (field, encoded): (&str, bool),
    findings: &mut Vec<Finding>,
) {
    for (name, node) in data.iter() {
        let mut refuse = |message: &str| {
            findings.push(Finding::error(key.clone(), super::place::member(field, name), message));
        };
        let Node::Scalar(scalar) = node else {
            refuse("must be a text");
            continue;
        };
        let text = text_of(scalar);
        let value = if encoded { decoded(text) } else { Ok(text.to_owned()) };
        match value {
            Ok(value) => variables.set(name, Masked::new(value), key.short()),
            Err(message) => refuse(message),
        }
    }
}

fn text_of(scalar: &Scalar) -> &str {
    if scalar.is_null() { "" } else { &scalar.text }
}

fn decoded(text: &str) -> Result<String, &'static str> {
    let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = STANDARD.decode(packed).map_err(|_| "is not base64")?;
    String::from_utf8(bytes).map_err(|_| "is no text, which the value of a variable must be")
}

/// What Flux refuses for its name; the typed dialect passes over it.
pub(super) fn judge_names(variables: &mut Variables, dialect: Dialect) -> Vec<Finding> {
    let invalid: Vec<(String, String)> = variables
        .names()
        .filter(|name| !is_valid(name))
        .map(|name| (name.to_owned(), variables.from(name).unwrap_or_default().to_owned()))
        .collect();
    let told = |(name, from): (String, String)| {
        let finding = match dialect {
            Dialect::Flux => Finding::error,
            Dialect::Typed => Finding::warning,
        };
        let consequence = if dialect == Dialect::Flux { "which Flux refuses" } else { "and is passed over" };
        let message = format!(
            "`{name}` of {from} is no name of a variable (letters, digits and `_`, no digit first), {consequence}"
        );
        finding(ObjectKey::default(), String::new(), message)
    };
    if dialect == Dialect::Typed {
        variables.retain_valid();
    }
    invalid.into_iter().map(told).collect()
}
