//! Putting a scalar over another one, as kustomize does: the new text keeps the quotes of the old one. Owns styles and tags of
//! changed scalars; must not know paths.

use krm::{Node, Scalar, Style, Tag};

use super::shared;
use super::yaml11::is_ambiguous;

/// Quotes a plain text that YAML 1.1 readers would not take for a text. A scalar without a tag becomes a text by it.
pub fn quote_if_ambiguous(scalar: &mut Scalar) {
    if scalar.style == Style::Plain && matches!(scalar.tag, Tag::Str | Tag::Unset) && is_ambiguous(&scalar.text) {
        scalar.style = Style::DoubleQuoted;
        scalar.tag = Tag::Str;
    }
}

/// Puts `new` in the place of `old`, in the old one's style. Answers with the number of its twins and their new content, if
/// it has twins.
pub fn put_over(old: &mut Node, mut new: Node) -> Option<(u32, Scalar)> {
    let style = style_of(old);
    let mut changed = None;
    match &mut new {
        Node::Scalar(new) => {
            let twins = if let Node::Scalar(old) = old { shared::number(old) } else { 0 };
            restyle(new, style);
            // The content changes in place: whose twin the old one was, it stays, and it becomes nobody else's.
            if twins > 0 || shared::number(new) > 0 {
                shared::mark(new, twins);
            }
            changed = (twins > 0).then(|| (twins, new.clone()));
        }
        Node::Map(new) if !is_empty_collection(old) => new.style = collection_style(style),
        Node::Seq(new) if !is_empty_collection(old) => new.style = collection_style(style),
        Node::Map(_) | Node::Seq(_) => {}
    }
    *old = new;
    changed
}

/// An empty one was written `{}` or `[]` because it cannot be written otherwise: that style is not kept.
fn is_empty_collection(node: &Node) -> bool {
    match node {
        Node::Map(map) => map.is_empty(),
        Node::Seq(seq) => seq.items.is_empty(),
        Node::Scalar(_) => false,
    }
}

fn collection_style(style: Style) -> Style {
    if style == Style::Flow { Style::Flow } else { Style::Plain }
}

/// The style that a scalar takes on in the place of `old`.
pub fn style_of(old: &Node) -> Style {
    match old {
        Node::Scalar(old) => old.style,
        Node::Map(old) => old.style,
        Node::Seq(old) => old.style,
    }
}

/// Gives a scalar the style of the one it takes the place of: within quotes a number is a text.
pub fn restyle(scalar: &mut Scalar, style: Style) {
    scalar.style = style;
    let quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted | Style::Literal | Style::Folded);
    if quoted && matches!(scalar.tag, Tag::Unset | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp | Tag::Merge) {
        scalar.tag = Tag::Str;
    }
}
