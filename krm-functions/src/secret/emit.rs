//! The Secret as an object of the list. Owns its fields, kustomize's marks on it, and how it meets a Secret that the list
//! already has; must not know where values come from.

use std::collections::BTreeMap;

use krm::pairs::base64_lines;
use krm::{Mapping, Masked, Node, namespace_or_default};

use super::config::{Behavior, Spec};
use super::error::SecretError;
use super::gather::Gathered;
use super::once::{self, CREATE_ONCE_ANNOTATION};
use super::typed;
use crate::orchestrator::is_orchestrators;
use crate::registry;

/// kustomize puts a hash of the content behind the name, and into all references. It does so for what a generator makes; elsewhere nobody
/// would take the mark off again.
const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";
/// kustomize meets a Secret of the same name so; also the mark that a generator made the object.
const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";
/// On a functionConfig: how the function is run.
const FUNCTION: &str = "config.kubernetes.io/function";
/// The apply engine creates the object and never changes it.
const RECONCILE: &str = "kubectl-gitops.dev/reconcile";
/// Puts the Secret into the list: behind all others, or in the place of the one that has its name.
pub(super) fn put(spec: &Spec, gathered: &Gathered, items: &mut Vec<Node>) -> Result<(), SecretError> {
    let existing = items.iter().position(|item| is_it(item, spec));
    // A generator is called with its own configuration and nothing else.
    let is_config = |item: &Node| registry::is_ours(item) || item.annotation(FUNCTION).is_some();
    let marked = items.iter().all(is_config) || existing.is_some_and(|at| items[at].annotation(NEEDS_HASH).is_some());
    let Some(existing) = existing else {
        items.push(object(spec, gathered, marked));
        return Ok(());
    };
    let old = &items[existing];
    let generated = old.annotation(BEHAVIOR).is_some();
    if spec.behavior == Behavior::Create && !generated {
        return Err(SecretError::Exists);
    }
    let mut new = object(spec, gathered, marked);
    match spec.behavior {
        Behavior::Create => take_over("annotations", old, &mut new, |name| {
            // Those two say what this configuration says, no earlier one.
            is_orchestrators(name) && name != NEEDS_HASH && name != BEHAVIOR
        }),
        Behavior::Merge | Behavior::Replace => {
            if spec.behavior == Behavior::Merge {
                merge_data(old, &mut new)?;
            }
            take_over("labels", old, &mut new, |_| true);
            take_over("annotations", old, &mut new, |_| true);
        }
    }
    items[existing] = new;
    Ok(())
}

fn is_it(item: &Node, spec: &Spec) -> bool {
    let gvk = item.gvk();
    gvk.group.is_empty()
        && gvk.kind == "Secret"
        && item.name() == spec.name
        && namespace_or_default(item.namespace()) == namespace_or_default(&spec.namespace)
}

/// Metadata of the old object that the new one does not set.
fn take_over(field: &str, old: &Node, new: &mut Node, which: impl Fn(&str) -> bool) {
    let Some(kept) = old.at(&["metadata", field]).and_then(Node::as_map) else { return };
    let Some(metadata) = new.at_mut(&["metadata"]).and_then(Node::as_map_mut) else { return };
    let kept: Vec<_> = kept.iter().filter(|(name, _)| which(name)).collect();
    if kept.is_empty() {
        return;
    }
    let Some(map) = metadata.entry_or_insert_with(field, Node::map).as_map_mut() else { return };
    for (name, value) in kept {
        map.entry_or_insert_with(name, || value.clone());
    }
}

/// Values of the old object under keys that the new one has not. Plain ones become base64, so that one field has them all.
fn merge_data(old: &Node, new: &mut Node) -> Result<(), SecretError> {
    let mut kept: BTreeMap<String, Node> = BTreeMap::new();
    for (field, plain) in [("data", false), ("stringData", true)] {
        let Some(node) = old.get(field).filter(|node| !node.is_null()) else { continue };
        let map = node.as_map().ok_or(SecretError::NotAMap { field })?;
        for (key, value) in map.iter() {
            let value = match value.as_str().filter(|_| plain) {
                Some(text) => base64(text.as_bytes()),
                None => value.clone(),
            };
            kept.insert(key.to_owned(), value);
        }
    }
    let Some(data) = new.as_map_mut().map(|map| map.entry_or_insert_with("data", Node::map)) else { return Ok(()) };
    let Some(data) = data.as_map_mut() else { return Ok(()) };
    for (key, value) in kept {
        data.entry_or_insert_with(&key, || value);
    }
    // By name, wherever a key came from: the second run finds what the first one wrote.
    data.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    Ok(())
}

fn object(spec: &Spec, gathered: &Gathered, marked: bool) -> Node {
    let mut metadata = Mapping::default();
    metadata.set("name", Node::string(spec.name.as_str()));
    if !spec.namespace.is_empty() {
        metadata.set("namespace", Node::string(spec.namespace.as_str()));
    }
    let texts = |map: &BTreeMap<String, String>| -> Mapping {
        map.iter().map(|(key, value)| (key.as_str(), Node::string(value.as_str()))).collect()
    };
    if !spec.options.labels.is_empty() {
        metadata.set("labels", texts(&spec.options.labels).into());
    }
    let once = !spec.create_once.is_empty();
    let mut annotations = texts(&spec.options.annotations);
    if once {
        annotations.set(RECONCILE, Node::string("create-only"));
        let wanted = once::annotation(&spec.create_once, &gathered.late);
        annotations.set(CREATE_ONCE_ANNOTATION, Node::string(wanted));
    }
    // A hash over content that is not here would never change, and some Secrets are looked for by their name.
    if marked && !spec.options.disable_name_suffix_hash && !once && !typed::has_fixed_name(&spec.secret_type) {
        annotations.set(NEEDS_HASH, Node::string("true"));
    }
    annotations.set(BEHAVIOR, Node::string(spec.behavior.word()));
    metadata.set("annotations", annotations.into());
    let mut root = Mapping::default();
    root.set("apiVersion", Node::string("v1"));
    root.set("kind", Node::string("Secret"));
    root.set("metadata", metadata.into());
    root.set("type", Node::string(spec.secret_type.as_str()));
    let data = gathered.values.iter().map(|(key, value): (_, &Masked<Vec<u8>>)| (key.as_str(), base64(value.expose())));
    root.set("data", Node::Map(data.collect()));
    if spec.options.immutable {
        root.set("immutable", Node::bool(true));
    }
    root.into()
}

/// As kustomize writes it, so that its hash is the same as over a Secret of its own generator.
fn base64(bytes: &[u8]) -> Node {
    let text = base64_lines(bytes);
    let style = if text.contains('\n') { krm::Style::Literal } else { krm::Style::Plain };
    Node::Scalar(krm::Scalar { style, ..krm::Scalar::string(text) })
}
