//! What copies cost. A list of copies may double a thing with each item, so whoever copies by order of the input counts.
//! Owns the measure and the limit.

use krm::Node;

/// What the copies of one patch, or of one list of replacements, may weigh: ten million nodes, or 160 MB of text.
pub(crate) const COPIES_MAX: usize = 10_000_000;

/// Bytes of text that weigh as much as a node.
const TEXT: usize = 16;

/// Each node counts, and so does long text.
pub(crate) fn of(node: &Node) -> usize {
    match node {
        Node::Scalar(scalar) => 1 + scalar.text.len() / TEXT,
        Node::Seq(seq) => 1 + seq.items.iter().map(of).sum::<usize>(),
        Node::Map(map) => 1 + map.iter().map(|(key, value)| key.len() / TEXT + of(value)).sum::<usize>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_long_texts_count() {
        assert_eq!(of(&Node::string("x")), 1);
        assert_eq!(of(&Node::seq(vec![Node::string("x"), Node::string("y".repeat(160))])), 13);
    }
}
