//! `commonAnnotations`, and what kustomize does to an object's own annotations whenever it keeps books in them.

use std::collections::BTreeMap;

use krm::{Mapping, Node, Text};

use super::{TransformError, pairs};
use crate::draft::{Draft, DraftSet};
use crate::fieldspec::Spec;

/// Puts annotations at their places.
///
/// # Errors
/// A place is no map.
pub fn put(
    drafts: &mut DraftSet,
    annotations: &BTreeMap<String, String>,
    specs: &[Spec],
) -> Result<(), TransformError> {
    pairs::put(drafts, annotations, specs)
}

/// Puts annotations at their places in one draft.
pub(crate) fn put_on(
    draft: &mut Draft,
    annotations: &BTreeMap<String, String>,
    specs: &[Spec],
) -> Result<(), TransformError> {
    pairs::put_on(draft, annotations, specs)
}

/// Writes a map of metadata (`annotations` or `labels`) again as kustomize does: every value a string (`null` too), sorted,
/// and no map at all if it is empty.
pub(crate) fn rewrite(metadata: &mut Mapping, field: &str) {
    rewrite_with(metadata, field, BTreeMap::new());
}

/// The same with further entries, which win over those that are there.
pub(crate) fn rewrite_with(metadata: &mut Mapping, field: &str, further: BTreeMap<Text, Text>) {
    let old = metadata.remove(field);
    let mut texts: BTreeMap<Text, Text> = match old {
        Some(Node::Map(old)) => old.entries.into_iter().map(|entry| (entry.key.text, text_of(entry.value))).collect(),
        _ => BTreeMap::new(),
    };
    texts.extend(further);
    if !texts.is_empty() {
        let strings = texts.into_iter().map(|(key, value)| {
            let mut node = Node::string(value);
            if let Node::Scalar(scalar) = &mut node {
                crate::fieldspec::set::quote_if_ambiguous(scalar);
            }
            (key, node)
        });
        match metadata.get_mut(field) {
            // The field was there twice.
            Some(Node::Map(twin)) => strings.for_each(|(key, node)| drop(twin.set(key, node))),
            _ => drop(metadata.set(field, Node::Map(strings.collect()))),
        }
    }
}

fn text_of(node: Node) -> Text {
    match node {
        Node::Scalar(scalar) => scalar.text,
        Node::Map(_) | Node::Seq(_) => Text::default(),
    }
}
