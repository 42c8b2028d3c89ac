//! The operations of a patch and how they are read: JSON if the text starts with `[`, YAML otherwise. Owns what a patch may
//! look like; what is wrong with a single operation shows only when it is applied, as in kustomize.

use krm::yaml::{EmitError, Limits, ParseError, parse_first_document, to_json};
use krm::{Mapping, Node, Scalar, Style, Tag};
use serde_json::Value;

use super::number;
use super::through_json::{NotJson, normalise};

/// Operations in order.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPatch {
    pub(super) operations: Vec<Operation>,
}

/// One operation, not yet checked.
#[derive(Clone, PartialEq)]
pub(super) struct Operation {
    /// `op`; `None` if it is missing or no text.
    pub(super) verb: Option<String>,
    pub(super) path: Option<String>,
    pub(super) from: Option<String>,
    /// `value`; null if it is missing.
    pub(super) value: Node,
}

/// The text is no JSON patch.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// There is no text.
    #[error("the patch is empty")]
    Empty,
    /// It starts with `[` and is no JSON; kustomize then does not try YAML.
    #[error("the patch starts with `[`, so it must be JSON: {problem}")]
    NotJson {
        /// What the JSON reader says.
        problem: String,
    },
    /// It is no YAML.
    #[error(transparent)]
    NotYaml(#[from] ParseError),
    /// It has no JSON form.
    #[error("the patch cannot be written as JSON")]
    NoJsonForm(#[source] EmitError),
    /// A value of it has no JSON form.
    #[error(transparent)]
    Value(#[from] NotJson),
    /// It is YAML or JSON, but no list of operations.
    #[error("a JSON patch is a list of operations, this is {found}")]
    NotAList {
        /// What it is instead.
        found: &'static str,
    },
    /// An item of the list is no operation.
    #[error("operation {index} must be a map, it is {found}")]
    NotAnOperation {
        /// Its position, from 0.
        index: usize,
        /// What it is instead.
        found: &'static str,
    },
}

/// Not its value, which may be secret.
impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation").field("verb", &self.verb).field("path", &self.path).finish_non_exhaustive()
    }
}

impl JsonPatch {
    /// Reads a patch; `file` names the text in errors. Only the first YAML document counts.
    ///
    /// # Errors
    /// The text is no JSON patch.
    pub fn read(text: &str, file: &str) -> Result<Self, ReadError> {
        if text.is_empty() {
            return Err(ReadError::Empty);
        }
        let mut root = if text.starts_with('[') {
            let value =
                serde_json::from_str::<Value>(text).map_err(|e| ReadError::NotJson { problem: e.to_string() })?;
            from_json(&value)
        } else {
            let mut root = parse_first_document(text, file, &Limits::default())?;
            as_yaml11(&mut root).map_err(ReadError::NoJsonForm)?;
            root
        };
        normalise(&mut root)?;
        Self::from_node(root)
    }

    fn from_node(root: Node) -> Result<Self, ReadError> {
        let items = match root {
            Node::Seq(seq) => seq.items,
            null if null.is_null() => Vec::new(),
            other => return Err(ReadError::NotAList { found: other.kind_name() }),
        };
        let operations = items.into_iter().enumerate().map(|(index, item)| match item {
            Node::Map(map) => Ok(Operation::from_map(map)),
            null if null.is_null() => Ok(Operation::from_map(Mapping::default())),
            other => Err(ReadError::NotAnOperation { index, found: other.kind_name() }),
        });
        Ok(Self { operations: operations.collect::<Result<_, _>>()? })
    }

    /// Is there nothing to do?
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl Operation {
    fn from_map(mut map: Mapping) -> Self {
        let mut text = |key: &str| match map.remove(key) {
            Some(Node::Scalar(scalar)) if scalar.tag == Tag::Str => Some(scalar.text.to_string()),
            _ => None,
        };
        let (verb, path, from) = (text("op"), text("path"), text("from"));
        Self { verb, path, from, value: map.remove("value").unwrap_or_else(Node::null) }
    }
}

/// The tree of a JSON value in the spelling that it has after JSON.
fn from_json(value: &Value) -> Node {
    match value {
        Value::Null => Node::null(),
        Value::Bool(value) => Node::bool(*value),
        Value::Number(value) => Node::Scalar(number::scalar(value.as_f64().unwrap_or_default())),
        Value::String(text) => Node::string(text.as_str()),
        Value::Array(items) => Node::seq(items.iter().map(from_json).collect()),
        Value::Object(map) => Node::Map(map.iter().map(|(key, value)| (key.as_str(), from_json(value))).collect()),
    }
}

/// Reads the tree again as YAML 1.1, which is what kustomize reads patches with: `yes` is a boolean, a date is a text, keys
/// are texts.
fn as_yaml11(node: &mut Node) -> Result<(), EmitError> {
    match node {
        Node::Scalar(scalar) => {
            let new = scalar11(scalar)?;
            *scalar = new;
            Ok(())
        }
        Node::Seq(seq) => seq.items.iter_mut().try_for_each(as_yaml11),
        Node::Map(map) => {
            for entry in &mut map.entries {
                let key = scalar11(&entry.key)?;
                entry.key = Scalar { tag: Tag::Str, ..key };
                as_yaml11(&mut entry.value)?;
            }
            Ok(())
        }
    }
}

fn scalar11(scalar: &Scalar) -> Result<Scalar, EmitError> {
    let new = match (scalar.tag, boolean11(scalar)) {
        (Tag::Str | Tag::Timestamp | Tag::Merge | Tag::Bool, Some(value)) => {
            Scalar::new(if value { "true" } else { "false" }, Tag::Bool)
        }
        (Tag::Str | Tag::Timestamp | Tag::Merge, None) => Scalar::string(scalar.text.clone()),
        _ => match from_json(&to_json(&Node::Scalar(scalar.clone()))?) {
            Node::Scalar(new) => new,
            _ => scalar.clone(),
        },
    };
    Ok(Scalar { mark: scalar.mark, ..new })
}

fn boolean11(scalar: &Scalar) -> Option<bool> {
    if scalar.style != Style::Plain {
        return None;
    }
    match scalar.text.as_str() {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}
