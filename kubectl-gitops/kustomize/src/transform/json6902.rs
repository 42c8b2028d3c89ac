//! A JSON patch on one draft. Owns what kustomize does to the annotations around it.

use krm::{Node, Scalar};

use super::annotations;
use crate::draft::Draft;
use crate::json_patch::{self, ApplyError, JsonPatch};

/// Applies a patch to a draft.
pub(super) fn apply(draft: &mut Draft, patch: &JsonPatch) -> Result<(), ApplyError> {
    if draft.has_books() {
        draft.keep_annotations();
    }
    json_patch::apply(patch, &mut draft.node)?;
    if let Node::Map(root) = &mut draft.node {
        let metadata = match root.position("metadata") {
            Some(at) => &mut root.entries[at].value,
            None => {
                root.entries.push(krm::node::Entry { key: Scalar::string("metadata"), value: Node::map() });
                &mut root.entries.last_mut().expect("pushed just above").value
            }
        };
        if let Node::Map(metadata) = metadata {
            annotations::rewrite(metadata, "annotations");
        }
    }
    Ok(())
}
