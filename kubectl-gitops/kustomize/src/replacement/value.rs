//! The value that a replacement copies. Owns where it was read from, and what it is after something was written there.

use krm::{Node, Scalar};

use super::{Cut, ReplacementError};
use crate::draft::{Draft, DraftSet, with_bookkeeping};
use crate::fieldpath::{Compared, Location, Path, PathError, PathProblem, node_at};

/// A value, and the node that it still is.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) node: Node,
    /// Resource and place of the node; none if the value is nobody's.
    home: Option<(usize, Location)>,
}

impl Value {
    /// A text of the kustomization. It has no tag: what it is, is decided where it is printed.
    pub(super) fn of_text(text: &str) -> Self {
        Self { node: Node::unset(text), home: None }
    }

    /// Reads a field, and cuts a part out of it.
    pub(super) fn read(
        drafts: &DraftSet,
        position: usize,
        path: &Path,
        cut: Option<&Cut>,
    ) -> Result<Self, ReplacementError> {
        let draft = drafts.get(position).expect("positions come from the set");
        let named = || (draft.id().to_string(), path.text().to_owned());
        let refused = |source: PathError| {
            let (id, path) = named();
            ReplacementError::Read { id, path, source }
        };
        let mut found = path.lookup(&draft.node).map_err(refused)?;
        let mut is_in_books = false;
        let books;
        if draft.has_books() && found.as_ref().is_none_or(|(node, _)| is_empty(node)) {
            books = with_bookkeeping(draft);
            if let Some(noted) = path.lookup(&books).map_err(refused)?.filter(|(node, _)| !is_empty(node)) {
                found = Some(noted);
                is_in_books = true;
            }
        }
        let Some((node, location)) = found else { return Err(refused(path.explain(&draft.node, Compared::Exactly))) };
        if is_empty(node) {
            let found = if node.is_null() { "null" } else { "an empty collection" };
            return Err(refused(PathError { step: path.text().to_owned(), problem: PathProblem::Empty { found } }));
        }
        let Some(cut) = cut else {
            if is_in_books {
                return Ok(Self { node: node.clone(), home: None });
            }
            let mut value = Self { node: Node::null(), home: Some((position, location)) };
            value.read_again(draft);
            return Ok(value);
        };
        let Node::Scalar(scalar) = node else {
            let (id, path) = named();
            return Err(ReplacementError::CutOfCollection { id, path, found: node.kind_name() });
        };
        let parts: Vec<&str> = scalar.text.split(cut.delimiter.as_str()).collect();
        let part = usize::try_from(cut.index).ok().and_then(|index| parts.get(index));
        let Some(part) = part else {
            let ((id, path), count) = (named(), parts.len());
            let delimiter = cut.delimiter.clone();
            return Err(ReplacementError::NoSuchPart { id, path, index: cut.index, count, delimiter });
        };
        Ok(Self { node: Node::Scalar(Scalar { text: (*part).into(), ..scalar.clone() }), home: None })
    }

    /// The text that a scalar takes from it: collections have none.
    pub(super) fn text(&self) -> &str {
        match &self.node {
            Node::Scalar(scalar) => &scalar.text,
            Node::Map(_) | Node::Seq(_) => "",
        }
    }

    /// Fields were made in the resource at `position`, perhaps in this.
    pub(super) fn see_made(&mut self, position: usize, draft: &Draft) {
        let here = self.home.as_ref().is_some_and(|(home, _)| *home == position);
        if here && !matches!(self.node, Node::Scalar(_)) {
            self.read_again(draft);
        }
    }

    /// Takes what the node is now. kustomize keeps its books in annotations: who copies those copies the books.
    fn read_again(&mut self, draft: &Draft) {
        let Some((_, location)) = &self.home else { return };
        let with_books;
        let root = if draft.has_books() && holds_books(&draft.node, location) {
            with_books = with_bookkeeping(draft);
            &with_books
        } else {
            &draft.node
        };
        if let Some(node) = node_at(root, location) {
            self.node = node.clone();
        }
    }

    /// Something was written into the resource at `position`: was it this?
    pub(super) fn see_written(&mut self, position: usize, written: &[usize], draft: &Draft, twins: bool) {
        let Some((home, location)) = &self.home else { return };
        if *home != position {
            return;
        }
        if written.len() < location.len() && location.starts_with(written) {
            // What held the node is another one now.
            self.home = None;
        } else if twins || written.starts_with(location) {
            self.read_again(draft);
        }
    }
}

/// Is it the whole object, its metadata or its annotations?
pub(super) fn holds_books(root: &Node, location: &[usize]) -> bool {
    let mut node = root;
    location.len() <= 2
        && location.iter().zip(["metadata", "annotations"]).all(|(index, name)| {
            let entry = node.as_map().and_then(|map| map.entries.get(*index));
            entry.is_some_and(|entry| {
                node = &entry.value;
                entry.key.text == name
            })
        })
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Scalar(scalar) => scalar.is_null(),
        Node::Map(map) => map.is_empty(),
        Node::Seq(seq) => seq.items.is_empty(),
    }
}
