//! The scanner: text into tokens, as libyaml (and go-yaml, its port) does it, token by token on demand.
//!
//! Owns indentation, simple keys and the token queue. Must not know nodes, tags' meaning or anchors' targets.

mod block;
mod comment;
mod directive;
mod fetch;
mod plain;
mod quoted;
mod tag;
mod token;

use std::collections::VecDeque;

use super::chars::{break_len, byte_at, char_len, is_blank};
use super::error::ParseProblem;
pub(crate) use comment::{Comment, CommentKind};
pub(crate) use token::{Payload, Place, Token, TokenKind};

/// A place and what is wrong there.
pub(crate) type ScanError = (Place, ParseProblem);
pub(crate) type Scan<T> = Result<T, ScanError>;

/// A key without `?` must end on its line within this many characters.
const SIMPLE_KEY_MAX: usize = 1024;

/// Where a key without `?` may have started.
#[derive(Debug, Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// The queue's head waits for it. go-yaml stops waiting where a flow collection ends.
    waited_for: bool,
    /// It must be a key: it stands at the indentation of a block mapping.
    required: bool,
    token_number: usize,
    place: Place,
}

pub(crate) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    is_ascii: bool,
    pos: usize,
    line: u32,
    line_start: usize,
    /// Line breaks since the last character that is not blank; decides what a comment belongs to.
    newlines: u32,
    tokens: VecDeque<Token>,
    tokens_parsed: usize,
    /// So many tokens behind the next are read, for the comments between them. Their errors come early.
    ahead: usize,
    /// Kind and place of the two tokens taken last, newest first.
    taken: [(TokenKind, Place); 2],
    taken_count: usize,
    indent: i32,
    indents: Vec<i32>,
    flow_level: usize,
    simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    pub(crate) comments: VecDeque<Comment>,
    /// Buffer that folded and escaped scalars are put together in.
    scratch: String,
}

impl<'a> Scanner<'a> {
    /// `text` must hold no forbidden character. Who wants no comments need not look `ahead`.
    pub(crate) fn new(text: &'a str, ahead: usize) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            is_ascii: text.is_ascii(),
            pos: 0,
            line: 0,
            line_start: 0,
            newlines: 0,
            tokens: VecDeque::with_capacity(16),
            tokens_parsed: 0,
            ahead,
            taken: [(TokenKind::StreamEnd, Place::default()); 2],
            taken_count: 1,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            comments: VecDeque::new(),
            scratch: String::new(),
        }
    }

    /// The next token, left in the queue.
    #[inline]
    pub(crate) fn peek(&mut self) -> Scan<&Token> {
        self.fetch_enough()?;
        Ok(&self.tokens[0])
    }

    /// Takes the token that [`Self::peek`] saw.
    #[inline]
    pub(crate) fn take(&mut self) -> Token {
        let token = self.tokens.pop_front().expect("peek comes before take");
        self.tokens_parsed += 1;
        self.taken = [(token.kind, token.start), self.taken[0]];
        self.taken_count += 1;
        token
    }

    /// Text of a scalar's span.
    pub(crate) fn slice(&self, start: usize, end: usize) -> &'a str {
        &self.text[start..end]
    }

    /// Column in characters, from 0.
    #[inline]
    pub(crate) fn char_column(&self, place: Place) -> u32 {
        if self.is_ascii { place.column } else { self.count_column(place) }
    }

    fn count_column(&self, place: Place) -> u32 {
        let start = place.index.saturating_sub(place.column as usize);
        let prefix = &self.bytes[start.min(self.bytes.len())..place.index.min(self.bytes.len())];
        let continuation = prefix.iter().filter(|&&b| b & 0xC0 == 0x80).count();
        place.column.saturating_sub(u32::try_from(continuation).unwrap_or(u32::MAX))
    }

    /// Kind and place of the `n`-th last token of all found so far, waiting or taken.
    fn recent(&self, n: usize) -> (TokenKind, Place) {
        let waiting = self.tokens.len();
        if n < waiting {
            let token = &self.tokens[waiting - 1 - n];
            (token.kind, token.start)
        } else {
            self.taken[(n - waiting).min(1)]
        }
    }

    fn found_count(&self) -> usize {
        self.tokens.len() + self.taken_count
    }

    #[inline]
    fn at(&self, offset: usize) -> u8 {
        byte_at(self.bytes, self.pos + offset)
    }

    #[inline]
    fn column(&self) -> i32 {
        self.place().column.cast_signed()
    }

    #[inline]
    fn place(&self) -> Place {
        // Inputs are smaller than 4 GiB: `parse_documents` sees to it.
        #[allow(clippy::cast_possible_truncation)]
        let column = (self.pos - self.line_start) as u32;
        Place { index: self.pos, line: self.line, column }
    }

    /// Moves over one character that is no break.
    #[inline]
    fn skip(&mut self) {
        let byte = self.at(0);
        if !is_blank(byte) {
            self.newlines = 0;
        }
        self.pos += char_len(byte);
    }

    /// Moves over the break here, if there is one.
    fn skip_break(&mut self) {
        let len = break_len(self.bytes, self.pos);
        if len > 0 {
            self.pos += len;
            self.line += 1;
            self.line_start = self.pos;
            self.newlines += 1;
        }
    }

    /// Moves over the break here and appends it as YAML normalises it: a newline, but LS and PS stay.
    fn read_break(&mut self, out: &mut String) {
        match break_len(self.bytes, self.pos) {
            0 => {}
            3 => out.push_str(&self.text[self.pos..self.pos + 3]),
            _ => out.push('\n'),
        }
        self.skip_break();
    }

    fn skip_blanks(&mut self) {
        while is_blank(self.at(0)) {
            self.pos += 1;
        }
    }
}

fn fail<T>(place: Place, problem: &'static str) -> Scan<T> {
    Err((place, ParseProblem::Syntax { problem }))
}
