//! A user's own schema. Owns reading its file, and which of its definitions is that of a kind; must not know what of the
//! built-in tables counts beside it (see `knowledge`).

use std::collections::BTreeMap;

use krm::yaml::{Limits, parse_first_document, to_json};
use serde_json::Value;

use crate::kustomization::decode::in_json_words;

use super::document::{Definition, Definitions, Document};
use super::{SchemaProblem, Scope};

/// Deeper schemas are refused: reading them recurses. Those of Kubernetes reach 15.
const DEPTH_MAX: usize = 120;

/// Definitions by name and by kind.
#[derive(Debug, Default)]
pub(super) struct Custom {
    definitions: Definitions,
    /// Names of definitions by apiVersion and kind.
    kinds: BTreeMap<(String, String), String>,
    scopes: BTreeMap<(String, String), Scope>,
}

impl Custom {
    /// Reads a schema: JSON if it starts with a brace, else YAML.
    pub(super) fn read(text: &str) -> Result<Self, SchemaProblem> {
        let document = if text.is_empty() || text.starts_with('{') { read_json(text) } else { read_yaml(text) }?;
        let mut custom = Self { definitions: document.definitions.unwrap_or_default(), ..Self::default() };
        for (name, definition) in custom.definitions.iter() {
            let Some(Value::Array(kinds)) = definition.kinds.as_deref() else { continue };
            for kind in kinds {
                // Of several definitions of one kind the last one counts; kustomize takes any.
                if let Some(key) = type_of(kind, name)? {
                    custom.kinds.insert(key, name.to_owned());
                }
            }
        }
        for read in document.paths.unwrap_or_default().0 {
            let Some(key) = type_of(&read.kind, "paths")? else { continue };
            let scope = custom.scopes.entry(key).or_insert(Scope::Cluster);
            if read.namespaced {
                *scope = Scope::Namespaced;
            }
        }
        Ok(custom)
    }

    pub(super) fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.get(name)
    }

    pub(super) fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Definition> {
        self.definition(self.kinds.get(&(api_version.to_owned(), kind.to_owned()))?)
    }

    pub(super) fn scope(&self, api_version: &str, kind: &str) -> Scope {
        self.scopes.get(&(api_version.to_owned(), kind.to_owned())).copied().unwrap_or(Scope::Unknown)
    }
}

fn read_json(text: &str) -> Result<Document, SchemaProblem> {
    serde_json::from_str(text).map_err(|error| SchemaProblem::Content { reason: error.to_string() })
}

fn read_yaml(text: &str) -> Result<Document, SchemaProblem> {
    let limits = Limits { depth_max: DEPTH_MAX, ..Limits::default() };
    let failed = |reason: String| SchemaProblem::Content { reason };
    let node = parse_first_document(text, "", &limits).map_err(|error| {
        failed(format!("{} at line {} column {}", error.problem, error.mark.line, error.mark.column))
    })?;
    let value = to_json(&in_json_words(node)).map_err(|error| failed(error.to_string()))?;
    if value.is_null() {
        return Ok(Document::default());
    }
    serde_json::from_value(value).map_err(|error| failed(error.to_string()))
}

/// apiVersion and kind of `{group, version, kind}`; nothing if it is no map.
fn type_of(value: &Value, place: &str) -> Result<Option<(String, String)>, SchemaProblem> {
    let Some(map) = value.as_object() else { return Ok(None) };
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let (Some(version), Some(kind)) = (text("version"), text("kind")) else {
        return Err(SchemaProblem::Kind { definition: place.to_owned() });
    };
    let api_version = match text("group") {
        Some(group) if !group.is_empty() => format!("{group}/{version}"),
        _ => version.to_owned(),
    };
    Ok(Some((api_version, kind.to_owned())))
}
