//! The way to many nodes. Makes what is missing, where it may.
//!
//! kustomize adds fields to a null and goes on into texts that hold YAML; neither is ever seen in its output. Such nodes are
//! matches all the same, but lie nowhere: [`Match::Nowhere`].

use krm::node::Entry;
use krm::yaml::{Limits, parse_embedded};
use krm::{Node, Scalar, Tag};

use super::lookup::items;
use super::part::{ItemWay, Way};
use super::{Location, Path, PathError, PathProblem};

/// A node that the path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Match {
    /// One of the tree.
    At(Location),
    /// One that nobody will see.
    Nowhere {
        /// Is it a scalar?
        scalar: bool,
    },
}

/// What is made of the last field of a path where it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A scalar without tag.
    Scalar,
    /// An empty map.
    Map,
    /// An empty list.
    List,
}

impl Kind {
    /// What a node is.
    pub(crate) fn of(node: &Node) -> Self {
        match node {
            Node::Scalar(_) => Self::Scalar,
            Node::Map(_) => Self::Map,
            Node::Seq(_) => Self::List,
        }
    }

    fn make(self) -> Node {
        match self {
            Self::Scalar => Node::unset(""),
            Self::Map => Node::map(),
            Self::List => Node::seq(Vec::new()),
        }
    }
}

impl Path {
    /// Every node that the steps from `from` on lead to, in order. With `create` missing fields and items are made.
    ///
    /// # Errors
    /// A step cannot be taken where the way has led.
    pub(crate) fn matches(&self, from: usize, root: &mut Node, create: Option<Kind>) -> Result<Vec<Match>, PathError> {
        let mut walk = Walk { path: self, create, location: Location::new(), found: Vec::new() };
        walk.from(from, root)?;
        Ok(walk.found)
    }

    /// Has it more than one step?
    pub(crate) fn is_long(&self) -> bool {
        self.parts.len() > 1
    }
}

struct Walk<'p> {
    path: &'p Path,
    create: Option<Kind>,
    location: Location,
    found: Vec<Match>,
}

impl Walk<'_> {
    fn from(&mut self, at: usize, node: &mut Node) -> Result<(), PathError> {
        let Some(part) = self.path.parts.get(at) else {
            self.found.push(Match::At(self.location.clone()));
            return Ok(());
        };
        match &part.way {
            Way::Index(index) => self.index(at, *index, node),
            Way::BadItem => Err(self.path.error(at, PathProblem::BadItem)),
            Way::Item(item) => self.items(at, item, node),
            Way::Every => self.every(at, node),
            Way::Field | Way::Negative => self.field(at, &part.text, node),
        }
    }

    fn into(&mut self, at: usize, index: usize, node: &mut Node) -> Result<(), PathError> {
        self.location.push(index);
        let result = self.from(at, node);
        self.location.pop();
        result
    }

    /// Goes on in a node that is no part of the tree.
    fn outside(&mut self, at: usize, node: &mut Node) -> Result<(), PathError> {
        let found = self.path.matches(at, node, self.create)?;
        self.found.extend(found.into_iter().map(|found| match found {
            Match::At(location) => {
                Match::Nowhere { scalar: matches!(super::node_at(node, &location), Some(Node::Scalar(_))) }
            }
            nowhere @ Match::Nowhere { .. } => nowhere,
        }));
        Ok(())
    }

    fn field(&mut self, at: usize, name: &str, node: &mut Node) -> Result<(), PathError> {
        if name.is_empty() {
            return Err(self.path.error(at, PathProblem::NoName));
        }
        match node {
            Node::Map(map) => {
                let index = match (map.position(name), self.create) {
                    (Some(index), _) => index,
                    (None, None) => return Ok(()),
                    (None, Some(create)) => {
                        let value = self.kind_before(at + 1, create).make();
                        map.entries.push(Entry { key: Scalar::new(name, Tag::Unset), value });
                        map.entries.len() - 1
                    }
                };
                let value = &mut map.entries[index].value;
                if let Node::Scalar(scalar) = &*value
                    && at + 1 < self.path.parts.len()
                {
                    return self.text(at, scalar);
                }
                self.into(at + 1, index, value)
            }
            node if node.is_null() => {
                let Some(create) = self.create else { return Ok(()) };
                let mut made = self.kind_before(at + 1, create).make();
                self.outside(at + 1, &mut made)
            }
            node => Err(self.path.error(at, PathProblem::NotAMap { found: node.kind_name() })),
        }
    }

    /// The way goes on in a text: in what it holds.
    fn text(&mut self, at: usize, scalar: &Scalar) -> Result<(), PathError> {
        match parse_embedded(&scalar.text, &Limits::default()) {
            Ok(Some(mut node)) => self.outside(at + 1, &mut node),
            Ok(None) => Err(self.path.error(at, PathProblem::EmptyText)),
            Err(problem) => Err(self.path.error(at, PathProblem::NotStructured { problem: problem.to_string() })),
        }
    }

    fn index(&mut self, at: usize, index: usize, node: &mut Node) -> Result<(), PathError> {
        let length = items(node).map_err(|problem| self.path.error(at, problem))?.len();
        let made = self.create.filter(|_| length == index).map(|create| self.kind_before(at + 1, create).make());
        match (node, made) {
            (Node::Seq(seq), made) => {
                seq.items.extend(made);
                match seq.items.get_mut(index) {
                    Some(item) => self.into(at + 1, index, item),
                    None => Err(self.path.error(at, PathProblem::BeyondEnd { index, length })),
                }
            }
            (_, Some(mut made)) => self.outside(at + 1, &mut made),
            (_, None) => Err(self.path.error(at, PathProblem::BeyondEnd { index, length })),
        }
    }

    fn every(&mut self, at: usize, node: &mut Node) -> Result<(), PathError> {
        items(node).map_err(|problem| self.path.error(at, problem))?;
        let Node::Seq(seq) = node else { return Ok(()) };
        seq.items.iter_mut().enumerate().try_for_each(|(index, item)| self.into(at + 1, index, item))
    }

    fn items(&mut self, at: usize, item: &ItemWay, node: &mut Node) -> Result<(), PathError> {
        let before = self.found.len();
        items(node).map_err(|problem| self.path.error(at, problem))?;
        if let Node::Seq(seq) = node {
            for (index, node) in seq.items.iter_mut().enumerate() {
                self.item(at, item, index, node)?;
            }
        }
        if self.found.len() > before || self.create.is_none() {
            return Ok(());
        }
        let mut made = make_item(item);
        if let Node::Seq(seq) = node {
            let index = seq.items.len();
            self.item(at, item, index, &mut made)?;
            seq.items.push(made);
        } else {
            self.item_outside(at, item, &mut made)?;
        }
        if self.found.len() > before {
            return Ok(());
        }
        Err(self.path.error(at, PathProblem::NeverMatches { pattern: item.value.clone() }))
    }

    /// An item that is added to a null.
    fn item_outside(&mut self, at: usize, item: &ItemWay, node: &mut Node) -> Result<(), PathError> {
        let mut inner = Walk { path: self.path, create: self.create, location: Location::new(), found: Vec::new() };
        inner.item(at, item, 0, node)?;
        let scalar = |found: &Match| match found {
            Match::At(location) => matches!(super::node_at(node, &location[1..]), Some(Node::Scalar(_))),
            Match::Nowhere { scalar } => *scalar,
        };
        self.found.extend(inner.found.iter().map(|found| Match::Nowhere { scalar: scalar(found) }));
        Ok(())
    }

    /// One item of a list, if the pattern means it. Where the items themselves are compared, the way ends there.
    fn item(&mut self, at: usize, item: &ItemWay, index: usize, node: &mut Node) -> Result<(), PathError> {
        let compared = if item.field.is_empty() { Some(&*node) } else { node.get(&item.field) };
        let Some(compared) = compared else { return Ok(()) };
        let found = item
            .is_found_in(compared)
            .map_err(|problem| self.path.error(at, PathProblem::Pattern { pattern: item.value.clone(), problem }))?;
        match (found, item.field.is_empty()) {
            (false, _) => Ok(()),
            (true, true) => self.into(self.path.parts.len(), index, node),
            (true, false) => self.into(at + 1, index, node),
        }
    }

    /// What a field must be for the step at `next` to go on in it.
    fn kind_before(&self, next: usize, create: Kind) -> Kind {
        match self.path.parts.get(next) {
            None => create,
            Some(part) => match &part.way {
                Way::Index(_) | Way::Item(_) | Way::BadItem => Kind::List,
                Way::Field if part.text.is_empty() => create,
                Way::Field | Way::Negative | Way::Every => Kind::Map,
            },
        }
    }
}

/// The item that the brackets describe.
fn make_item(item: &ItemWay) -> Node {
    let value = Node::unset(item.value.as_str());
    if item.field.is_empty() {
        return value;
    }
    let entry = Entry { key: Scalar::new(item.field.as_str(), Tag::Unset), value };
    Node::Map(krm::Mapping { entries: vec![entry], ..krm::Mapping::default() })
}
