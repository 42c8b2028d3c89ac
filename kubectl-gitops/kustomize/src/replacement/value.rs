//! The value that a replacement copies. Owns where it was read from, and what it is after something was written there.

use krm::{Node, Scalar};

use super::{Cut, ReplacementError};
use crate::draft::DraftSet;
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
        let found = path.lookup(&draft.node).map_err(refused)?;
        let Some((node, location)) = found else { return Err(refused(path.explain(&draft.node, Compared::Exactly))) };
        if is_empty(node) {
            let found = if node.is_null() { "null" } else { "an empty collection" };
            return Err(refused(PathError { step: path.text().to_owned(), problem: PathProblem::Empty { found } }));
        }
        let Some(cut) = cut else { return Ok(Self { node: node.clone(), home: Some((position, location)) }) };
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
    pub(super) fn see_made(&mut self, position: usize, root: &Node) {
        let Some((home, location)) = &self.home else { return };
        if *home == position
            && !matches!(self.node, Node::Scalar(_))
            && let Some(node) = node_at(root, location)
        {
            self.node = node.clone();
        }
    }

    /// Something was written into the resource at `position`: was it this?
    pub(super) fn see_written(&mut self, position: usize, written: &[usize], root: &Node, twins: bool) {
        let Some((home, location)) = &self.home else { return };
        if *home != position {
            return;
        }
        if written.len() < location.len() && location.starts_with(written) {
            // What held the node is another one now.
            self.home = None;
        } else if (twins || written.starts_with(location))
            && let Some(node) = node_at(root, location)
        {
            self.node = node.clone();
        }
    }
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Scalar(scalar) => scalar.is_null(),
        Node::Map(map) => map.is_empty(),
        Node::Seq(seq) => seq.items.is_empty(),
    }
}
