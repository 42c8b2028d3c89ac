//! Writing a value into one resource. Owns what a scalar keeps of itself, and how a part of a text is replaced.

use krm::{Node, Text};

use super::value::{Value, holds_books};
use super::{Cut, ReplacementError, embedded};
use crate::draft::{Draft, DraftSet, take_bookkeeping};
use crate::fieldpath::{Compared, Kind, Location, Match, Path, PathError, node_at, node_at_mut};
use crate::fieldspec::shared;

/// How the value is written.
pub(super) struct How<'a> {
    pub(super) path: &'a Path,
    pub(super) cut: Option<&'a Cut>,
    pub(super) create: bool,
}

/// Writes the value into every field that the path leads to.
pub(super) fn write(
    drafts: &mut DraftSet,
    position: usize,
    how: &How<'_>,
    value: &mut Value,
) -> Result<(), ReplacementError> {
    drafts.change(position, |draft| {
        let create = how.create.then(|| Kind::of(&value.node));
        if let Some((location, text)) = embedded::write(&draft.node, how.path, create, value) {
            put_text(draft, position, &location, text, value);
            return Ok(());
        }
        let refused = |draft: &Draft, source: PathError| ReplacementError::Write {
            id: draft.id().to_string(),
            path: how.path.text().to_owned(),
            create: how.create,
            source,
        };
        let found = how.path.matches(0, &mut draft.node, create).map_err(|source| refused(draft, source))?;
        if how.create {
            value.see_made(position, draft);
        }
        if found.is_empty() {
            return Err(refused(draft, how.path.explain(&draft.node, Compared::ByPattern)));
        }
        found.iter().try_for_each(|found| put(draft, position, found, how, value))
    })
}

fn put(
    draft: &mut Draft,
    position: usize,
    found: &Match,
    how: &How<'_>,
    value: &mut Value,
) -> Result<(), ReplacementError> {
    let location = match found {
        Match::At(location) => location,
        Match::Nowhere { scalar } if *scalar || how.cut.is_none() => return Ok(()),
        Match::Nowhere { .. } => return Err(no_text(draft, how, "a collection")),
    };
    let field = node_at(&draft.node, location).expect("a match lies in the tree, and writing moves none");
    match (field, how.cut) {
        (Node::Scalar(scalar), Some(cut)) => {
            let text = with_part(&scalar.text, cut, value);
            put_text(draft, position, location, text, value);
        }
        (Node::Scalar(_), None) => put_text(draft, position, location, value.text().into(), value),
        (field, Some(_)) => return Err(no_text(draft, how, field.kind_name())),
        (_, None) => put_node(draft, position, location, value),
    }
    Ok(())
}

fn no_text(draft: &Draft, how: &How<'_>, found: &'static str) -> ReplacementError {
    ReplacementError::CutOfCollection { id: draft.id().to_string(), path: how.path.text().to_owned(), found }
}

/// The text with one of its parts replaced: before the first for an index below 0, behind the last for one that is too high.
fn with_part(text: &str, cut: &Cut, value: &Value) -> Text {
    // A null is no text here.
    let part = if value.node.is_null() { "" } else { value.text() };
    let mut parts: Vec<&str> = text.split(cut.delimiter.as_str()).collect();
    match usize::try_from(cut.index) {
        Err(_) => parts.insert(0, part),
        Ok(index) => match parts.get_mut(index) {
            Some(there) => *there = part,
            None => parts.push(part),
        },
    }
    parts.join(&cut.delimiter).into()
}

/// A scalar keeps its tag and its quotes and takes the text only: within quotes a number stays a text.
fn put_text(draft: &mut Draft, position: usize, location: &Location, text: Text, value: &mut Value) {
    let Some(Node::Scalar(scalar)) = node_at_mut(&mut draft.node, location) else { return };
    scalar.text = text;
    let twins = shared::number(scalar);
    if twins > 0 {
        let scalar = scalar.clone();
        shared::write(&mut draft.node, twins, &scalar);
    }
    written(draft, position, location, value, twins > 0);
}

/// A collection becomes the value as it is, style and tag included.
fn put_node(draft: &mut Draft, position: usize, location: &Location, value: &mut Value) {
    let mut copy = value.node.clone();
    shared::part(&mut copy);
    if let Some(node) = node_at_mut(&mut draft.node, location) {
        *node = copy;
    }
    written(draft, position, location, value, false);
}

/// Who writes over the annotations writes over the books that kustomize keeps there, perhaps with those of another object.
fn written(draft: &mut Draft, position: usize, location: &Location, value: &mut Value, twins: bool) {
    if holds_books(&draft.node, location) {
        draft.forget_books();
        take_bookkeeping(draft);
    }
    value.see_written(position, location, draft, twins);
}
