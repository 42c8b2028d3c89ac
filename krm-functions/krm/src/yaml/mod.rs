//! YAML as kustomize reads and writes it: the only place that knows YAML text, quoting and key order.
//!
//! Reading resolves plain scalars as go-yaml v3 does; writing has two profiles: **build** (what `kustomize build` prints) and
//! **function** (comments and style kept, for ResourceLists). Must not know what a resource means.

mod analyze;
mod annotate;
mod attach;
mod build;
mod chars;
mod emit_build;
mod emit_function;
mod error;
mod find;
mod json;
mod loose;
mod merge;
mod number;
mod order;
mod parse;
mod readback;
mod resolve;
mod scan;
mod sequence_indent;
mod split;
mod tag_text;
mod timestamp;
mod value;
mod write;

use std::borrow::Cow;

pub use error::{EmitError, ParseError, ParseProblem};
pub use loose::LooseError;
pub use number::{json_float, yaml_float};
pub use sequence_indent::SequenceIndent;
pub use split::{Chunk, split_documents};
pub use value::{Decoded, decode_scalar, encoded_string, timestamp_rfc3339};

use crate::{Mark, Node, Scalar};

/// Bounds on what the parser accepts. Inputs from Git are hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest input, in bytes.
    pub bytes_max: usize,
    /// Deepest nesting of collections.
    pub depth_max: usize,
    /// Most nodes that one document may expand to, aliases counted once per use.
    pub nodes_max: usize,
    /// Most nodes that the aliases of one document may expand to.
    pub alias_nodes_max: usize,
}

impl Default for Limits {
    /// 64 MiB of text (an API server refuses objects over 3 MiB; bundles of CRDs reach 10 MiB), depth 1000, 10 million nodes, one
    /// million of them by aliases.
    fn default() -> Self {
        Self { bytes_max: 64 << 20, depth_max: 1000, nodes_max: 10_000_000, alias_nodes_max: 1_000_000 }
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
    /// Does a key come twice in it? Only where they are kept.
    pub has_twins: bool,
}

/// Reads every document of `text`. `file` names the source in errors. Scalars get go-yaml v3's tags, aliases and merge keys
/// are expanded, duplicate keys and everything over `limits` are errors.
pub fn parse_documents(text: &str, file: &str, limits: &Limits) -> Result<Vec<Document>, ParseError> {
    parse_all(text, file, limits, |first_line| build::Builder::new(*limits, first_line))
}

/// The same, but of a key that comes twice all values are kept, and the first is the one that is found.
pub fn parse_documents_with_twins(text: &str, file: &str, limits: &Limits) -> Result<Vec<Document>, ParseError> {
    parse_all(text, file, limits, |first_line| build::Builder::new(*limits, first_line).with_twins())
}

fn parse_all(
    text: &str,
    file: &str,
    limits: &Limits,
    builder: impl Fn(u32) -> build::Builder,
) -> Result<Vec<Document>, ParseError> {
    check_size(text, limits).map_err(|(mark, problem)| ParseError::new(file, 0, mark, problem))?;
    let text = unix_breaks(text);
    let chunks = split_documents(&text)
        .map_err(|(line, problem)| ParseError::new(file, 0, Mark { line, column: 1 }, problem))?;
    let parse = |(index, chunk): (usize, &Chunk<'_>)| {
        parse_chunk(chunk, index, builder(chunk.line))
            .map_err(|(mark, problem)| ParseError::new(file, index, mark, problem))
    };
    chunks.iter().enumerate().map(parse).collect()
}

/// Reads the first document of `text` as kustomize reads its own file, with go-yaml v2: `yes` and `on` are booleans, a key that
/// comes twice takes the last value, and what follows the document does not count. No document is a null.
pub fn parse_first_document(text: &str, file: &str, limits: &Limits) -> Result<Node, ParseError> {
    parse_first(text, file, limits, build::Builder::new(*limits, 1).lenient())
}

/// The same, but a key that comes twice is an error: as kustomize reads the files that configure its transformers.
pub fn parse_first_document_strict(text: &str, file: &str, limits: &Limits) -> Result<Node, ParseError> {
    parse_first(text, file, limits, build::Builder::new(*limits, 1).strict())
}

fn parse_first(text: &str, file: &str, limits: &Limits, builder: build::Builder) -> Result<Node, ParseError> {
    let failed = |(mark, problem)| ParseError::new(file, 0, mark, problem);
    check_size(text, limits).map_err(failed)?;
    let root = parse_text(&unix_breaks(text), 1, builder).map_err(failed)?;
    Ok(root.unwrap_or_else(Node::null))
}

/// Reads the first document of a text that is itself the value of a field, node by node: nothing is merged, a key may come
/// twice, comments are kept, anchors are refused. `None` if there is nothing in it.
pub fn parse_embedded(text: &str, limits: &Limits) -> Result<Option<Node>, ParseProblem> {
    check_size(text, limits).map_err(|(_, problem)| problem)?;
    parse_text(text, 1, build::Builder::new(*limits, 1).verbatim()).map_err(|(_, problem)| problem)
}

fn check_size(text: &str, limits: &Limits) -> Result<(), (Mark, ParseProblem)> {
    // Places count in 32 bits.
    let (bytes, max) = (text.len(), limits.bytes_max.min(u32::MAX as usize));
    if bytes <= max { Ok(()) } else { Err((Mark { line: 1, column: 1 }, ParseProblem::TooLarge { bytes, max })) }
}

/// `text` with CR LF as LF, as kyaml has it before it splits.
pub fn unix_breaks(text: &str) -> Cow<'_, str> {
    if find::has_crlf(text) { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

fn parse_chunk(chunk: &Chunk<'_>, index: usize, mut builder: build::Builder) -> Result<Document, (Mark, ParseProblem)> {
    let root = parse_builder(chunk.text, chunk.line, &mut builder)?;
    let has_twins = builder.has_twins;
    let root = root.and_then(|comments| builder.take_root(comments));
    let line = root.as_ref().map_or(chunk.line, |root| root.mark().line);
    Ok(Document { root: root.unwrap_or_else(Node::null), index, line, has_twins })
}

/// Reads every document of `text` as a go-yaml v3 `Decoder` does, whose documents end where the grammar says so (not at every line
/// of dashes). Nothing is merged: `<<` is a key like others. A document without content is a null.
pub fn parse_stream(text: &str, file: &str, limits: &Limits) -> Result<Vec<Node>, ParseError> {
    check_size(text, limits).map_err(|(mark, problem)| ParseError::new(file, 0, mark, problem))?;
    let text = unix_breaks(text);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    check_characters(text, 1).map_err(|(mark, problem)| ParseError::new(file, 0, mark, problem))?;
    let mut builder = build::Builder::new(*limits, 1).unmerged();
    let mut roots = Vec::new();
    let mut parser = parse::Parser::new(text, &mut builder);
    loop {
        match parser.next_document() {
            Ok(Some(root)) => roots.push(root),
            Ok(None) => return Ok(roots),
            Err((place, problem)) => {
                let mark = Mark { line: place.line.saturating_add(1), column: parser.char_column(place) + 1 };
                drop(parser);
                return Err(ParseError::new(file, roots.len(), builder.fault.unwrap_or(mark), problem));
            }
        }
    }
}

/// Reads the first document of `text`, whose first line is `first_line` of its file.
fn parse_text(text: &str, first_line: u32, mut builder: build::Builder) -> Result<Option<Node>, (Mark, ParseProblem)> {
    let comments = parse_builder(text, first_line, &mut builder)?;
    Ok(comments.and_then(|comments| builder.take_root(comments)))
}

fn parse_builder(
    text: &str,
    first_line: u32,
    builder: &mut build::Builder,
) -> Result<Option<parse::DocumentComments>, (Mark, ParseProblem)> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    check_characters(text, first_line)?;
    let mut parser = parse::Parser::new(text, builder);
    let parsed = parser.parse_document();
    match parsed {
        Ok(comments) => Ok(comments),
        Err((place, problem)) => {
            let mark = Mark { line: place.line.saturating_add(first_line), column: parser.char_column(place) + 1 };
            Err((builder.fault.unwrap_or(mark), problem))
        }
    }
}

fn check_characters(text: &str, first_line: u32) -> Result<(), (Mark, ParseProblem)> {
    if let Some(at) = chars::find_forbidden(text.as_bytes()) {
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = first_line + count(before.bytes().filter(|&b| b == b'\n').count());
        let mark = Mark { line, column: count(before[line_start..].chars().count()) + 1 };
        let code = text[at..].chars().next().map_or(0, u32::from);
        return Err((mark, ParseProblem::ForbiddenCharacter { code }));
    }
    Ok(())
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Appends `node` as `kustomize build` prints one document (no `---`).
pub fn emit_build(node: &Node, out: &mut String) -> Result<(), EmitError> {
    emit_build::emit(readback::read_back(node)?.as_ref(), out)
}

/// Appends `node` with its comments and styles, as kyaml prints an item of a ResourceList.
pub fn emit_function(node: &Node, out: &mut String) -> Result<(), EmitError> {
    emit_function_with(node, SequenceIndent::Compact, out)
}

/// Appends `node` exactly as go-yaml v3 prints it, be it readable or not: what kustomize compares and writes into texts.
pub fn emit_as_go(node: &Node, out: &mut String) -> Result<(), EmitError> {
    emit_function::emit_as_go(node, out)
}

/// `node` as kustomize has it after it printed and read it, which it does on every way to JSON: nearly always the very same.
pub fn read_back(node: &Node) -> Result<Cow<'_, Node>, EmitError> {
    readback::read_back(node)
}

/// Does `node` mean the same after go-yaml v3 printed it and read it again? `false` where that is not sure.
pub fn prints_true(node: &Node) -> bool {
    !readback::changes(node)
}

/// [`emit_function`] with a choice of how lists are indented.
pub fn emit_function_with(node: &Node, lists: SequenceIndent, out: &mut String) -> Result<(), EmitError> {
    emit_function::emit(node, lists, out)
}

/// Appends `node` as a document that go-yaml v3's `Encoder` prints with `SetIndent(indent)`. Comments of the node are its own, not
/// the document's.
pub fn emit_encoder(node: &Node, indent: u8, out: &mut String) -> Result<(), EmitError> {
    emit_function::emit_encoder(node, indent, out)
}

/// A key that comes twice in one map, and where it stands first.
pub fn find_twin_key(node: &Node) -> Option<(&Scalar, Mark)> {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node {
            Node::Scalar(_) => {}
            Node::Seq(seq) => open.extend(&seq.items),
            Node::Map(map) => {
                if let Some(at) = build::find_duplicate(map) {
                    let key = &map.entries[at].key;
                    return Some((key, map.get_entry(&key.text).map(|entry| entry.key.mark).unwrap_or_default()));
                }
                open.extend(map.entries.iter().map(|entry| &entry.value));
            }
        }
    }
    None
}

/// What go-yaml v3 takes `text` for where it stands plain.
pub fn resolve_plain(text: &str) -> crate::Tag {
    resolve::resolve(text, resolve::Dialect::V3)
}

/// The JSON value that the node means (what an API server receives): `0644` is 420, a timestamp its RFC 3339 text.
pub fn to_json(node: &Node) -> Result<serde_json::Value, EmitError> {
    json::to_json(readback::read_back(node)?.as_ref(), true).map_err(|error| *error)
}

/// The JSON value that Go's `sigs.k8s.io/yaml` makes of the first document of `text`: `yes` is true, a key that is a number or a
/// boolean becomes a text, of a key that comes twice the last value counts, a date stays a text.
pub fn read_loose(text: &str, file: &str, limits: &Limits) -> Result<serde_json::Value, LooseError> {
    let node = parse_first(text, file, limits, build::Builder::new(*limits, 1).complete())?;
    loose::to_json(&node).map_err(|error| *error)
}

/// Turns every number into what Go's untyped JSON holds, a double: whole ones beyond 2^53 lose digits.
pub fn round_numbers(value: &mut serde_json::Value) {
    json::round_numbers(value);
}

/// The tree of a JSON value; strings are tagged as strings whatever they look like.
pub fn from_json(value: &serde_json::Value) -> Node {
    json::from_json(value)
}
