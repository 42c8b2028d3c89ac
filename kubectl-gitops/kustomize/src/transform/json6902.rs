//! A JSON patch on one draft. Owns what kustomize does to the annotations around it.

use std::borrow::Cow;

use krm::{Mark, Node, Style, yaml};

use super::annotations;
use crate::draft::{Draft, take_bookkeeping, with_bookkeeping};
use crate::json_patch::{self, ApplyError, JsonPatch, NotJson};

/// Applies a patch to a draft.
pub(super) fn apply(draft: &mut Draft, patch: &JsonPatch) -> Result<(), ApplyError> {
    if draft.has_books() {
        draft.keep_annotations();
    }
    read_back(draft)?;
    json_patch::apply(patch, &mut draft.node)?;
    place_in_json(&mut draft.node);
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

/// Whatever stood in a file stands in a text of JSON now: no comments, brackets only where nothing is in them, and lines that
/// nobody knows, which validators see.
fn place_in_json(node: &mut Node) {
    const SOMEWHERE: Mark = Mark { line: 0, column: 1 };
    let style = |is_empty: bool| if is_empty { Style::Flow } else { Style::Plain };
    match node {
        Node::Scalar(scalar) => scalar.mark = SOMEWHERE,
        Node::Seq(seq) => {
            (seq.mark, seq.style, seq.extra) = (SOMEWHERE, style(seq.items.is_empty()), None);
            seq.items.iter_mut().for_each(place_in_json);
        }
        Node::Map(map) => {
            (map.mark, map.style, map.extra) = (SOMEWHERE, style(map.is_empty()), None);
            for entry in &mut map.entries {
                (entry.key.mark, entry.key.extra) = (SOMEWHERE, None);
                place_in_json(&mut entry.value);
            }
        }
    }
}

/// The way to JSON leads through text, where folded texts and comments may change the object, or end it. The books are in it.
fn read_back(draft: &mut Draft) -> Result<(), ApplyError> {
    if let Ok(Cow::Borrowed(_)) = yaml::read_back(&draft.node) {
        return Ok(());
    }
    let printed = with_bookkeeping(draft);
    draft.node = yaml::read_back(&printed).map_err(NotJson::from)?.into_owned();
    take_bookkeeping(draft);
    Ok(())
}
