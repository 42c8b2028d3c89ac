//! What goes to a function and what comes back: the ResourceList with kyaml's annotations, and the reply as documents again. Owns
//! both texts; must not know processes, nor what becomes of the reply.

use krm::node::Entry;
use krm::yaml::{Limits, emit_build, emit_function, parse_documents, to_json};
use krm::{Mapping, Node, ResId, Scalar};

use super::annotations::{self, Before, Mismatch};
use super::shape;
use super::{FunctionError, ReplyProblem};
use crate::draft::{Draft, with_bookkeeping};
use crate::finish::strings_only;
use crate::schema::Schema;

/// kustomize's own mark on what it sends: the id, as YAML.
pub(super) const ID: &str = "kustomize.config.k8s.io/id";
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// What was sent, as it is needed when the reply comes.
#[derive(Debug)]
pub(super) struct Sent {
    items: Vec<Node>,
    before: Vec<Before>,
    config: Node,
}

/// The configuration as a function sees it.
pub(super) fn config_text(config: &Draft) -> Result<String, FunctionError> {
    let mut text = String::new();
    emit_build(&with_bookkeeping(config), &mut text)
        .map_err(|source| FunctionError::Write { id: config.id(), source })?;
    Ok(text)
}

/// The drafts as a transformer gets them: in the form of the output, books and ids in annotations.
pub(super) fn input_text<'d>(drafts: impl IntoIterator<Item = &'d Draft>) -> Result<String, FunctionError> {
    let mut text = String::new();
    for (index, draft) in drafts.into_iter().enumerate() {
        let failed = |source| FunctionError::Write { id: draft.id(), source };
        if index > 0 {
            text.push_str("---\n");
        }
        let mut node = with_bookkeeping(draft);
        let id = id_text(&draft.id()).map_err(failed)?;
        if let Some(root) = node.as_map_mut() {
            let metadata = root.entry_or_insert_with("metadata", Node::map);
            if let Some(metadata) = metadata.as_map_mut() {
                let annotations = metadata.entry_or_insert_with("annotations", Node::map);
                if annotations.as_map().is_none() {
                    *annotations = Node::map();
                }
                if let Some(annotations) = annotations.as_map_mut() {
                    strings_only(annotations);
                    annotations.set(ID, Node::string(id));
                }
            }
        }
        emit_build(&node, &mut text).map_err(failed)?;
    }
    Ok(text)
}

fn id_text(id: &ResId) -> Result<String, krm::yaml::EmitError> {
    let parts = [
        ("group", &id.gvk.group),
        ("version", &id.gvk.version),
        ("kind", &id.gvk.kind),
        ("name", &id.name),
        ("namespace", &id.namespace),
    ];
    let present = parts.into_iter().filter(|(_, text)| !text.is_empty());
    let map: Mapping = present.map(|(key, text)| (key, Node::string(text.clone()))).collect();
    let mut text = String::new();
    emit_build(&Node::Map(map), &mut text)?;
    Ok(text)
}

/// Reads the documents that a function will get; of a generator the configuration is the only one.
pub(super) fn prepare(config: &str, input: Option<&str>) -> Result<Sent, FunctionError> {
    let mut config = documents(config)?.into_iter().next().unwrap_or_else(Node::map);
    annotations::set(&mut config, LOCAL_CONFIG, "true");
    let mut items = match input {
        Some(text) => documents(text)?,
        None => vec![config.clone()],
    };
    for (index, item) in items.iter_mut().enumerate() {
        annotations::on_reading(item, index);
    }
    Ok(Sent { items, before: Vec::new(), config })
}

fn documents(text: &str) -> Result<Vec<Node>, ReplyProblem> {
    let documents = parse_documents(text, "", &Limits::default())?;
    Ok(documents.into_iter().map(|document| document.root).filter(|root| !root.is_null()).collect())
}

impl Sent {
    /// The ResourceList that goes to the function's standard input.
    pub(super) fn request(&mut self) -> Result<String, ReplyProblem> {
        self.before = self
            .items
            .iter_mut()
            .enumerate()
            .map(|(position, item)| annotations::on_sending(item, position))
            .collect::<Result<_, _>>()?;
        let entry = |key, value| Entry { key: Scalar::string(key), value };
        let entries = vec![
            entry("apiVersion", Node::string(krm::list::API_VERSION)),
            entry("kind", Node::string("ResourceList")),
            entry("items", Node::seq(self.items.clone())),
            entry("functionConfig", self.config.clone()),
        ];
        let mut text = String::new();
        emit_function(&Node::Map(Mapping { entries, ..Mapping::default() }), &mut text)?;
        Ok(text)
    }

    /// The documents that came back, ready to be read as resources.
    pub(super) fn reply(self, stdout: &[u8], schema: &Schema) -> Result<String, ReplyProblem> {
        let text = std::str::from_utf8(stdout).map_err(|_| ReplyProblem::NotText)?;
        let mut items = unwrap(text)?;
        for item in &mut items {
            let sent = annotations::sent_at(item).and_then(|position| self.items.get(position));
            if let Some(sent) = sent {
                shape::compare(sent, item, schema)?;
                annotations::forget_id(item);
            }
        }
        for item in &mut items {
            annotations::default_path(item);
            annotations::reconcile(item, &self.before)?;
        }
        write(items)
    }

    /// The documents as they would come back from a function that is not run.
    pub(super) fn untouched(self) -> Result<String, ReplyProblem> {
        write(self.items)
    }
}

fn unwrap(text: &str) -> Result<Vec<Node>, ReplyProblem> {
    let documents = parse_documents(text, "the function's output", &Limits::default())?;
    let alone = documents.len() == 1;
    let mut items = Vec::with_capacity(documents.len());
    for document in documents.into_iter().filter(|document| !document.root.is_null()) {
        let Node::Map(mut map) = document.root else {
            return Err(wrong("a document".to_owned(), "a map", &document.root));
        };
        let kind = map.get("kind").and_then(Node::as_str).unwrap_or_default();
        let wraps = kind == "ResourceList" || kind == "List";
        if alone && wraps && (map.contains_key("items") || map.contains_key("functionConfig")) {
            return items_of(map.remove("items"));
        }
        let mut item = Node::Map(map);
        annotations::on_reading(&mut item, items.len());
        items.push(item);
    }
    Ok(items)
}

fn items_of(items: Option<Node>) -> Result<Vec<Node>, ReplyProblem> {
    let mut items = match items {
        // To kyaml a scalar is a list of nothing.
        None | Some(Node::Scalar(_)) => return Ok(Vec::new()),
        Some(Node::Seq(items)) => items.items,
        Some(Node::Map(map)) if map.is_empty() => return Ok(Vec::new()),
        Some(other) => return Err(wrong("`items`".to_owned(), "a list", &other)),
    };
    items.retain(|item| !item.is_null());
    for (index, item) in items.iter().enumerate() {
        if item.as_map().is_none() {
            return Err(wrong(format!("`items[{index}]`"), "a map", item));
        }
    }
    Ok(items)
}

fn wrong(what: String, expected: &'static str, found: &Node) -> ReplyProblem {
    ReplyProblem::Shape { what, expected, found: found.kind_name() }
}

fn write(mut items: Vec<Node>) -> Result<String, ReplyProblem> {
    let mut text = String::new();
    // One alone whose path says so is written as JSON.
    let json = match items.as_slice() {
        [only] => annotations::path(only).rsplit_once('.').is_some_and(|(_, ending)| ending == "json"),
        _ => false,
    };
    for (index, item) in items.iter_mut().enumerate() {
        annotations::on_writing(item);
        if json {
            text.push_str(&to_json(item)?.to_string());
            text.push('\n');
            continue;
        }
        if index > 0 {
            text.push_str("---\n");
        }
        emit_function(item, &mut text)?;
    }
    Ok(text)
}

impl From<Mismatch> for ReplyProblem {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch { what: mismatch.what }
    }
}
