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
    if let (Node::Scalar(old), Node::Scalar(new)) = (&mut *old, &mut new) {
        restyle(new, old.style);
        let twins = shared::number(old);
        // The content moves into the old node, which keeps its own twins or has none.
        if shared::number(new) != twins {
            shared::mark(new, twins);
        }
        if twins > 0 {
            std::mem::swap(old, new);
            return Some((twins, old.clone()));
        }
    }
    *old = new;
    None
}

/// Gives a scalar the style of the one it takes the place of: within quotes a number is a text.
pub fn restyle(scalar: &mut Scalar, style: Style) {
    scalar.style = style;
    let quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted | Style::Literal | Style::Folded);
    if quoted && matches!(scalar.tag, Tag::Unset | Tag::Bool | Tag::Int | Tag::Float | Tag::Timestamp | Tag::Merge) {
        scalar.tag = Tag::Str;
    }
}
