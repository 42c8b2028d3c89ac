//! A function may change everything about an object except what a field is: a map stays a map, a list a list. Owns that
//! comparison, which kyaml makes when it copies comments from what went to what came back.

use krm::Node;

use super::ReplyProblem;
use crate::draft::Draft;
use crate::schema::{ListKind, Schema, Type};

/// Compares an object that went with the one that came back.
///
/// # Errors
/// A field is a map in one and a list or a scalar in the other.
pub(super) fn compare(sent: &Node, came: &Node, schema: &Schema) -> Result<(), ReplyProblem> {
    let mut path = Vec::new();
    compare_at(sent, came, type_of(&[sent, came], schema), &mut path).map_err(|(was, is)| ReplyProblem::Became {
        id: Draft::new(sent.clone(), krm::Origin::default()).id(),
        field: path.join("."),
        was,
        is,
    })
}

fn type_of<'s>(nodes: &[&Node], schema: &'s Schema) -> Option<Type<'s>> {
    nodes.iter().find_map(|node| schema.of_kind(node.str_at(&["apiVersion"])?, node.str_at(&["kind"])?))
}

/// What it was and what it is, where they differ; `path` then leads there.
fn compare_at(
    sent: &Node,
    came: &Node,
    at: Option<Type<'_>>,
    path: &mut Vec<String>,
) -> Result<(), (&'static str, &'static str)> {
    if sent.is_null() || came.is_null() {
        return Ok(());
    }
    let mut descend = |step: String, sent: &Node, came: &Node, at: Option<Type<'_>>| {
        path.push(step);
        let compared = compare_at(sent, came, at, path);
        if compared.is_ok() {
            path.pop();
        }
        compared
    };
    match (sent, came) {
        (Node::Map(a), Node::Map(b)) => {
            let both = a.iter().filter_map(|(key, value)| Some((key, value, b.get(key)?)));
            for (key, value, other) in both {
                descend(key.to_owned(), value, other, at.and_then(|at| at.field(key)))?;
            }
        }
        (Node::Seq(a), Node::Seq(b)) => match at.map_or(ListKind::Replaced, Type::list_kind) {
            ListKind::Set => {}
            // Items without a type of their own: what the list's type says of them does not count any more.
            ListKind::Replaced => {
                for (index, (item, other)) in a.items.iter().zip(&b.items).enumerate() {
                    if text(item) == text(other) {
                        descend(index.to_string(), item, other, None)?;
                    }
                }
            }
            ListKind::Keyed(keys) => {
                let same = |x: &Node, y: &Node| keys.iter().all(|key| x.get(key) == y.get(key));
                for (index, item) in a.items.iter().enumerate() {
                    if let Some(other) = b.items.iter().find(|other| same(item, other)) {
                        descend(index.to_string(), item, other, at.and_then(Type::element))?;
                    }
                }
            }
        },
        (Node::Scalar(_), Node::Scalar(_)) => {}
        _ => return Err((sent.kind_name(), came.kind_name())),
    }
    Ok(())
}

fn text(node: &Node) -> &str {
    node.as_str().unwrap_or_default()
}
