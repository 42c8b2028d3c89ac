//! YAML as kustomize reads and writes it: the only place that knows YAML text, quoting and key order.
//!
//! Reading resolves plain scalars as go-yaml v3 does; writing has two profiles: **build** (what `kustomize build` prints) and
//! **function** (comments and style kept, for ResourceLists). Must not know what a resource means.

mod error;

pub use error::{EmitError, ParseError, ParseProblem};

use crate::Node;

/// Bounds on what the parser accepts. Inputs from Git are hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest input, in bytes.
    pub bytes_max: usize,
    /// Deepest nesting of collections.
    pub depth_max: usize,
    /// Most nodes that one document may expand to, aliases counted once per use.
    pub nodes_max: usize,
}

impl Default for Limits {
    /// 64 MiB of text (an API server refuses objects over 3 MiB; bundles of CRDs reach 10 MiB), depth 1000, 10 million nodes.
    fn default() -> Self {
        Self { bytes_max: 64 << 20, depth_max: 1000, nodes_max: 10_000_000 }
    }
}

/// One document of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its content; a null scalar for an empty or comment-only document.
    pub root: Node,
    /// Its index in the stream, from 0; documents that hold nothing count.
    pub index: usize,
    /// Line of its first content, from 1.
    pub line: u32,
}

/// Reads every document of `text`. `file` names the source in errors. Scalars get go-yaml v3's tags, aliases and merge keys
/// are expanded, duplicate keys and everything over `limits` are errors.
pub fn parse_documents(text: &str, file: &str, limits: &Limits) -> Result<Vec<Document>, ParseError> {
    let _ = (text, file, limits);
    Err(ParseError::new(file, 0, crate::Mark::default(), ParseProblem::Unfinished))
}

/// Appends `node` as `kustomize build` prints one document (no `---`).
pub fn emit_build(node: &Node, out: &mut String) -> Result<(), EmitError> {
    let _ = (node, out);
    Err(EmitError::Unfinished)
}

/// Appends `node` with its comments and styles, as kyaml prints an item of a ResourceList.
pub fn emit_function(node: &Node, out: &mut String) -> Result<(), EmitError> {
    let _ = (node, out);
    Err(EmitError::Unfinished)
}

/// The JSON value that the node means (what an API server receives): `0644` is 420, a timestamp its RFC 3339 text.
pub fn to_json(node: &Node) -> Result<serde_json::Value, EmitError> {
    let _ = node;
    Err(EmitError::Unfinished)
}

/// The tree of a JSON value; strings are tagged as strings whatever they look like.
pub fn from_json(value: &serde_json::Value) -> Node {
    let _ = value;
    Node::null()
}
