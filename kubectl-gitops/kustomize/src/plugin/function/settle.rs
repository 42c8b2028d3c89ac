//! What becomes of a function's reply: drafts take its place. Owns which draft an item is (the one that is called so now) and what
//! generators say of their items in annotations; must not know where the reply came from.

use krm::{Node, Origin};

use super::ReplyProblem;
use super::exchange::ID;
use crate::draft::{Behavior, Draft, DraftSet};
use crate::finish::strings_only;
use crate::resources::read_drafts;

const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";
const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";

/// The resources that a generator's reply holds.
///
/// # Errors
/// An item is no resource, two are one, or an annotation says neither yes nor no.
pub(super) fn generated(text: &str, config: &Draft) -> Result<Vec<Draft>, ReplyProblem> {
    let mut fresh = DraftSet::new();
    for mut draft in read(text, config)? {
        // Both would be gone from the annotations in any case.
        let hash = take_annotation(&mut draft, NEEDS_HASH);
        let behavior = take_annotation(&mut draft, BEHAVIOR);
        if let Some(hash) = hash {
            draft.wants_hash |=
                boolean(&hash).ok_or(ReplyProblem::NotABoolean { annotation: NEEDS_HASH, found: hash })?;
        }
        draft.behavior = Behavior::from_word(&behavior.unwrap_or_default());
        draft.generated = true;
        tidy_annotations(&mut draft, true);
        fresh.append(draft)?;
    }
    Ok(fresh.into_drafts())
}

/// Puts a transformer's reply in the place of what is in `set`: an item takes the place of the draft that is called so, new ones
/// come last, and what is not in the reply is gone.
///
/// # Errors
/// An item is no resource, or two are one.
pub(super) fn transformed(text: &str, config: &Draft, set: &mut DraftSet) -> Result<(), ReplyProblem> {
    let mut fresh = DraftSet::new();
    for mut draft in read(text, config)? {
        take_annotation(&mut draft, ID);
        tidy_annotations(&mut draft, false);
        fresh.append(draft)?;
    }
    let mut replies: Vec<Option<Draft>> = Vec::with_capacity(fresh.len());
    let mut new = Vec::new();
    replies.resize_with(set.len(), || None);
    for draft in fresh.into_drafts() {
        match set.position_now(&draft.id()) {
            Some(position) => replies[position] = Some(draft),
            None => new.push(draft),
        }
    }
    let old = std::mem::take(set).into_drafts();
    for (old, reply) in old.into_iter().zip(replies) {
        let Some(mut draft) = reply else { continue };
        draft.origin = old.origin;
        draft.read_by_vars = old.read_by_vars;
        set.append(draft)?;
    }
    new.into_iter().try_for_each(|draft| set.append(draft))?;
    Ok(())
}

fn read(text: &str, config: &Draft) -> Result<Vec<Draft>, ReplyProblem> {
    let mut drafts = read_drafts(text, "the function's output")?;
    let Origin { file, line, .. } = &config.origin;
    for draft in &mut drafts {
        draft.origin = Origin { file: format!("the function in {file}"), document: 0, line: *line };
    }
    Ok(drafts)
}

fn take_annotation(draft: &mut Draft, key: &str) -> Option<String> {
    let annotations = draft.node.at_mut(&["metadata", "annotations"]).and_then(Node::as_map_mut)?;
    let value = annotations.remove(key)?;
    Some(value.as_str().unwrap_or_default().to_owned())
}

/// Annotations written anew: texts, and none at all where none is left and no books are kept in them.
fn tidy_annotations(draft: &mut Draft, keeps_books: bool) {
    let keeps_books = keeps_books || draft.has_books();
    let Some(metadata) = draft.node.at_mut(&["metadata"]).and_then(Node::as_map_mut) else { return };
    match metadata.get_mut("annotations").and_then(Node::as_map_mut) {
        Some(annotations) if !annotations.is_empty() => strings_only(annotations),
        _ => {
            metadata.remove("annotations");
        }
    }
    if keeps_books {
        draft.keep_annotations();
    }
}

/// Yes and no in Go's words.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
