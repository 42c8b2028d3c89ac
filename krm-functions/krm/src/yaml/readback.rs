//! The first half of kustomize's way to its output: a tree is printed by go-yaml v3 and read again, which changes a few texts
//! (folded scalars gain newlines, an empty value in a flow collection becomes a string, …).
//!
//! Owns which trees need that way; all others skip it. Must not know JSON.

use std::borrow::Cow;

use super::build::Builder;
use super::emit_function;
use super::error::{EmitError, ParseProblem};
use super::{Limits, parse_text};
use crate::node::{Entry, Extra};
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
        // The tree itself has the key twice: who writes it says so better.
        Err((_, ParseProblem::DuplicateKey { .. })) => Ok(Cow::Borrowed(node)),
        Err((_, problem)) => Err(EmitError::NotReadable { problem: problem.to_string() }),
    }
}

/// May printing and reading change something?
pub(super) fn changes(root: &Node) -> bool {
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
                    if entry.key.text.is_empty() || scalar_changes(&entry.key, in_flow) || strays_from_key(entry) {
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

/// A comment behind the key of a collection that is written with brackets goes to whatever comes next; behind the key of one
/// that has become empty, it puts the brackets at the start of the next line; and where a scalar has one too, both go on.
fn strays_from_key(entry: &Entry) -> bool {
    let strays = match &entry.value {
        Node::Scalar(scalar) => scalar.extra.as_ref().is_some_and(|extra| !extra.line_comment.is_empty()),
        Node::Seq(seq) => seq.items.is_empty() || seq.style == Style::Flow,
        Node::Map(map) => map.entries.is_empty() || map.style == Style::Flow,
    };
    strays && entry.key.extra.as_ref().is_some_and(|extra| !extra.line_comment.is_empty())
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

#[cfg(test)]
mod tests {
    use super::changes;
    use crate::node::{Entry, Extra};
    use crate::yaml::build::Builder;
    use crate::yaml::{Limits, emit_as_go, json::to_json, parse_text};
    use crate::{Mapping, Node, Scalar, Sequence, Style, Tag};

    /// The same numbers each time.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % sides).expect("it is small")
        }
    }

    fn extra(dice: &mut Dice, lines: bool) -> Option<Box<Extra>> {
        const COMMENTS: [&str; 8] = ["", "", "", "# note", "#", "# a: b", "# a\n# b", "# a\n\n# b"];
        let mut around = || if lines { COMMENTS[dice.roll(8)].into() } else { Box::default() };
        let (head_comment, foot_comment) = (around(), around());
        let line_comment = COMMENTS[dice.roll(6)].into();
        (dice.roll(3) == 0).then(|| Box::new(Extra { head_comment, line_comment, foot_comment, ..Extra::default() }))
    }

    fn style(dice: &mut Dice) -> Style {
        if dice.roll(3) == 0 { Style::Flow } else { Style::Plain }
    }

    fn scalar(dice: &mut Dice, is_item: bool) -> Scalar {
        let style = [Style::Plain, Style::SingleQuoted, Style::DoubleQuoted, Style::Literal][dice.roll(4)];
        let text = ["a", "", "two words", "a\nb\n", "a\n\n", "a\n\nb"][dice.roll(6)];
        let tag = if style == Style::Plain && text.is_empty() { Tag::Null } else { Tag::Str };
        let style = if style == Style::Plain && text.contains('\n') { Style::Literal } else { style };
        Scalar { style, extra: extra(dice, is_item), ..Scalar::new(text, tag) }
    }

    /// Any collection may be empty: patches take entries away.
    fn tree(dice: &mut Dice, depth: u64, is_item: bool) -> Node {
        let extra = if is_item { extra(dice, true) } else { None };
        match dice.roll(if depth == 0 { 2 } else { 6 }) {
            0 => Node::Scalar(scalar(dice, is_item)),
            1 => Node::Map(Mapping { style: style(dice), extra, ..Mapping::default() }),
            2 | 3 => {
                let items = (0..dice.roll(4)).map(|_| tree(dice, depth - 1, true)).collect();
                Node::Seq(Sequence { items, style: style(dice), extra, ..Sequence::default() })
            }
            _ => {
                let entries = (0..=dice.roll(3)).map(|index| {
                    let key = Scalar { extra: self::extra(dice, true), ..Scalar::string(format!("k{index}")) };
                    Entry { key, value: tree(dice, depth - 1, false) }
                });
                Node::Map(Mapping { entries: entries.collect(), style: style(dice), extra, ..Mapping::default() })
            }
        }
    }

    /// A tree with comments where a reader leaves them.
    fn read(text: &str) -> Option<Node> {
        parse_text(text, 1, Builder::new(Limits::default(), 1)).ok().flatten()
    }

    fn print(node: &Node) -> String {
        let mut text = String::new();
        emit_as_go(node, &mut text).expect("it is not deep");
        text
    }

    /// Takes some entries and items away, and puts other scalars in the place of some, as patches do.
    fn patch(dice: &mut Dice, node: &mut Node) {
        match node {
            Node::Scalar(there) if dice.roll(8) == 0 => *there = scalar(dice, false),
            Node::Scalar(_) => {}
            Node::Seq(seq) => {
                seq.items.retain(|_| dice.roll(6) > 0);
                seq.items.iter_mut().for_each(|item| patch(dice, item));
            }
            Node::Map(map) => {
                map.entries.retain(|_| dice.roll(6) > 0);
                map.entries.iter_mut().for_each(|entry| patch(dice, &mut entry.value));
            }
        }
    }

    #[test]
    fn what_skips_the_way_through_text_would_come_back_the_same() {
        const COUNT: usize = 8_000;
        let mut dice = Dice(88_172_645_463_325_252);
        let mut skipped = 0;
        for _ in 0..COUNT {
            let Some(mut root) = read(&print(&tree(&mut dice, 3, false))) else { continue };
            patch(&mut dice, &mut root);
            if changes(&root) {
                continue;
            }
            skipped += 1;
            let text = print(&root);
            let again = read(&text).unwrap_or_else(Node::null);
            assert_eq!(to_json(&again, true).ok(), to_json(&root, true).ok(), "{text}");
        }
        assert!(skipped > COUNT / 20, "only {skipped} skip it");
    }
}
