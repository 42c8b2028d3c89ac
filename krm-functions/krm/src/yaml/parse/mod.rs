//! The grammar: tokens into calls on a [`Builder`], by libyaml's state machine (no recursion, so depth costs no stack).
//!
//! Owns grammar states, tag directives and the hand-over of comments. Must not know what tags and anchors mean.

mod block;
mod directives;
mod flow;

use super::build::{Builder, NodeStart};
use super::error::ParseProblem;
use super::scan::{CommentKind, Payload, Place, Scan, Scanner, TokenKind};
use crate::{Node, Style, Text};

/// Comments waiting for the next node.
#[derive(Debug, Default)]
pub(super) struct Comments {
    pub(super) head: String,
    pub(super) line: String,
    pub(super) foot: String,
}

impl Comments {
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.line.is_empty() && self.foot.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The document's node was read.
    DocumentEnd,
    BlockNode,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequenceEntry,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
}

pub(super) struct Parser<'a, 'b> {
    scanner: Scanner<'a>,
    builder: &'b mut Builder,
    state: State,
    states: Vec<State>,
    tag_directives: Vec<(String, String)>,
    comments: Comments,
    stem_comment: String,
    /// Was a document begun?
    started: bool,
}

/// What a document that says so starts with.
const STARTS_DOCUMENT: [TokenKind; 3] =
    [TokenKind::VersionDirective, TokenKind::TagDirective, TokenKind::DocumentStart];

/// Which nodes may stand at a place.
#[derive(Clone, Copy, PartialEq)]
enum Context {
    Block,
    /// A block sequence may stand at its parent's indentation.
    BlockOrIndentless,
    Flow,
}

/// What belongs to a whole document.
#[derive(Debug, Default)]
pub(super) struct DocumentComments {
    pub(super) head: String,
    pub(super) foot: String,
}

impl<'a, 'b> Parser<'a, 'b> {
    pub(super) fn new(text: &'a str, builder: &'b mut Builder) -> Self {
        Self {
            scanner: Scanner::new(text, builder.lookahead()),
            builder,
            state: State::BlockNode,
            states: Vec::new(),
            tag_directives: Vec::new(),
            comments: Comments::default(),
            stem_comment: String::new(),
            started: false,
        }
    }

    /// Reads the first document into the builder, if there is one. What follows it is not looked at.
    pub(super) fn parse_document(&mut self) -> Scan<Option<DocumentComments>> {
        let (kind, _) = self.peek()?;
        if kind == TokenKind::StreamEnd {
            return Ok(None);
        }
        let mut document = DocumentComments::default();
        let explicit = STARTS_DOCUMENT.contains(&kind);
        if explicit {
            self.process_directives()?;
            let (kind, place) = self.peek()?;
            if kind != TokenKind::DocumentStart {
                return fail(place, "did not find expected <document start>");
            }
            self.scanner.take();
        } else {
            self.add_default_directives();
            document.head = self.split_document_head();
        }
        self.states.push(State::DocumentEnd);
        let (kind, place) = self.peek()?;
        let empty = explicit
            && matches!(
                kind,
                TokenKind::VersionDirective
                    | TokenKind::TagDirective
                    | TokenKind::DocumentStart
                    | TokenKind::DocumentEnd
                    | TokenKind::StreamEnd
            );
        if empty {
            self.pop_state();
            self.empty_scalar(place)?;
        } else {
            self.node(Context::Block)?;
        }
        while self.state != State::DocumentEnd {
            self.step()?;
        }
        self.end_document(&mut document)?;
        Ok(Some(document))
    }

    /// Reads one document more; `None` behind the last one. Every document but the first starts with `---`.
    pub(super) fn next_document(&mut self) -> Scan<Option<Node>> {
        let first = !std::mem::replace(&mut self.started, true);
        if !first {
            self.state = State::BlockNode;
            self.tag_directives.clear();
            while self.peek()?.0 == TokenKind::DocumentEnd {
                self.scanner.take();
            }
            let (kind, place) = self.peek()?;
            let starts = TokenKind::StreamEnd == kind || STARTS_DOCUMENT.contains(&kind);
            if !starts {
                return fail(place, "did not find expected <document start>");
            }
        }
        let Some(comments) = self.parse_document()? else { return Ok(None) };
        Ok(self.builder.take_root(comments))
    }

    /// Column in characters, from 0.
    pub(super) fn char_column(&self, place: Place) -> u32 {
        self.scanner.char_column(place)
    }

    fn end_document(&mut self, document: &mut DocumentComments) -> Scan<()> {
        if self.peek()?.0 == TokenKind::DocumentEnd {
            self.scanner.take();
        }
        let comments = std::mem::take(&mut self.comments);
        document.foot = if comments.foot.is_empty() { comments.head } else { comments.foot };
        Ok(())
    }

    /// A comment that an empty line separates from the first node belongs to the document.
    fn split_document_head(&mut self) -> String {
        let head = &self.comments.head;
        let bytes = head.as_bytes();
        for i in (1..bytes.len()).rev() {
            if bytes[i] == b'\n' {
                let cut = if i == bytes.len() - 1 {
                    i
                } else if bytes[i - 1] == b'\n' {
                    i - 1
                } else {
                    continue;
                };
                let (document, node) = (head[..cut].to_owned(), head[i + 1..].to_owned());
                self.comments.head = node;
                return document;
            }
        }
        String::new()
    }

    /// Kind and place of the next token; comments before it go to the waiting node.
    #[inline]
    fn peek(&mut self) -> Scan<(TokenKind, Place)> {
        let token = self.scanner.peek()?;
        let found = (token.kind, token.start);
        if !self.scanner.comments.is_empty() {
            self.unfold_comments(found.0, found.1.index);
        }
        Ok(found)
    }

    fn unfold_comments(&mut self, kind: TokenKind, index: usize) {
        while let Some(comment) = self.scanner.comments.front()
            && index >= comment.token_index
        {
            let target = match comment.kind {
                // A block's end takes no head comment: it is the next token's.
                CommentKind::Head if kind == TokenKind::BlockEnd => return,
                CommentKind::Head => &mut self.comments.head,
                CommentKind::Line => &mut self.comments.line,
                CommentKind::Foot => &mut self.comments.foot,
            };
            if !target.is_empty() {
                target.push('\n');
            }
            target.push_str(&comment.text);
            self.scanner.comments.pop_front();
        }
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().expect("every node pushes the state that follows it");
    }

    fn step(&mut self) -> Scan<()> {
        match self.state {
            State::DocumentEnd => Ok(()),
            State::BlockNode => self.node(Context::Block),
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => self.flow_pair_end(),
            State::FlowMappingFirst => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                self.state = State::FlowMappingKey;
                let (_, place) = self.peek()?;
                self.empty_scalar(place)
            }
        }
    }

    fn start(&self, place: Place, style: Style) -> NodeStart {
        NodeStart {
            line: place.line,
            column: self.scanner.char_column(place),
            style,
            tag: None,
            anchor: None,
            comments: Comments::default(),
        }
    }

    fn empty_scalar(&mut self, place: Place) -> Scan<()> {
        let start = self.start(place, Style::Plain);
        self.builder.scalar(start, Text::default()).map_err(|problem| (place, problem))
    }

    fn node(&mut self, context: Context) -> Scan<()> {
        let (kind, place) = self.peek()?;
        if kind == TokenKind::Scalar {
            return self.scalar(place, None, None);
        }
        if kind == TokenKind::Alias {
            self.pop_state();
            let mut start = self.start(place, Style::Plain);
            start.comments = std::mem::take(&mut self.comments);
            let name = text_of(self.scanner.take().payload);
            return self.builder.alias(start, &name).map_err(|problem| (place, problem));
        }
        let (anchor, tag) = self.properties(kind, place)?;
        let (kind, content) = self.peek()?;
        match kind {
            TokenKind::Scalar => self.scalar(place, anchor, tag),
            TokenKind::BlockEntry if context == Context::BlockOrIndentless => {
                self.state = State::IndentlessSequenceEntry;
                self.begin(place, false, Style::Plain, anchor, tag)
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirst;
                self.begin(place, false, Style::Flow, anchor, tag)
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingFirst;
                self.begin(place, true, Style::Flow, anchor, tag)
            }
            TokenKind::BlockSequenceStart if context != Context::Flow => {
                self.state = State::BlockSequenceEntry;
                self.begin(place, false, Style::Plain, anchor, tag)?;
                self.scanner.take();
                Ok(())
            }
            TokenKind::BlockMappingStart if context != Context::Flow => {
                self.state = State::BlockMappingKey;
                self.begin(place, true, Style::Plain, anchor, tag)?;
                self.scanner.take();
                Ok(())
            }
            _ if anchor.is_some() || tag.is_some() => {
                self.pop_state();
                let start = NodeStart { tag, anchor, ..self.start(place, Style::Plain) };
                self.builder.scalar(start, Text::default()).map_err(|problem| (place, problem))
            }
            _ => fail(content, "did not find expected node content"),
        }
    }

    fn scalar(&mut self, place: Place, anchor: Option<Text>, tag: Option<String>) -> Scan<()> {
        self.pop_state();
        let token = self.scanner.take();
        if anchor.is_none() && tag.is_none() && self.comments.is_empty() {
            let column = self.scanner.char_column(place);
            let text = self.text_of(token.payload);
            return self.builder.bare_scalar(place.line, column, token.style, text).map_err(|problem| (place, problem));
        }
        let mut start = self.start(place, token.style);
        (start.anchor, start.tag) = (anchor, tag);
        if !self.comments.is_empty() {
            start.comments = std::mem::take(&mut self.comments);
        }
        self.stem_comment.clear();
        let text = self.text_of(token.payload);
        self.builder.scalar(start, text).map_err(|problem| (place, problem))
    }

    fn begin(&mut self, place: Place, map: bool, style: Style, anchor: Option<Text>, tag: Option<String>) -> Scan<()> {
        let mut start = self.start(place, style);
        (start.anchor, start.tag) = (anchor, tag);
        if style == Style::Flow {
            start.comments = std::mem::take(&mut self.comments);
            self.stem_comment.clear();
        } else if !self.stem_comment.is_empty() && self.state != State::IndentlessSequenceEntry {
            start.comments.head = std::mem::take(&mut self.stem_comment);
        }
        self.builder.begin(start, map).map_err(|problem| (place, problem))
    }

    fn text_of(&self, payload: Payload) -> Text {
        match payload {
            Payload::Span(from, to) => Text::from(self.scanner.slice(from, to)),
            payload => text_of(payload),
        }
    }

    /// An anchor and a tag, in either order.
    fn properties(&mut self, mut kind: TokenKind, start: Place) -> Scan<(Option<Text>, Option<String>)> {
        let (mut anchor, mut tag) = (None, None);
        loop {
            match kind {
                TokenKind::Anchor if anchor.is_none() => anchor = Some(text_of(self.scanner.take().payload)),
                TokenKind::Tag if tag.is_none() => {
                    let Payload::Pair(pair) = self.scanner.take().payload else {
                        return fail(start, "did not find expected tag");
                    };
                    tag = Some(self.expand_tag(*pair, start)?);
                }
                _ => return Ok((anchor, tag.filter(|t| !t.is_empty()))),
            }
            kind = self.peek()?.0;
        }
    }

    fn end(&mut self, place: Place, with_comments: bool) -> Scan<()> {
        self.pop_state();
        let comments = if with_comments {
            self.stem_comment.clear();
            std::mem::take(&mut self.comments)
        } else {
            Comments::default()
        };
        self.builder.end(comments).map_err(|problem| (place, problem))
    }
}

fn fail<T>(place: Place, problem: &'static str) -> Scan<T> {
    Err((place, ParseProblem::Syntax { problem }))
}

fn behind(place: Place) -> Place {
    Place { index: place.index + 1, column: place.column + 1, ..place }
}

fn text_of(payload: Payload) -> Text {
    match payload {
        Payload::Text(text) => text,
        _ => Text::default(),
    }
}
