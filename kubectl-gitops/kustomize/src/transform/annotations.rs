//! `commonAnnotations`, and what kustomize does to an object's own annotations whenever it keeps books in them.

use std::collections::BTreeMap;

use krm::{Mapping, Node, Text};

use super::{TransformError, pairs};
use crate::draft::DraftSet;
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

/// Writes a map of metadata (`annotations` or `labels`) again as kustomize does: every value a string (`null` too), sorted,
/// and no map at all if it is empty.
pub(super) fn rewrite(metadata: &mut Mapping, field: &str) {
    let Some(old) = metadata.remove(field) else { return };
    let Node::Map(old) = old else { return };
    let texts: BTreeMap<Text, Text> =
        old.entries.into_iter().map(|entry| (entry.key.text, text_of(entry.value))).collect();
    if !texts.is_empty() {
        let strings = texts.into_iter().map(|(key, value)| {
            let mut node = Node::string(value);
            if let Node::Scalar(scalar) = &mut node {
                crate::fieldspec::set::quote_if_ambiguous(scalar);
            }
            (key, node)
        });
        metadata.set(field, Node::Map(strings.collect()));
    }
}

fn text_of(node: Node) -> Text {
    match node {
        Node::Scalar(scalar) => scalar.text,
        Node::Map(_) | Node::Seq(_) => Text::default(),
    }
}
