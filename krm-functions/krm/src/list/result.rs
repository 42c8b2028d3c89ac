//! Results of KRM functions: what a function found, about which field of which object. Must not know how lists are wrapped.

use std::collections::BTreeMap;
use std::fmt;

use super::{ListError, invalid};
use crate::{Mapping, Node};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The function failed.
    Error,
    /// Worth a look.
    Warning,
    /// Good to know.
    Info,
}

/// One thing that a function found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FnResult {
    /// For people.
    pub message: String,
    /// How bad it is; none counts as information.
    pub severity: Option<Severity>,
    /// The object.
    pub resource_ref: Option<ResourceRef>,
    /// The field of the object.
    pub field: Option<FieldRef>,
    /// The file that holds the object.
    pub file: Option<FileRef>,
    /// For other tools.
    pub tags: BTreeMap<String, String>,
}

/// An object by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourceRef {
    /// Its API version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; empty if there is none.
    pub namespace: String,
}

/// A field and its values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldRef {
    /// Its path, as `spec.replicas`.
    pub path: String,
    /// What it holds.
    pub current_value: Option<Node>,
    /// What it should hold.
    pub proposed_value: Option<Node>,
}

/// A place in the input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileRef {
    /// Relative path.
    pub path: String,
    /// Index of the document in the file, from 0.
    pub index: u32,
}

/// Exit code of a function with these results: 1 if one of them is an error, else 0.
pub fn exit_code(results: &[FnResult]) -> u8 {
    u8::from(results.iter().any(|result| result.severity == Some(Severity::Error)))
}

impl Severity {
    /// The protocol's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Error, Self::Warning, Self::Info].into_iter().find(|severity| severity.as_str() == word)
    }
}

impl FnResult {
    /// A result that says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// As it stands in a ResourceList; empty fields are left out.
    pub(super) fn to_node(&self) -> Node {
        let mut map = Mapping::default();
        set_text(&mut map, "message", &self.message);
        if let Some(severity) = self.severity {
            set_text(&mut map, "severity", severity.as_str());
        }
        if let Some(resource) = &self.resource_ref {
            let mut at = Mapping::default();
            set_text(&mut at, "apiVersion", &resource.api_version);
            set_text(&mut at, "kind", &resource.kind);
            set_text(&mut at, "name", &resource.name);
            set_text(&mut at, "namespace", &resource.namespace);
            map.set("resourceRef", at.into());
        }
        if let Some(field) = &self.field {
            let mut at = Mapping::default();
            set_text(&mut at, "path", &field.path);
            for (key, value) in [("currentValue", &field.current_value), ("proposedValue", &field.proposed_value)] {
                if let Some(value) = value {
                    at.set(key, value.clone());
                }
            }
            map.set("field", at.into());
        }
        if let Some(file) = &self.file {
            let mut at = Mapping::default();
            set_text(&mut at, "path", &file.path);
            if file.index > 0 {
                at.set("index", Node::int(file.index.into()));
            }
            map.set("file", at.into());
        }
        if !self.tags.is_empty() {
            let tags = self.tags.iter().map(|(key, value)| (key.as_str(), Node::string(value.as_str())));
            map.set("tags", tags.collect::<Mapping>().into());
        }
        map.into()
    }
}

/// `[severity] apiVersion/kind/namespace/name field: message`
impl fmt::Display for FnResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.severity.unwrap_or(Severity::Info).as_str())?;
        if let Some(r) = &self.resource_ref {
            let parts = [&r.api_version, &r.kind, &r.namespace, &r.name];
            let named: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
            if !named.is_empty() {
                write!(f, " {}", named.join("/"))?;
            }
        }
        if let Some(field) = &self.field {
            write!(f, " {}", field.path)?;
        }
        write!(f, ": {}", self.message)
    }
}

fn set_text(map: &mut Mapping, key: &str, value: &str) {
    if !value.is_empty() {
        map.set(key, Node::string(value));
    }
}

/// Reads `results`.
pub(super) fn results_of(value: &Node, file: &str) -> Result<Vec<FnResult>, ListError> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let reader = Reader { file };
    let items = value.as_seq().ok_or_else(|| invalid(file, "results".to_owned(), "a list", value))?;
    items.iter().enumerate().map(|(index, item)| reader.result(item, &format!("results[{index}]"))).collect()
}

struct Reader<'a> {
    file: &'a str,
}

impl Reader<'_> {
    fn result(&self, node: &Node, at: &str) -> Result<FnResult, ListError> {
        self.map(node, at)?;
        let severity = match node.get("severity") {
            None => None,
            Some(word) => match word.as_str().and_then(Severity::from_word) {
                None => return Err(invalid(self.file, format!("{at}.severity"), "error, warning or info", word)),
                severity => severity,
            },
        };
        let mut tags = BTreeMap::new();
        if let Some(map) = self.part(node, "tags", at)? {
            for (key, _) in map.iter() {
                tags.insert(key.to_owned(), self.text(map, key, &format!("{at}.tags"))?);
            }
        }
        Ok(FnResult {
            message: self.text(self.map(node, at)?, "message", at)?,
            severity,
            resource_ref: self.resource_ref(node, at)?,
            field: self.field(node, at)?,
            file: self.file_ref(node, at)?,
            tags,
        })
    }

    fn resource_ref(&self, node: &Node, at: &str) -> Result<Option<ResourceRef>, ListError> {
        let Some(map) = self.part(node, "resourceRef", at)? else { return Ok(None) };
        let at = format!("{at}.resourceRef");
        Ok(Some(ResourceRef {
            api_version: self.text(map, "apiVersion", &at)?,
            kind: self.text(map, "kind", &at)?,
            name: self.text(map, "name", &at)?,
            namespace: self.text(map, "namespace", &at)?,
        }))
    }

    fn field(&self, node: &Node, at: &str) -> Result<Option<FieldRef>, ListError> {
        let Some(map) = self.part(node, "field", at)? else { return Ok(None) };
        let path = self.text(map, "path", &format!("{at}.field"))?;
        let value = |key| map.get(key).cloned();
        Ok(Some(FieldRef { path, current_value: value("currentValue"), proposed_value: value("proposedValue") }))
    }

    fn file_ref(&self, node: &Node, at: &str) -> Result<Option<FileRef>, ListError> {
        let Some(map) = self.part(node, "file", at)? else { return Ok(None) };
        let at = format!("{at}.file");
        let index = match map.get("index") {
            None => 0,
            Some(index) => match index.as_str().and_then(|text| text.parse().ok()) {
                None => return Err(invalid(self.file, format!("{at}.index"), "a whole number", index)),
                Some(number) => number,
            },
        };
        Ok(Some(FileRef { path: self.text(map, "path", &at)?, index }))
    }

    fn map<'n>(&self, node: &'n Node, at: &str) -> Result<&'n Mapping, ListError> {
        node.as_map().ok_or_else(|| invalid(self.file, at.to_owned(), "a map", node))
    }

    /// The map under `key`, if there is one.
    fn part<'n>(&self, node: &'n Node, key: &str, at: &str) -> Result<Option<&'n Mapping>, ListError> {
        match node.get(key) {
            None => Ok(None),
            Some(value) if value.is_null() => Ok(None),
            Some(value) => self.map(value, &format!("{at}.{key}")).map(Some),
        }
    }

    /// The text under `key`, empty if there is none.
    fn text(&self, map: &Mapping, key: &str, at: &str) -> Result<String, ListError> {
        match map.get(key) {
            None => Ok(String::new()),
            Some(value) if value.is_null() => Ok(String::new()),
            Some(Node::Scalar(scalar)) => Ok(scalar.text.to_string()),
            Some(other) => Err(invalid(self.file, format!("{at}.{key}"), "a string", other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_prints_as_kyaml_prints_it() {
        let result = FnResult {
            severity: Some(Severity::Warning),
            resource_ref: Some(ResourceRef {
                api_version: "v1".into(),
                kind: "Pod".into(),
                name: "a".into(),
                namespace: "b".into(),
            }),
            field: Some(FieldRef { path: "spec.x".into(), ..FieldRef::default() }),
            ..FnResult::new("odd")
        };
        assert_eq!(result.to_string(), "[warning] v1/Pod/b/a spec.x: odd");
        assert_eq!(FnResult::new("x").to_string(), "[info]: x");
    }

    #[test]
    fn a_wrong_result_names_its_field() {
        let node = crate::yaml::from_json(&serde_json::json!([{ "message": "a" }, { "file": { "index": "x" } }]));
        let refused = results_of(&node, "in").unwrap_err().to_string();
        assert_eq!(refused, "in: results[1].file.index must be a whole number, found a string");
    }
}
