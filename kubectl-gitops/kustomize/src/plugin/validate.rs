//! Validators: transformers that may only look. Owns what counts as a change: to kustomize everything does that was written
//! again, even with the content it had, but for the label that says who validated it.

use krm::{Node, Scalar};

use super::{Context, PluginProblem, Transformer, failed, is_builtin};
use crate::draft::{Draft, DraftSet};
use crate::error::BuildError;
use crate::transform::annotations;

/// The label that a validator may put on a resource. It stays in the output.
const VALIDATED_BY: &str = "validated-by";

/// Lets a validator look at the drafts.
pub(crate) fn validate(validator: &Transformer, set: &mut DraftSet, context: &Context<'_>) -> Result<(), BuildError> {
    let before = set.clone();
    validator.apply(set, context)?;
    let changed = |id| failed(&validator.config, PluginProblem::Validator { id });
    if !is_builtin(&validator.config) {
        // What a function returns was written again. What it leaves out or adds does not count: it gets a list of its own.
        if let Some(id) = before.iter().map(Draft::id).find(|id| set.position_now(id).is_some()) {
            return Err(changed(id));
        }
        *set = before;
        return Ok(());
    }
    if set.len() != before.len() {
        let gone = before.iter().find(|draft| set.iter().all(|other| other.id() != draft.id()));
        return Err(changed(gone.or(before.iter().next()).map(Draft::id).unwrap_or_default()));
    }
    match before.iter().zip(set.iter()).find(|(before, after)| !is_untouched(before, after)) {
        Some((before, _)) => Err(changed(before.id())),
        None => Ok(()),
    }
}

fn is_untouched(before: &Draft, after: &Draft) -> bool {
    let mut after = after.clone();
    let has_label = after.node.at(&["metadata", "labels", VALIDATED_BY]).is_some();
    if has_label && let Some(metadata) = after.node.at_mut(&["metadata"]).and_then(Node::as_map_mut) {
        if let Some(labels) = metadata.get_mut("labels").and_then(Node::as_map_mut) {
            labels.remove(VALIDATED_BY);
        }
        annotations::rewrite(metadata, "labels");
    }
    before.history() == after.history()
        && before.prefixes == after.prefixes
        && before.suffixes == after.suffixes
        && is_same(&before.node, &after.node)
}

/// Is it the same, down to where and how it was written?
fn is_same(a: &Node, b: &Node) -> bool {
    match (a, b) {
        (Node::Scalar(a), Node::Scalar(b)) => is_same_scalar(a, b),
        (Node::Seq(a), Node::Seq(b)) => {
            a.style == b.style
                && a.mark == b.mark
                && a.items.len() == b.items.len()
                && a.items.iter().zip(&b.items).all(|(a, b)| is_same(a, b))
        }
        (Node::Map(a), Node::Map(b)) => {
            let entries = || a.entries.iter().zip(&b.entries);
            a.style == b.style
                && a.mark == b.mark
                && a.entries.len() == b.entries.len()
                && entries().all(|(a, b)| is_same_key(&a.key, &b.key) && is_same(&a.value, &b.value))
        }
        (Node::Scalar(_) | Node::Seq(_) | Node::Map(_), _) => false,
    }
}

/// Keys that no file holds have no tag in kustomize.
fn is_same_key(a: &Scalar, b: &Scalar) -> bool {
    is_same_scalar(a, b) || a.mark == b.mark && a.mark.line == 0 && a.text == b.text && a.style == b.style
}

fn is_same_scalar(a: &Scalar, b: &Scalar) -> bool {
    a == b && a.style == b.style && a.mark == b.mark
}
