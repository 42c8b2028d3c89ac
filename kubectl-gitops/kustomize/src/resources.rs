//! From the text of a file to drafts: documents, lists, and what is no resource. Owns what counts as one resource; must not
//! know who refers to the file.

use std::collections::VecDeque;

use krm::yaml::{EmitError, Limits, ParseError, find_twin_key, from_json, parse_documents_with_twins, to_json};
use krm::{Node, Origin, Style, Tag};

use crate::draft::{Draft, take_bookkeeping};

/// Text that holds something else than resources.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ResourceError {
    /// It is not YAML.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A document that is no map.
    #[error("a resource must be a map, this is {found}")]
    NotAMap {
        /// Where.
        origin: Origin,
        /// What it is instead.
        found: &'static str,
    },
    /// A resource without what every resource has.
    #[error("missing `{field}`{}", Named(named))]
    Missing {
        /// Where.
        origin: Origin,
        /// The field.
        field: &'static str,
        /// The kind or name that it does have.
        named: String,
    },
    /// Metadata that is no map.
    #[error("`metadata` must be a map, this is {found}")]
    Metadata {
        /// Where.
        origin: Origin,
        /// What it is instead.
        found: &'static str,
    },
    /// The items of a list are no list.
    #[error("`items` of a {kind} must be a list, this is {found}")]
    Items {
        /// Where.
        origin: Origin,
        /// The list's kind.
        kind: String,
        /// What they are instead.
        found: &'static str,
    },
    /// The items of a list have no JSON form.
    #[error("cannot take a {kind} apart")]
    List {
        /// Where.
        origin: Origin,
        /// The list's kind.
        kind: String,
        /// Why.
        #[source]
        source: EmitError,
    },
}

struct Named<'a>(&'a str);

impl std::fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " of {}", self.0) }
    }
}

impl ResourceError {
    /// Where it is.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Parse(error) => Origin { file: error.file.clone(), document: error.document, line: error.mark.line },
            Self::NotAMap { origin, .. }
            | Self::Missing { origin, .. }
            | Self::Metadata { origin, .. }
            | Self::Items { origin, .. }
            | Self::List { origin, .. } => origin.clone(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { field: "metadata.name", .. } => {
                Some("kustomize tells resources apart by name: `generateName` alone is not enough".to_owned())
            }
            Self::Parse(error) => error.problem.hint().map(str::to_owned),
            Self::List { source, .. } => source.hint().map(str::to_owned),
            Self::Missing { field: "kind", .. } => Some(
                "only Kubernetes objects belong in `resources`; other files go to `configMapGenerator` or `patches`"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Reads every resource in `text`; `file` names it in origins and errors. Empty documents are passed over, lists are replaced
/// by their items, which come after everything else.
///
/// # Errors
/// The text is no YAML, or a document is no resource.
pub fn read_drafts(text: &str, file: &str) -> Result<Vec<Draft>, ResourceError> {
    // kustomize compares keys where it prints: what a patch deletes, or only brings, may have one twice.
    let documents = parse_documents_with_twins(text, file, &Limits::default())?;
    let has_twins = documents.iter().any(|document| document.has_twins);
    let alone = documents.len() == 1;
    let mut queue = VecDeque::with_capacity(documents.len());
    for document in documents {
        let origin = Origin { file: file.to_owned(), document: document.index, line: document.line };
        for node in unwrap(document.root, alone && !document.has_twins, &origin)? {
            push_valid(&mut queue, node, &origin)?;
        }
    }
    let mut drafts = Vec::with_capacity(queue.len());
    while let Some((node, origin)) = queue.pop_front() {
        match take_items(node, has_twins, &origin)? {
            Taken::Resource(node) => {
                let mut draft = Draft::new(node, origin);
                draft.has_twins = has_twins;
                take_bookkeeping(&mut draft);
                drafts.push(draft);
            }
            Taken::Items(items) => {
                for item in items {
                    for node in unwrap(item, true, &origin)? {
                        push_valid(&mut queue, node, &origin)?;
                    }
                }
            }
        }
    }
    Ok(drafts)
}

/// A lone `List` or `ResourceList` stands for its items.
fn unwrap(node: Node, alone: bool, origin: &Origin) -> Result<Vec<Node>, ResourceError> {
    if node.is_null() {
        return Ok(Vec::new());
    }
    let kind = node.kind();
    let wraps = alone && (kind == "List" || kind == "ResourceList");
    if !wraps || (node.get("items").is_none() && node.get("functionConfig").is_none()) {
        return Ok(vec![node]);
    }
    let kind = kind.to_owned();
    let mut node = node;
    match node.as_map_mut().and_then(|map| map.remove("items")) {
        None => Ok(Vec::new()),
        Some(items) if items.is_null() => Ok(Vec::new()),
        Some(Node::Seq(items)) => Ok(items.items),
        Some(other) => Err(ResourceError::Items { origin: origin.clone(), kind, found: other.kind_name() }),
    }
}

fn push_valid(queue: &mut VecDeque<(Node, Origin)>, node: Node, origin: &Origin) -> Result<(), ResourceError> {
    let empty = match &node {
        Node::Map(map) => map.is_empty(),
        Node::Seq(seq) => seq.items.is_empty(),
        Node::Scalar(scalar) => scalar.is_null(),
    };
    if empty {
        return Ok(());
    }
    validate(&node, origin)?;
    let line = if node.mark().line > 0 { node.mark().line } else { origin.line };
    queue.push_back((node, Origin { line, ..origin.clone() }));
    Ok(())
}

/// A resource has a kind and, unless it is a list, a name.
pub(crate) fn validate(node: &Node, origin: &Origin) -> Result<(), ResourceError> {
    if node.as_map().is_none() {
        return Err(ResourceError::NotAMap { origin: origin.clone(), found: node.kind_name() });
    }
    let kind = node.kind();
    let name = node.name();
    if kind.is_empty() {
        return Err(ResourceError::Missing { origin: origin.clone(), field: "kind", named: quoted(name) });
    }
    if name.is_empty() && !kind.ends_with("List") {
        return Err(ResourceError::Missing {
            origin: origin.clone(),
            field: "metadata.name",
            named: format!("a {kind}"),
        });
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("`{name}`") }
}

enum Taken {
    Resource(Node),
    Items(Vec<Node>),
}

/// A `…List` with items stands for them, each as it looks once it went through JSON.
fn take_items(node: Node, has_twins: bool, origin: &Origin) -> Result<Taken, ResourceError> {
    let kind = node.kind();
    let Some(items) = node.get("items").filter(|_| kind.ends_with("List")) else { return Ok(Taken::Resource(node)) };
    if has_twins && let Some((key, first)) = find_twin_key(&node) {
        // What is taken apart has no key twice.
        let (key, line, first_line) = (key.text.to_string(), key.mark.line, first.line);
        let source = EmitError::TwinKey { path: String::new(), key, line, first_line };
        return Err(ResourceError::List { origin: origin.clone(), kind: kind.to_owned(), source });
    }
    match items {
        items if items.is_null() => Ok(Taken::Items(Vec::new())),
        Node::Seq(items) => {
            let through_json = |item| {
                let mut item = from_json(&to_json(item)?);
                as_json_text(&mut item);
                Ok(item)
            };
            let items: Result<Vec<Node>, EmitError> = items.items.iter().map(through_json).collect();
            let failed = |source| ResourceError::List { origin: origin.clone(), kind: kind.to_owned(), source };
            Ok(Taken::Items(items.map_err(failed)?))
        }
        other => {
            let found = other.kind_name();
            Err(ResourceError::Items { origin: origin.clone(), kind: kind.to_owned(), found })
        }
    }
}

/// JSON is flow style with every text in quotes, and both stay: a number that a patch puts in place of a text becomes a text,
/// and so does an empty value that is put into a map.
fn as_json_text(node: &mut Node) {
    match node {
        Node::Scalar(scalar) if scalar.tag == Tag::Str => scalar.style = Style::DoubleQuoted,
        Node::Scalar(_) => {}
        Node::Seq(seq) => {
            seq.style = Style::Flow;
            seq.items.iter_mut().for_each(as_json_text);
        }
        Node::Map(map) => {
            map.style = Style::Flow;
            map.entries.iter_mut().for_each(|entry| as_json_text(&mut entry.value));
        }
    }
}
