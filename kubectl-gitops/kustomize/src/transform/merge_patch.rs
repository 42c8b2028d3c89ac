//! A strategic merge patch on one draft. Owns what a patch may not change (name, namespace and kind, unless it is allowed to)
//! and what kustomize does to a patch before it merges it.

use krm::{Mapping, Node};

use super::annotations;
use crate::draft::{Draft, put_text};
use crate::merge::{self, MergeError, Merged};
use crate::schema::Schema;

/// A patch, ready to be merged.
pub(super) struct Prepared {
    node: Node,
    allows_name_change: bool,
    allows_kind_change: bool,
    /// It takes on the target's `apiVersion`.
    adapts: bool,
    has_twins: bool,
}

impl Prepared {
    /// As it was read: for a patch that names the resource itself.
    pub(super) fn as_is(patch: &Draft) -> Self {
        Self {
            node: patch.node.clone(),
            allows_name_change: patch.allows_name_change,
            allows_kind_change: patch.allows_kind_change,
            adapts: false,
            has_twins: patch.has_twins,
        }
    }

    /// With labels and annotations written again: strings all, so that a null among them is the string `null` and deletes
    /// nothing, and a null or empty map is not there. kustomize does so wherever it copies a patch for its target.
    pub(super) fn rewritten(patch: &Draft) -> Self {
        let mut prepared = Self { adapts: true, ..Self::as_is(patch) };
        if let Some(metadata) = prepared.node.at_mut(&["metadata"]).and_then(Node::as_map_mut) {
            annotations::rewrite(metadata, "labels");
            annotations::rewrite(metadata, "annotations");
            if metadata.get("namespace").is_some_and(|namespace| namespace.as_str().is_none_or(str::is_empty)) {
                metadata.remove("namespace");
            }
        }
        prepared
    }
}

/// Merges a patch into a draft. A draft that the patch deletes is empty afterwards.
pub(super) fn apply(draft: &mut Draft, patch: &mut Prepared, schema: &Schema) -> Result<(), MergeError> {
    let (name, namespace, kind) = (draft.name().to_owned(), draft.namespace().to_owned(), draft.kind().to_owned());
    if patch.adapts
        && let Node::Map(map) = &mut patch.node
    {
        put_text(map, "apiVersion", draft.api_version());
    }
    if patch.allows_name_change || patch.allows_kind_change {
        draft.remember_id();
    }
    if drops_annotations(&patch.node) {
        draft.forget_books();
    }
    draft.has_twins |= patch.has_twins;
    if merge::strategic(schema, &mut draft.node, &patch.node, draft.has_twins)? == Merged::Deleted {
        draft.node = Node::null();
    }
    if draft.is_empty() {
        return Ok(());
    }
    if !patch.allows_kind_change {
        draft.set_kind(&kind);
    }
    if !patch.allows_name_change {
        draft.set_name(&name);
    }
    draft.set_namespace(&namespace);
    Ok(())
}

/// kustomize keeps its books in the object's annotations: a patch that takes those away takes the books away.
fn drops_annotations(patch: &Node) -> bool {
    let Some(metadata) = patch.get("metadata") else { return false };
    if metadata.is_null() || metadata.as_map().is_some_and(takes_all) {
        return true;
    }
    let annotations = metadata.get("annotations");
    annotations.is_some_and(|annotations| annotations.is_null() || annotations.as_map().is_some_and(takes_all))
}

fn takes_all(map: &Mapping) -> bool {
    matches!(map.get("$patch").and_then(Node::as_str), Some("delete" | "replace"))
}
