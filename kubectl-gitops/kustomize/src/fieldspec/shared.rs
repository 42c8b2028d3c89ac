//! Twins: scalars of one resource that are one node to kustomize. Its label and annotation transformers put the same node
//! into every field they add a label to, so a later change in place of one (a patch of `metadata.labels`) changes them all
//! (the selector too). Owns marking twins and writing through to them; must not know who changes what.

use krm::node::Extra;
use krm::{Node, Scalar};

/// Has any scalar of the tree a twin?
pub fn any(node: &Node) -> bool {
    highest(node) > 0
}

/// A number that no twins of the tree have.
pub fn fresh(node: &Node) -> u32 {
    highest(node) + 1
}

/// The number of a scalar's twins; 0 if it has none.
pub fn number(scalar: &Scalar) -> u32 {
    scalar.extra.as_ref().map_or(0, |extra| extra.shared)
}

/// Makes a scalar one of the twins `number`.
pub fn mark(scalar: &mut Scalar, number: u32) {
    scalar.extra.get_or_insert_with(|| Box::new(Extra::default())).shared = number;
}

/// Gives every twin `number` the content of `scalar`.
pub fn write(node: &mut Node, twins: u32, scalar: &Scalar) {
    match node {
        Node::Scalar(own) if number(own) == twins => {
            own.text.clone_from(&scalar.text);
            own.tag = scalar.tag;
            own.style = scalar.style;
        }
        Node::Scalar(_) => {}
        Node::Seq(seq) => seq.items.iter_mut().for_each(|item| write(item, twins, scalar)),
        Node::Map(map) => map.entries.iter_mut().for_each(|entry| write(&mut entry.value, twins, scalar)),
    }
}

/// Parts all twins of the tree.
pub fn part(node: &mut Node) {
    match node {
        Node::Scalar(scalar) => {
            if let Some(extra) = &mut scalar.extra {
                extra.shared = 0;
            }
        }
        Node::Seq(seq) => seq.items.iter_mut().for_each(part),
        Node::Map(map) => map.entries.iter_mut().for_each(|entry| part(&mut entry.value)),
    }
}

fn highest(node: &Node) -> u32 {
    match node {
        Node::Scalar(scalar) => number(scalar),
        Node::Seq(seq) => seq.items.iter().map(highest).max().unwrap_or_default(),
        Node::Map(map) => map.entries.iter().map(|entry| highest(&entry.value)).max().unwrap_or_default(),
    }
}
