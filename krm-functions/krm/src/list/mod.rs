//! The ResourceList protocol of KRM functions: what a function reads and writes.
//!
//! Owns the wrapping (`ResourceList`, `List` or a bare stream) and the way back to text that leaves untouched items as they
//! were. Must not know what functions do.

mod result;

pub use result::{FieldRef, FileRef, FnResult, ResourceRef, Severity, exit_code};

use crate::node::Entry;
use crate::yaml::{self, Chunk, EmitError, Limits, ParseError, SequenceIndent};
use crate::{Mapping, Node, Scalar};

/// The API version that we write where the input named none.
pub const API_VERSION: &str = "config.kubernetes.io/v1";
/// The API versions of a ResourceList that we read.
pub const API_VERSIONS: [&str; 3] = [API_VERSION, "config.kubernetes.io/v1beta1", "config.kubernetes.io/v1alpha1"];

/// The items that a function works on, its configuration and its results.
#[derive(Debug, Clone, Default)]
pub struct ResourceList {
    /// The objects, each a map.
    pub items: Vec<Node>,
    /// The function's configuration.
    pub function_config: Option<Node>,
    /// What the functions found so far.
    pub results: Vec<FnResult>,
    /// How the items were and will be wrapped.
    pub wrapping: Wrapping,
    /// Texts of a bare stream's documents.
    originals: Vec<Original>,
}

/// What holds the items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrapping {
    /// A `ResourceList` of this API version.
    ResourceList(String),
    /// A `List` of this API version.
    List(String),
    /// Nothing: documents one after another.
    Stream,
}

impl Default for Wrapping {
    fn default() -> Self {
        Self::ResourceList(API_VERSION.to_owned())
    }
}

/// A document of a bare stream as it was read; found again by the line of its root.
#[derive(Debug, Clone)]
struct Original {
    root: Node,
    text: String,
}

/// Input that is no ResourceList.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ListError {
    /// It is no YAML.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A version of the protocol that we do not know.
    #[error("{file}: unknown apiVersion `{found}` of a ResourceList, expected {}", API_VERSIONS.join(" or "))]
    UnknownApiVersion {
        /// Name of the source.
        file: String,
        /// The version.
        found: String,
    },
    /// A field holds something else than it must.
    #[error("{file}: {field} must be {expected}, found {found}")]
    InvalidField {
        /// Name of the source.
        file: String,
        /// Path of the field.
        field: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
}

impl ResourceList {
    /// Reads a `ResourceList`, a `List` or a bare stream of documents; empty documents are passed over.
    pub fn read(text: &str, file: &str, limits: &Limits) -> Result<Self, ListError> {
        let mut documents = yaml::parse_documents(text, file, limits)?;
        let single = documents.len() == 1;
        documents.retain(|document| !document.root.is_null());
        if single
            && let [document] = documents.as_mut_slice()
            && let Some(wrapping) = wrapping_of(&document.root, file)?
        {
            let root = std::mem::replace(&mut document.root, Node::null());
            return Self::unwrap(root, wrapping, file);
        }
        let mut list = Self { wrapping: Wrapping::Stream, ..Self::default() };
        let unix = yaml::unix_breaks(text);
        let chunks = yaml::split_documents(&unix).unwrap_or_default();
        for (position, document) in documents.into_iter().enumerate() {
            require_map(&document.root, file, || format!("document {}", position + 1))?;
            if let Some(text) = chunks.get(document.index).and_then(plain_document) {
                list.originals.push(Original { root: document.root.clone(), text });
            }
            list.items.push(document.root);
        }
        Ok(list)
    }

    fn unwrap(root: Node, wrapping: Wrapping, file: &str) -> Result<Self, ListError> {
        let mut list = Self { wrapping, ..Self::default() };
        let Node::Map(map) = root else { return Ok(list) };
        for Entry { key, value } in map.entries {
            match key.text.as_str() {
                "items" => list.items = items_of(value, file)?,
                "functionConfig" if !value.is_null() => {
                    require_map(&value, file, || "functionConfig".to_owned())?;
                    list.function_config = Some(value);
                }
                "results" => list.results = result::results_of(&value, file)?,
                _ => {}
            }
        }
        Ok(list)
    }

    /// Appends the list as text, wrapped as it was read. Documents of a bare stream that did not change keep their bytes.
    pub fn write(&self, out: &mut String) -> Result<(), EmitError> {
        let (api_version, kind) = match &self.wrapping {
            Wrapping::ResourceList(api_version) => (api_version, "ResourceList"),
            Wrapping::List(api_version) => (api_version, "List"),
            Wrapping::Stream => return self.write_stream(out),
        };
        let mut entries = vec![entry("apiVersion", plain(api_version)), entry("kind", plain(kind))];
        entries.push(entry("items", Node::seq(self.items.clone())));
        if let Some(config) = &self.function_config {
            entries.push(entry("functionConfig", config.clone()));
        }
        if !self.results.is_empty() {
            entries.push(entry("results", Node::seq(self.results.iter().map(FnResult::to_node).collect())));
        }
        yaml::emit_function(&Node::Map(Mapping { entries, ..Mapping::default() }), out)
    }

    fn write_stream(&self, out: &mut String) -> Result<(), EmitError> {
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                out.push_str("---\n");
            }
            let original = self.originals.iter().find(|o| item.mark().line > 0 && o.root.mark() == item.mark());
            match original {
                Some(original) if original.root == *item => out.push_str(&original.text),
                Some(original) => yaml::emit_function_with(item, SequenceIndent::of(&original.text), out)?,
                None => yaml::emit_function(item, out)?,
            }
        }
        Ok(())
    }

    /// Exit code of a function that ends with this list: 1 if a result is an error.
    pub fn exit_code(&self) -> u8 {
        exit_code(&self.results)
    }
}

fn entry(key: &'static str, value: Node) -> Entry {
    Entry { key: Scalar::string(key), value }
}

fn plain(text: &str) -> Node {
    Node::string(text)
}

/// `None` for a document that is an object of its own.
fn wrapping_of(root: &Node, file: &str) -> Result<Option<Wrapping>, ListError> {
    let Some(map) = root.as_map() else { return Ok(None) };
    if !map.contains_key("items") && !map.contains_key("functionConfig") {
        return Ok(None);
    }
    let api_version = map.get("apiVersion").and_then(Node::as_str).unwrap_or_default().to_owned();
    match map.get("kind").and_then(Node::as_str) {
        Some("List") => Ok(Some(Wrapping::List(api_version))),
        Some("ResourceList") if API_VERSIONS.contains(&api_version.as_str()) => {
            Ok(Some(Wrapping::ResourceList(api_version)))
        }
        Some("ResourceList") => Err(ListError::UnknownApiVersion { file: file.to_owned(), found: api_version }),
        _ => Ok(None),
    }
}

fn items_of(value: Node, file: &str) -> Result<Vec<Node>, ListError> {
    let items = match value {
        Node::Seq(seq) => seq.items,
        value if value.is_null() => Vec::new(),
        other => return Err(invalid(file, "items".to_owned(), "a list", &other)),
    };
    for (index, item) in items.iter().enumerate() {
        require_map(item, file, || format!("items[{index}]"))?;
    }
    Ok(items)
}

fn require_map(node: &Node, file: &str, field: impl FnOnce() -> String) -> Result<(), ListError> {
    if node.as_map().is_some() { Ok(()) } else { Err(invalid(file, field(), "a map", node)) }
}

fn invalid(file: &str, field: String, expected: &'static str, found: &Node) -> ListError {
    ListError::InvalidField { file: file.to_owned(), field, expected, found: found.kind_name() }
}

/// Text of a document that can stand between two `---` as it is.
fn plain_document(chunk: &Chunk<'_>) -> Option<String> {
    let text = chunk.text.strip_prefix('\u{FEFF}').unwrap_or(chunk.text);
    let text = text.strip_prefix("---\n").unwrap_or(text);
    let odd = |line: &str| line.starts_with("---") || line.starts_with("...") || line.starts_with('%');
    if text.lines().any(odd) {
        return None;
    }
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    Some(format!("{text}{newline}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ResourceList {
        ResourceList::read(text, "in", &Limits::default()).unwrap()
    }

    fn written(list: &ResourceList) -> String {
        let mut out = String::new();
        list.write(&mut out).unwrap();
        out
    }

    const LIST: &str = "apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: a # the name
  data:
    # why
    mode: \"0644\"
    text: |
      x
functionConfig:
  kind: Thing
  deep: {a: [1, 2]}
results:
- message: too old
  severity: warning
  resourceRef:
    apiVersion: v1
    kind: ConfigMap
    name: a
  field:
    path: data.mode
    currentValue: \"0644\"
    proposedValue:
      a: 1
  file:
    path: a.yaml
    index: 2
  tags:
    k: v
";

    #[test]
    fn a_resource_list_keeps_comments_styles_and_results() {
        let list = read(LIST);
        assert_eq!(list.items[0].str_at(&["data", "mode"]), Some("0644"));
        assert_eq!(list.results[0].severity, Some(Severity::Warning));
        assert_eq!(written(&list), LIST);
        assert_eq!(list.exit_code(), 0);
    }

    #[test]
    fn an_error_among_the_results_is_exit_code_1() {
        let mut list = read(LIST);
        list.results.push(FnResult { severity: Some(Severity::Error), ..FnResult::new("bad") });
        assert_eq!(list.exit_code(), 1);
    }

    #[test]
    fn untouched_documents_of_a_stream_keep_their_bytes() {
        let text = "# top\n\na:   1 # x\nb:\n    - 'c'\n---\nkind: B\nlist:\n  - d   # odd\n  -   e\n---\n# nothing\n";
        let mut list = read(text);
        assert_eq!(list.items.len(), 2);
        assert_eq!(written(&list), text.strip_suffix("---\n# nothing\n").unwrap());
        list.items[1].as_map_mut().unwrap().set("kind", Node::string("C"));
        list.items.push(Node::Map([("x", Node::seq(vec![Node::int(1)]))].into_iter().collect()));
        let changed = "# top\n\na:   1 # x\nb:\n    - 'c'\n---\nkind: C\nlist:\n  - d # odd\n  - e\n---\nx:\n- 1\n";
        assert_eq!(written(&list), changed);
    }

    #[test]
    fn a_bare_list_is_unwrapped_and_wrapped_again() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- kind: A\n- kind: B\n";
        let list = read(text);
        assert_eq!((list.items.len(), &list.wrapping), (2, &Wrapping::List("v1".into())));
        assert_eq!(written(&list), text);
        assert_eq!(written(&read("kind: List\nitems: []\n")), "apiVersion: \"\"\nkind: List\nitems: []\n");
    }

    #[test]
    fn what_is_no_resource_list_is_refused() {
        let refused = |text: &str| ResourceList::read(text, "in", &Limits::default()).unwrap_err().to_string();
        assert_eq!(refused("a: 1\n---\n- b\n"), "in: document 2 must be a map, found a list");
        let list = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n";
        assert_eq!(refused(&format!("{list}items: x\n")), "in: items must be a list, found a string");
        assert_eq!(refused(&format!("{list}items: [{{}}, 1]\n")), "in: items[1] must be a map, found a number");
        assert_eq!(
            refused("apiVersion: v2\nkind: ResourceList\nitems: []\n"),
            "in: unknown apiVersion `v2` of a ResourceList, expected config.kubernetes.io/v1 or \
             config.kubernetes.io/v1beta1 or config.kubernetes.io/v1alpha1"
        );
        assert!(refused("a: [\n").starts_with("in:2:1: "));
    }
}
