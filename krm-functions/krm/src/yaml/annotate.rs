//! Comments on the way out: which are waiting and where they go, by go-yaml v3's rules. Must not know styles.

use super::chars::{break_len, char_len};
use super::write::Writer;
use crate::node::Extra;
use crate::{Node, Scalar, Style};

/// A writer with the comments that wait for their place.
pub(super) struct Annotator<'o> {
    pub(super) writer: Writer<'o>,
    head: String,
    line: String,
    foot: String,
    /// Foot comment of the entry before.
    tail: String,
    /// Line comment of a key, which goes behind the value or the colon.
    key_line: String,
}

/// The breaks that a reader of YAML knows.
fn is_any_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn note(slot: &mut String, comment: &str) {
    if !comment.is_empty() {
        slot.clear();
        slot.push_str(comment);
    }
}

impl<'o> Annotator<'o> {
    pub(super) fn new(out: &'o mut String) -> Self {
        Self {
            writer: Writer::new(out, usize::MAX),
            head: String::new(),
            line: String::new(),
            foot: String::new(),
            tail: String::new(),
            key_line: String::new(),
        }
    }

    pub(super) fn begin_document(&mut self, head: &str) {
        note(&mut self.head, head);
        if !self.head.is_empty() {
            self.process_head();
            self.writer.put_break();
        }
    }

    pub(super) fn end_document(&mut self, foot: &str) {
        note(&mut self.foot, foot);
        self.writer.indent = -1;
        self.writer.foot_indent = 0;
        self.process_foot();
        self.writer.foot_indent = -1;
        self.writer.write_indent();
    }

    pub(super) fn head_of(&mut self, extra: Option<&Extra>) {
        if let Some(extra) = extra {
            note(&mut self.head, &extra.head_comment);
        }
    }

    pub(super) fn line_and_foot_of(&mut self, extra: Option<&Extra>) {
        if let Some(extra) = extra {
            note(&mut self.line, &extra.line_comment);
            note(&mut self.foot, &extra.foot_comment);
        }
    }

    /// All comments of a scalar are noted before it is placed.
    pub(super) fn note_scalar(&mut self, node: &Node) {
        if let Node::Scalar(scalar) = node {
            self.line_and_foot_of(scalar.extra.as_deref());
        }
    }

    /// A key's head and line comments; its foot comment waits as the next key's tail.
    pub(super) fn note_key(&mut self, key: &Scalar) {
        if let Some(extra) = &key.extra {
            note(&mut self.head, &extra.head_comment);
            note(&mut self.line, &extra.line_comment);
        }
    }

    pub(super) fn tail(&mut self, tail: &str) {
        note(&mut self.tail, tail);
    }

    pub(super) fn has_comments(&self) -> bool {
        !self.line.is_empty() || !self.foot.is_empty() || !self.tail.is_empty()
    }

    pub(super) fn has_closing_comments(&self) -> bool {
        !self.head.is_empty() || !self.foot.is_empty() || !self.tail.is_empty()
    }

    pub(super) fn keep_key_line_comment(&mut self) {
        if !self.line.is_empty() {
            self.key_line = std::mem::take(&mut self.line);
        }
    }

    /// Behind the colon: a scalar takes the key's line comment, a block collection gets it right here.
    pub(super) fn release_key_line_comment(&mut self, value: &Node) {
        if self.key_line.is_empty() {
            return;
        }
        let style = match value {
            Node::Scalar(_) => {
                if self.line.is_empty() {
                    self.line = std::mem::take(&mut self.key_line);
                }
                return;
            }
            Node::Seq(seq) => seq.style,
            Node::Map(map) => map.style,
        };
        if style != Style::Flow {
            std::mem::swap(&mut self.line, &mut self.key_line);
            self.process_line();
            std::mem::swap(&mut self.line, &mut self.key_line);
        }
    }

    pub(super) fn process_head(&mut self) {
        if !self.tail.is_empty() {
            self.writer.write_indent();
            let tail = std::mem::take(&mut self.tail);
            self.write_comment(&tail);
            self.writer.foot_indent = self.writer.indent.max(0);
        }
        if !self.head.is_empty() {
            self.writer.write_indent();
            let head = std::mem::take(&mut self.head);
            self.write_comment(&head);
        }
    }

    /// Makes one line of the line comment: behind the header of a block there is room for no more.
    pub(super) fn flatten_line(&mut self) {
        if self.line.contains(is_any_break) {
            let lines: Vec<&str> = self.line.split(is_any_break).filter(|line| !line.is_empty()).collect();
            self.line = lines.join(" ");
        }
    }

    /// True if there was one.
    pub(super) fn process_line(&mut self) -> bool {
        if self.line.is_empty() {
            return false;
        }
        if !self.writer.whitespace {
            self.writer.put(' ');
        }
        let line = std::mem::take(&mut self.line);
        self.write_comment(&line);
        true
    }

    pub(super) fn process_foot(&mut self) {
        if !self.foot.is_empty() {
            self.writer.write_indent();
            let foot = std::mem::take(&mut self.foot);
            self.write_comment(&foot);
            self.writer.foot_indent = self.writer.indent.max(0);
        }
    }

    fn write_comment(&mut self, comment: &str) {
        let bytes = comment.as_bytes();
        let (mut breaks, mut pound) = (false, false);
        let mut at = 0;
        while at < bytes.len() {
            if break_len(bytes, at) > 0 {
                self.writer.copy_break(comment, &mut at);
                breaks = true;
                pound = false;
                continue;
            }
            if breaks {
                self.writer.write_indent();
            }
            if !pound && bytes[at] != b'#' {
                self.writer.put('#');
                self.writer.put(' ');
            }
            pound = true;
            let next = at + char_len(bytes[at]);
            self.writer.copy_text(&comment[at..next]);
            at = next;
            self.writer.indention = false;
            breaks = false;
        }
        if !breaks {
            self.writer.put_break();
        }
        self.writer.whitespace = true;
    }
}
