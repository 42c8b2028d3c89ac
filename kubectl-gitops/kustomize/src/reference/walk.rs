//! The way along a path to the nodes at its end. Lists on the way are entered at each element.

use krm::Node;

use super::ReferenceProblem;

/// Calls `deed` on every node at the end of `steps`; fields that are missing end the way without a word.
pub(super) fn each(
    node: &mut Node,
    steps: &[String],
    deed: &mut impl FnMut(&mut Node) -> Result<(), ReferenceProblem>,
) -> Result<(), ReferenceProblem> {
    let Some((step, rest)) = steps.split_first() else { return deed(node) };
    match node {
        node if node.is_null() => Ok(()),
        Node::Seq(seq) => seq.items.iter_mut().try_for_each(|item| each(item, steps, deed)),
        Node::Map(map) => {
            let name = step.strip_suffix("[]").unwrap_or(step);
            map.get_mut(name).map_or(Ok(()), |next| each(next, rest, deed))
        }
        Node::Scalar(_) => Err(ReferenceProblem::NotACollection { step: step.clone(), found: node.kind_name() }),
    }
}
