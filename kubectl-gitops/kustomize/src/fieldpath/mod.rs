//! Paths of fields joined by dots, as replacements and vars write them: `spec.containers.[name=web].image`.
//!
//! Owns their grammar and the two ways along them. [`Path::lookup`] finds one node and makes nothing; `[field=value]` is the
//! first item that has exactly that value, `-` the last one. [`Path::matches`] finds many and may make what is missing;
//! `[field=pattern]` is every item that the regular expression is found in, `*` every item of a list, and a text that holds
//! YAML or JSON can be entered, though nothing that is written in there lasts. Must not know what is done with a node.

mod error;
mod explain;
mod lookup;
mod matching;
mod part;

use krm::Node;

pub use error::{PathError, PathProblem};
pub(crate) use explain::Compared;
pub(crate) use lookup::{Lookup, Stepped};
pub(crate) use matching::{Kind, Match};

use part::Part;

/// More steps than any object has levels.
const STEPS_MAX: usize = 1000;

/// A path, read once.
#[derive(Debug)]
pub struct Path {
    text: String,
    parts: Vec<Part>,
}

/// Where a node lies in a tree: the index of an entry or an item on each level.
pub(crate) type Location = Vec<usize>;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// It has more steps than anybody needs.
    pub fn new(text: &str) -> Result<Self, PathError> {
        Self::of(text, split(text, '.'))
    }

    /// Reads the path of a var, where `ports[0]` is `ports.0`.
    ///
    /// # Errors
    /// As [`Path::new`].
    pub fn with_indices(text: &str) -> Result<Self, PathError> {
        Self::of(text, split(text, '.').into_iter().flat_map(split_index).collect())
    }

    fn of(text: &str, steps: Vec<String>) -> Result<Self, PathError> {
        if steps.len() > STEPS_MAX {
            return Err(PathError { step: String::new(), problem: PathProblem::TooManySteps { max: STEPS_MAX } });
        }
        Ok(Self { text: text.to_owned(), parts: steps.into_iter().map(Part::new).collect() })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn error(&self, at: usize, problem: PathProblem) -> PathError {
        PathError { step: self.shown(at), problem }
    }

    /// The steps up to and with the one at an index.
    fn shown(&self, at: usize) -> String {
        let end = self.parts.len().min(at + 1);
        self.parts[..end].iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(".")
    }
}

/// The node at a location.
pub(crate) fn node_at<'n>(root: &'n Node, location: &[usize]) -> Option<&'n Node> {
    location.iter().try_fold(root, |node, index| match node {
        Node::Map(map) => map.entries.get(*index).map(|entry| &entry.value),
        Node::Seq(seq) => seq.items.get(*index),
        Node::Scalar(_) => None,
    })
}

/// The node at a location, for changing.
pub(crate) fn node_at_mut<'n>(root: &'n mut Node, location: &[usize]) -> Option<&'n mut Node> {
    location.iter().try_fold(root, |node, index| match node {
        Node::Map(map) => map.entries.get_mut(*index).map(|entry| &mut entry.value),
        Node::Seq(seq) => seq.items.get_mut(*index),
        Node::Scalar(_) => None,
    })
}

/// Splits at dots. `\.` is a dot in a name, as are all within brackets; brackets stay only where there is a `=` in them.
fn split(path: &str, separator: char) -> Vec<String> {
    let mut pieces = unescaped(path, separator).into_iter();
    let mut steps = Vec::new();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            steps.push(piece);
            continue;
        }
        let mut bracketed = piece;
        for piece in pieces.by_ref() {
            bracketed.push(separator);
            bracketed.push_str(&piece);
            if piece.ends_with(']') {
                break;
            }
        }
        steps.push(if bracketed.contains('=') { bracketed } else { bracketed.trim_matches(['[', ']']).to_owned() });
    }
    steps
}

/// Splits at separators without a backslash before them; one at the very beginning is nothing.
fn unescaped(path: &str, separator: char) -> Vec<String> {
    let mut pieces: Vec<&str> = path.split(separator).collect();
    if pieces.len() > 1 && pieces[0].is_empty() {
        pieces.remove(0);
    }
    let mut steps: Vec<String> = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.into_iter().enumerate() {
        match steps.last_mut() {
            Some(last) if index > 0 && last.ends_with('\\') => {
                last.pop();
                last.push(separator);
                last.push_str(piece);
            }
            _ => steps.push(piece.to_owned()),
        }
    }
    steps
}

/// `ports[0]` is `ports` and `0`; only the last index is taken off.
fn split_index(step: String) -> Vec<String> {
    let Some((name, index)) = step.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) else { return vec![step] };
    if index.is_empty() || !index.bytes().all(|b| b.is_ascii_digit()) || name.contains('\n') {
        return vec![step];
    }
    let index = index.to_owned();
    if name.is_empty() { vec![index] } else { vec![name.to_owned(), index] }
}

#[cfg(test)]
mod tests;
