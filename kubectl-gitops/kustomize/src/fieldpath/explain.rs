//! For messages: where a path that leads to nothing ends, and what is there instead.

use krm::Node;
use krm::yaml::{Limits, parse_embedded};

use super::lookup::raw_text;
use super::part::{ItemWay, Way};
use super::{Path, PathError, PathProblem};
use krm::nearest;

/// More names than these help nobody.
const CANDIDATES_MAX: usize = 8;

/// How items of lists were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compared {
    /// As a whole.
    Exactly,
    /// By patterns.
    ByPattern,
}

impl Path {
    /// The first step at which nothing is found. Of many items the first is followed.
    pub(crate) fn explain(&self, root: &Node, compared: Compared) -> PathError {
        self.explain_from(0, root, compared)
    }

    fn explain_from(&self, from: usize, root: &Node, compared: Compared) -> PathError {
        let mut node = root;
        for (at, part) in self.parts.iter().enumerate().skip(from) {
            if let Node::Scalar(scalar) = node
                && let Ok(Some(inside @ (Node::Map(_) | Node::Seq(_)))) =
                    parse_embedded(&scalar.text, &Limits::default())
            {
                return self.explain_from(at, &inside, compared);
            }
            let next = match (&part.way, node) {
                (Way::Every, Node::Seq(seq)) => seq.items.first(),
                (Way::Index(index), Node::Seq(seq)) => seq.items.get(*index),
                (Way::Item(item), Node::Seq(seq)) => seq.items.iter().find(|node| is_meant(item, node, compared)),
                (_, node) => node.get(part.text.trim()),
            };
            match next {
                Some(next) => node = next,
                None => return self.error(at, nothing_there(node, at, self)),
            }
        }
        self.error(self.parts.len(), PathProblem::Missing { candidates: Vec::new() })
    }
}

fn is_meant(item: &ItemWay, node: &Node, compared: Compared) -> bool {
    let value = if item.field.is_empty() { Some(node) } else { node.get(&item.field) };
    value.is_some_and(|value| match compared {
        Compared::Exactly => raw_text(value) == item.value,
        Compared::ByPattern => item.is_found_in(value).unwrap_or(false),
    })
}

fn nothing_there(node: &Node, at: usize, path: &Path) -> PathProblem {
    match (&path.parts[at].way, node) {
        (Way::Index(index), Node::Seq(seq)) => PathProblem::BeyondEnd { index: *index, length: seq.items.len() },
        _ => PathProblem::Missing { candidates: candidates(node, at, path) },
    }
}

/// What there is at a step, nearest first.
fn candidates(node: &Node, at: usize, path: &Path) -> Vec<String> {
    let part = &path.parts[at];
    let (wanted, mut names): (&str, Vec<&str>) = match (&part.way, node) {
        // Names only: other values may be nobody's business.
        (Way::Item(item), Node::Seq(seq)) if item.field == "name" => {
            let names = seq.items.iter().filter_map(|node| node.get("name"));
            (item.value.as_str(), names.map(raw_text).collect())
        }
        (_, Node::Map(map)) => (part.text.as_str(), map.iter().map(|(key, _)| key).collect()),
        _ => return Vec::new(),
    };
    names.retain(|name| !name.is_empty());
    names.sort_by_key(|name| nearest(wanted, &[name]).is_none());
    names.truncate(CANDIDATES_MAX);
    names.into_iter().map(|name| format!("`{name}`")).collect()
}
