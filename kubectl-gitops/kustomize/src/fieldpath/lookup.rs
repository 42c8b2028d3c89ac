//! The way to one node. Makes nothing.

use krm::Node;

use super::part::{Part, Way};
use super::{Location, Path, PathError, PathProblem};

/// A way that is gone step by step, so that what lies on it can be looked at.
#[derive(Debug)]
pub(crate) struct Lookup<'p, 'n> {
    path: &'p Path,
    next: usize,
    node: &'n Node,
    location: Location,
}

/// Where a step led.
pub(crate) enum Stepped {
    /// On.
    On,
    /// To nothing.
    Nowhere,
}

impl Path {
    /// The node at the end of the path, and where it lies; `None` if there is none.
    ///
    /// # Errors
    /// A step cannot be taken where the way has led.
    pub(crate) fn lookup<'n>(&self, root: &'n Node) -> Result<Option<(&'n Node, Location)>, PathError> {
        let mut lookup = Lookup::new(self, root);
        while !lookup.is_done() {
            match lookup.step()? {
                Stepped::On => {}
                Stepped::Nowhere => return Ok(None),
            }
        }
        Ok(Some((lookup.node, lookup.location)))
    }
}

impl<'p, 'n> Lookup<'p, 'n> {
    pub(crate) fn new(path: &'p Path, root: &'n Node) -> Self {
        Self { path, next: 0, node: root, location: Location::new() }
    }

    /// Is the end reached?
    pub(crate) fn is_done(&self) -> bool {
        self.next >= self.path.parts.len()
    }

    /// The node that is reached.
    pub(crate) fn node(&self) -> &'n Node {
        self.node
    }

    /// How many steps were taken.
    pub(crate) fn steps(&self) -> usize {
        self.next
    }

    /// Where the node lies.
    pub(crate) fn into_location(self) -> Location {
        self.location
    }

    /// Takes one step.
    pub(crate) fn step(&mut self) -> Result<Stepped, PathError> {
        let (at, part) = (self.next, &self.path.parts[self.next]);
        self.next += 1;
        let text = part.text.trim();
        if text.is_empty() {
            return Ok(Stepped::On);
        }
        let trimmed;
        let part = if text.len() == part.text.len() {
            part
        } else {
            trimmed = Part::new(text.to_owned());
            &trimmed
        };
        match child(self.node, part).map_err(|problem| self.path.error(at, problem))? {
            Some((index, node)) => {
                self.location.push(index);
                self.node = node;
                Ok(Stepped::On)
            }
            None => Ok(Stepped::Nowhere),
        }
    }
}

fn child<'n>(node: &'n Node, part: &Part) -> Result<Option<(usize, &'n Node)>, PathProblem> {
    match &part.way {
        Way::Negative => Err(PathProblem::Negative),
        Way::Every => Err(PathProblem::ManyValues),
        Way::BadItem => Err(PathProblem::BadItem),
        Way::Index(index) => Ok(items(node)?.get(*index).map(|item| (*index, item))),
        Way::Field if part.text == "-" => {
            let items = items(node)?;
            let last = items.last().ok_or(PathProblem::NoLastItem)?;
            Ok(Some((items.len() - 1, last)))
        }
        Way::Item(item) => {
            let is_it = |node: &&Node| {
                let value = if item.field.is_empty() { Some(*node) } else { node.get(&item.field) };
                value.is_some_and(|value| raw_text(value) == item.value)
            };
            Ok(items(node)?.iter().enumerate().find(|(_, node)| is_it(node)))
        }
        Way::Field => match node {
            Node::Map(map) => Ok(map.position(&part.text).map(|index| (index, &map.entries[index].value))),
            node if node.is_null() => Ok(None),
            node => Err(PathProblem::NotAMap { found: node.kind_name() }),
        },
    }
}

/// The items of a list; a null has none.
pub(super) fn items(node: &Node) -> Result<&[Node], PathProblem> {
    match node {
        Node::Seq(seq) => Ok(&seq.items),
        node if node.is_null() => Ok(&[]),
        node => Err(PathProblem::NotAList { found: node.kind_name() }),
    }
}

/// The text of a scalar as written, also of a null; collections have none.
pub(super) fn raw_text(node: &Node) -> &str {
    match node {
        Node::Scalar(scalar) => &scalar.text,
        Node::Map(_) | Node::Seq(_) => "",
    }
}
