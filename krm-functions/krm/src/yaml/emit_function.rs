//! The function profile: comments and styles kept, lines never folded, as kyaml prints what it read (go-yaml v3's emitter).
//!
//! Owns styles, explicit tags and the lay-out of collections; [`super::annotate`] places the comments. Must not know JSON.

use super::analyze::{Analysis, analyze};
use super::annotate::Annotator;
use super::error::EmitError;
use super::resolve::{Dialect, resolve};
use super::sequence_indent::SequenceIndent;
use super::tag_text::{TagText, tag_text};
use crate::node::Extra;
use crate::{Mapping, Node, Scalar, Sequence, Style, Tag};

/// Longest key, in bytes, that needs no `?`.
const SIMPLE_KEY_MAX: usize = 128;
/// Deepest tree that is written: go-yaml reads no deeper one.
const DEPTH_MAX: usize = 10_000;

/// Appends `node` as a reader can take it: a text that starts with a tab and has several lines gets double quotes, and a
/// comment of several lines behind the header of a block is written in one, since its second line would be the text's first.
pub(super) fn emit(node: &Node, lists: SequenceIndent, out: &mut String) -> Result<(), EmitError> {
    let mut emitter = Emitter::new(out, lists, 2);
    emitter.document(node, true)
}

/// Appends `node` as go-yaml v3 does, be it readable or not.
pub(super) fn emit_as_go(node: &Node, out: &mut String) -> Result<(), EmitError> {
    let mut emitter = Emitter { as_go: true, ..Emitter::new(out, SequenceIndent::Compact, 2) };
    emitter.document(node, true)
}

/// Appends `node`, whose comments are its own, as go-yaml v3 does that indents by `indent` columns, lists in maps too.
pub(super) fn emit_encoder(node: &Node, indent: u8, out: &mut String) -> Result<(), EmitError> {
    Emitter::new(out, SequenceIndent::Wide, i32::from(indent)).document(node, false)
}

fn is_block_collection(node: &Node) -> bool {
    match node {
        Node::Scalar(_) => false,
        Node::Seq(seq) => seq.style != Style::Flow && !seq.items.is_empty(),
        Node::Map(map) => map.style != Style::Flow && !map.entries.is_empty(),
    }
}

/// The only thing that can go wrong; small, because each level of the tree holds one on the stack.
struct TooDeep;

/// What stands around a node.
#[derive(Debug, Clone, Copy, Default)]
struct Context {
    /// It is a key or a value.
    in_map: bool,
    /// It is an item of a block list.
    block_item: bool,
    simple_key: bool,
}

/// What is due behind a node's first token.
#[derive(Debug, Clone, Copy, PartialEq)]
enum After {
    Nothing,
    /// Its line and foot comments.
    Comments,
    /// The comma first, if there are any.
    CommaAndComments,
}

struct Emitter<'o> {
    at: Annotator<'o>,
    lists: SequenceIndent,
    /// Columns of one level.
    step: i32,
    as_go: bool,
    flow_level: usize,
    depth: usize,
}

fn extra_of(node: &Node) -> Option<&Extra> {
    match node {
        Node::Scalar(s) => s.extra.as_deref(),
        Node::Seq(s) => s.extra.as_deref(),
        Node::Map(m) => m.extra.as_deref(),
    }
}

impl<'o> Emitter<'o> {
    fn new(out: &'o mut String, lists: SequenceIndent, step: i32) -> Self {
        Self { at: Annotator::new(out), lists, step, as_go: false, flow_level: 0, depth: 0 }
    }

    /// Appends `node`; `comments_of_document`: the head and foot comments of a block collection at the top are the document's.
    fn document(&mut self, node: &Node, comments_of_document: bool) -> Result<(), EmitError> {
        let document = if comments_of_document && is_block_collection(node) { extra_of(node) } else { None };
        self.at.begin_document(document.map_or("", |e| &e.head_comment));
        if document.is_none() {
            self.at.head_of(extra_of(node));
        }
        self.at.process_head();
        let written = self.node(node, Context::default(), After::Comments);
        written.map_err(|TooDeep| EmitError::TooDeep { max: DEPTH_MAX })?;
        self.at.end_document(document.map_or("", |e| &e.foot_comment));
        Ok(())
    }

    /// Writes a node whose head comment was noted. True: comments were written behind a comma.
    fn node(&mut self, node: &Node, context: Context, after: After) -> Result<bool, TooDeep> {
        match node {
            Node::Scalar(scalar) => {
                self.at.line_and_foot_of(scalar.extra.as_deref());
                let trail = after == After::CommaAndComments && self.at.has_comments();
                self.scalar(scalar, context);
                self.after(after, trail);
                Ok(trail)
            }
            Node::Seq(seq) => {
                let trail = self.begin(seq.extra.as_deref(), after)?;
                if self.flow_level > 0 || seq.style == Style::Flow || seq.items.is_empty() {
                    self.flow_sequence(seq, context)?;
                } else {
                    self.block_sequence(seq, context)?;
                }
                self.depth -= 1;
                Ok(trail)
            }
            Node::Map(map) => {
                let trail = self.begin(map.extra.as_deref(), after)?;
                if self.flow_level > 0 || map.style == Style::Flow || map.entries.is_empty() {
                    self.flow_mapping(map, context)?;
                } else {
                    self.block_mapping(map, context)?;
                }
                self.depth -= 1;
                Ok(trail)
            }
        }
    }

    /// What stands before a collection's own text. True: comments were written behind a comma.
    fn begin(&mut self, extra: Option<&Extra>, after: After) -> Result<bool, TooDeep> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(TooDeep);
        }
        self.write_tag(extra);
        let trail = after == After::CommaAndComments && self.at.has_comments();
        self.after(after, trail);
        Ok(trail)
    }

    fn after(&mut self, after: After, trail: bool) {
        if after == After::Nothing {
            return;
        }
        if trail {
            self.at.writer.write_indicator(",", false, false, false);
        }
        self.at.process_line();
        self.at.process_foot();
    }

    fn write_tag(&mut self, extra: Option<&Extra>) {
        if let Some(tag) = extra.and_then(|e| e.tag.as_deref()).and_then(tag_text) {
            tag.write(&mut self.at.writer);
        }
    }

    /// The indentation of what lies in a node; `list`: a compact list right behind its key.
    fn deeper(&mut self, context: Context, flow: bool, list: bool) -> i32 {
        let before = self.at.writer.indent;
        self.at.writer.indent = match before {
            ..0 if flow => self.step,
            ..0 => 0,
            _ if context.block_item => before + 2,
            _ => before / self.step * self.step + self.step - if list { 2 } else { 0 },
        };
        before
    }

    fn block_sequence(&mut self, seq: &Sequence, context: Context) -> Result<(), TooDeep> {
        let behind_key = context.in_map && (self.at.writer.column == 0 || !self.at.writer.indention);
        let mut before = 0;
        for (index, item) in seq.items.iter().enumerate() {
            self.at.head_of(extra_of(item));
            if index == 0 {
                before = self.deeper(context, false, behind_key && self.lists == SequenceIndent::Compact);
            }
            self.at.note_scalar(item);
            self.at.process_head();
            self.at.writer.write_indent();
            self.at.writer.write_indicator("-", true, false, true);
            let inner = Context { block_item: true, ..Context::default() };
            self.node(item, inner, After::Comments)?;
        }
        if self.depth > 1 {
            self.at.line_and_foot_of(seq.extra.as_deref());
        }
        self.at.writer.indent = before;
        Ok(())
    }

    fn block_mapping(&mut self, map: &Mapping, context: Context) -> Result<(), TooDeep> {
        let mut tail = "";
        let mut before = 0;
        for (index, entry) in map.entries.iter().enumerate() {
            self.at.tail(tail);
            self.at.note_key(&entry.key);
            tail = entry.key.extra.as_ref().map_or("", |e| &e.foot_comment);
            if index == 0 {
                before = self.deeper(context, false, false);
            }
            self.at.process_head();
            self.at.writer.write_indent();
            self.at.keep_key_line_comment();
            let in_map = Context { in_map: true, ..Context::default() };
            if is_simple_key(&entry.key) {
                self.scalar(&entry.key, Context { simple_key: true, ..in_map });
                self.at.writer.write_indicator(":", false, false, false);
            } else {
                self.at.writer.write_indicator("?", true, false, true);
                self.scalar(&entry.key, in_map);
                self.at.writer.write_indent();
                self.at.writer.write_indicator(":", true, false, true);
            }
            self.at.note_scalar(&entry.value);
            self.at.head_of(extra_of(&entry.value));
            self.at.release_key_line_comment(&entry.value);
            self.node(&entry.value, in_map, After::Comments)?;
        }
        self.at.tail(tail);
        if self.depth > 1 {
            self.at.line_and_foot_of(map.extra.as_deref());
        }
        self.at.process_head();
        self.at.writer.indent = before;
        Ok(())
    }

    fn flow_sequence(&mut self, seq: &Sequence, context: Context) -> Result<(), TooDeep> {
        let before = self.begin_flow("[", context);
        let (mut first, mut trail) = (true, false);
        for item in &seq.items {
            self.at.head_of(extra_of(item));
            self.at.note_scalar(item);
            self.next_flow_item(first, trail);
            trail = self.node(item, Context::default(), After::CommaAndComments)?;
            first = false;
        }
        self.at.line_and_foot_of(seq.extra.as_deref());
        self.flow_level -= 1;
        self.at.writer.indent = before;
        if self.at.writer.column == 0 {
            self.at.writer.write_indent();
        }
        self.end_flow("]");
        Ok(())
    }

    fn flow_mapping(&mut self, map: &Mapping, context: Context) -> Result<(), TooDeep> {
        let before = self.begin_flow("{", context);
        let (mut first, mut trail) = (true, false);
        let mut tail = "";
        for entry in &map.entries {
            self.at.tail(tail);
            self.at.note_key(&entry.key);
            tail = entry.key.extra.as_ref().map_or("", |e| &e.foot_comment);
            self.next_flow_item(first, trail);
            let in_map = Context { in_map: true, ..Context::default() };
            if is_simple_key(&entry.key) {
                self.scalar(&entry.key, Context { simple_key: true, ..in_map });
                self.at.writer.write_indicator(":", false, false, false);
            } else {
                self.at.writer.write_indicator("?", true, false, false);
                self.scalar(&entry.key, in_map);
                self.at.writer.write_indicator(":", true, false, false);
            }
            self.at.head_of(extra_of(&entry.value));
            self.at.note_scalar(&entry.value);
            trail = self.node(&entry.value, in_map, After::CommaAndComments)?;
            first = false;
        }
        self.at.tail(tail);
        self.at.line_and_foot_of(map.extra.as_deref());
        if self.at.has_closing_comments() && !first && !trail {
            self.at.writer.write_indicator(",", false, false, false);
        }
        self.at.process_head();
        self.flow_level -= 1;
        self.at.writer.indent = before;
        self.end_flow("}");
        Ok(())
    }

    fn begin_flow(&mut self, bracket: &str, context: Context) -> i32 {
        self.at.writer.write_indicator(bracket, true, true, false);
        let before = self.deeper(context, true, false);
        self.flow_level += 1;
        before
    }

    fn next_flow_item(&mut self, first: bool, trail: bool) {
        if !first && !trail {
            self.at.writer.write_indicator(",", false, false, false);
        }
        self.at.process_head();
        if self.at.writer.column == 0 {
            self.at.writer.write_indent();
        }
    }

    fn end_flow(&mut self, bracket: &str) {
        self.at.writer.write_indicator(bracket, false, false, false);
        self.at.process_line();
        self.at.process_foot();
    }

    fn scalar(&mut self, scalar: &Scalar, context: Context) {
        let (tag, forced) = printed_tag(scalar);
        let text = scalar.text.as_str();
        let analysis = analyze(text, Dialect::V3);
        let style = self.style(scalar, forced, analysis, context);
        if let Some(tag) = tag {
            tag.write(&mut self.at.writer);
        }
        let before = self.deeper(context, true, false);
        let breaks = !context.simple_key;
        match style {
            Style::SingleQuoted => self.at.writer.write_single_quoted(text, breaks),
            Style::DoubleQuoted => self.at.writer.write_double_quoted(text, breaks),
            Style::Literal | Style::Folded => {
                self.at.writer.write_block_header(if style == Style::Literal { "|" } else { ">" }, text, self.step);
                if !self.as_go {
                    self.at.flatten_line();
                }
                if !self.at.process_line() {
                    self.at.writer.put_break();
                }
                self.at.writer.write_block_body(text, style == Style::Folded);
            }
            Style::Plain | Style::Flow => self.at.writer.write_plain(text, breaks),
        }
        self.at.writer.indent = before;
    }

    fn style(&self, scalar: &Scalar, forced: bool, analysis: Analysis, context: Context) -> Style {
        let mut style = match scalar.style {
            Style::Plain | Style::Flow if scalar.text.contains('\n') => Style::Literal,
            Style::Plain | Style::Flow if forced => Style::DoubleQuoted,
            Style::Flow => Style::Plain,
            style => style,
        };
        let in_flow = self.flow_level > 0;
        if context.simple_key && analysis.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain {
            let allowed = if in_flow { analysis.flow_plain } else { analysis.block_plain };
            if !allowed || scalar.text.is_empty() && (in_flow || context.simple_key) {
                style = Style::SingleQuoted;
            }
        }
        if style == Style::SingleQuoted && !analysis.single_quoted {
            style = Style::DoubleQuoted;
        }
        let block = matches!(style, Style::Literal | Style::Folded);
        let unreadable = !self.as_go && scalar.text.starts_with('\t');
        if block && (unreadable || !analysis.block || in_flow || context.simple_key) {
            Style::DoubleQuoted
        } else {
            style
        }
    }
}

/// The tag that must be written, and whether the text needs quotes to stay a string.
fn printed_tag(scalar: &Scalar) -> (Option<TagText<'_>>, bool) {
    if let Some(tag) = scalar.extra.as_ref().and_then(|e| e.tag.as_deref()) {
        return (tag_text(tag), false);
    }
    if scalar.tag == Tag::Unset || scalar.tag == Tag::Str && !matches!(scalar.style, Style::Plain | Style::Flow) {
        return (None, false);
    }
    if resolve(&scalar.text, Dialect::V3) == scalar.tag {
        return (None, false);
    }
    match scalar.tag {
        Tag::Str => (None, true),
        tag => (tag_text(name_of(tag)), false),
    }
}

fn name_of(tag: Tag) -> &'static str {
    match tag {
        Tag::Unset | Tag::Custom => "",
        Tag::Null => "!!null",
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Str => "!!str",
        Tag::Timestamp => "!!timestamp",
        Tag::Binary => "!!binary",
        Tag::Merge => "!!merge",
        Tag::Map => "!!map",
        Tag::Seq => "!!seq",
    }
}

fn is_simple_key(key: &Scalar) -> bool {
    let tag_len = printed_tag(key).0.map_or(0, TagText::len);
    key.text.len() + tag_len <= SIMPLE_KEY_MAX && !analyze(&key.text, Dialect::V3).multiline
}
