//! The first half of kustomize's way to its output: a tree is printed by go-yaml v3 and read again, which changes a few texts
//! (folded scalars gain newlines, an empty value in a flow collection becomes a string, …).
//!
//! Owns which trees need that way; all others skip it. Must not know JSON.

use std::borrow::Cow;

use super::build::Builder;
use super::emit_function;
use super::error::EmitError;
use super::{Limits, parse_text};
use crate::node::Extra;
use crate::{Node, Scalar, Style, Tag};

/// `node` as kustomize sees it after printing and reading it.
pub(super) fn read_back(node: &Node) -> Result<Cow<'_, Node>, EmitError> {
    if !changes(node) {
        return Ok(Cow::Borrowed(node));
    }
    let mut text = String::new();
    emit_function::emit_as_go(node, &mut text)?;
    let limits = Limits { bytes_max: usize::MAX, nodes_max: usize::MAX, ..Limits::default() };
    match parse_text(&text, 1, Builder::new(limits, 1)) {
        Ok(root) => Ok(Cow::Owned(root.unwrap_or_else(Node::null))),
        Err((_, problem)) => Err(EmitError::NotReadable { problem: problem.to_string() }),
    }
}

/// May printing and reading change something?
fn changes(root: &Node) -> bool {
    if foot_widens_last_text(root) {
        return true;
    }
    let mut seen = Seen::default();
    let mut open = vec![(root, false)];
    while let Some((node, in_flow)) = open.pop() {
        match node {
            Node::Scalar(scalar) => {
                seen.note(scalar.extra.as_deref());
                if scalar_changes(scalar, in_flow) {
                    return true;
                }
            }
            Node::Seq(seq) => {
                seen.note(seq.extra.as_deref());
                if stray_comment(seq.extra.as_deref(), in_flow) {
                    return true;
                }
                let in_flow = in_flow || seq.style == Style::Flow;
                open.extend(seq.items.iter().map(|item| (item, in_flow)));
            }
            Node::Map(map) => {
                seen.note(map.extra.as_deref());
                if stray_comment(map.extra.as_deref(), in_flow) {
                    return true;
                }
                let in_flow = in_flow || map.style == Style::Flow;
                for entry in &map.entries {
                    seen.note(entry.key.extra.as_deref());
                    if entry.key.text.is_empty() || scalar_changes(&entry.key, in_flow) {
                        return true;
                    }
                    open.push((&entry.value, in_flow));
                }
            }
        }
    }
    seen.tag && seen.comment
}

/// A comment may be printed between a key and its value's tag, which no reader takes.
#[derive(Default)]
struct Seen {
    tag: bool,
    comment: bool,
}

impl Seen {
    #[inline]
    fn note(&mut self, extra: Option<&Extra>) {
        if let Some(extra) = extra {
            self.tag |= extra.tag.is_some();
            self.comment |= has_comment(extra);
        }
    }
}

/// Comments of a collection that go-yaml prints at the next place it finds, or in the midst of a flow collection.
fn stray_comment(extra: Option<&Extra>, in_flow: bool) -> bool {
    extra.is_some_and(|e| !e.line_comment.is_empty() || in_flow && has_comment(e))
}

fn has_comment(extra: &Extra) -> bool {
    !extra.head_comment.is_empty() || !extra.line_comment.is_empty() || !extra.foot_comment.is_empty()
}

/// A document's foot comment is printed behind an empty line, which a text that keeps its last newlines swallows.
fn foot_widens_last_text(root: &Node) -> bool {
    let extra = match root {
        Node::Scalar(s) => &s.extra,
        Node::Seq(s) => &s.extra,
        Node::Map(m) => &m.extra,
    };
    if extra.as_ref().is_none_or(|e| e.foot_comment.is_empty()) {
        return false;
    }
    let mut last = root;
    loop {
        last = match last {
            Node::Scalar(scalar) => return scalar.text == "\n" || scalar.text.ends_with("\n\n"),
            Node::Seq(seq) => match seq.items.last() {
                Some(item) => item,
                None => return false,
            },
            Node::Map(map) => match map.entries.last() {
                Some(entry) => &entry.value,
                None => return false,
            },
        };
    }
}

/// NEL, LS and PS are breaks to the reader but not to the writer of a block scalar's header.
fn has_wide_break(text: &str) -> bool {
    !text.is_ascii() && text.contains(['\u{85}', '\u{2028}', '\u{2029}'])
}

#[inline]
fn scalar_changes(scalar: &Scalar, in_flow: bool) -> bool {
    if in_flow && scalar.extra.as_ref().is_some_and(|e| has_comment(e)) {
        return true;
    }
    match scalar.style {
        Style::Folded => true,
        Style::Literal => scalar.text.starts_with('\t') || has_wide_break(&scalar.text),
        // Unquoted in a flow collection: what cannot stand plain there is quoted and becomes a string.
        Style::Plain | Style::Flow if in_flow => match scalar.tag {
            Tag::Str => scalar.text.contains('\n'),
            Tag::Timestamp | Tag::Unset => true,
            _ => scalar.text.is_empty(),
        },
        Style::Plain | Style::Flow => scalar.text.starts_with('\t') && scalar.text.contains('\n'),
        Style::SingleQuoted | Style::DoubleQuoted => false,
    }
}
