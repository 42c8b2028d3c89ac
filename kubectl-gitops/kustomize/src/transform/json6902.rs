//! A JSON patch on one draft. Owns what kustomize does to the annotations around it.

use krm::Node;

use super::annotations;
use crate::draft::Draft;
use crate::json_patch::{self, ApplyError, JsonPatch};

/// Applies a patch to a draft.
pub(super) fn apply(draft: &mut Draft, patch: &JsonPatch) -> Result<(), ApplyError> {
    if draft.has_books() {
        draft.keep_annotations();
    }
    json_patch::apply(patch, &mut draft.node)?;
    if let Node::Map(root) = &mut draft.node
        && let Node::Map(metadata) = root.entry_or_insert_with("metadata", Node::map)
    {
        annotations::rewrite(metadata, "annotations");
    }
    if draft.has_books() {
        // They are put back, whatever the patch did.
        draft.keep_annotations();
    }
    Ok(())
}
