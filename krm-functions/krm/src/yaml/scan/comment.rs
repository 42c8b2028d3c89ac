//! Comments: where each stands and what kind it is (head, line, foot), by go-yaml v3's rules. Must not know nodes.

use super::{Place, Scanner, TokenKind};
use crate::yaml::chars::{byte_at, char_len, is_blank, is_break, is_breakz};

/// Most bytes of blanks and empty lines that the search for a comment looks over.
const PEEK_MAX: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommentKind {
    Head,
    Line,
    Foot,
}

/// A comment waiting for its token.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) kind: CommentKind,
    pub(crate) text: String,
    /// Where the search began that found it.
    pub(crate) scan_index: usize,
    /// It goes to the first token that starts here or later.
    pub(crate) token_index: usize,
    /// Its `#`.
    pub(crate) start: Place,
    pub(crate) end_index: usize,
}

/// State of one search over blanks, empty lines and comment lines.
struct Search {
    scan_index: usize,
    token_index: usize,
    start: Place,
    text: String,
    recent_empty: bool,
    first_empty: bool,
    foot_line: i64,
    line: u32,
    column: u32,
    next_indent: i64,
}

impl Search {
    fn flush(&mut self, kind: CommentKind, token_index: usize, end_index: usize) -> Comment {
        let comment = Comment {
            kind,
            text: std::mem::take(&mut self.text),
            scan_index: self.scan_index,
            token_index,
            start: self.start,
            end_index,
        };
        self.scan_index = end_index;
        self.token_index = end_index;
        comment
    }

    /// Does the comment begin left of the block it would belong to?
    fn outdented(&self) -> bool {
        i64::from(self.start.column) - 1 < self.next_indent
    }
}

impl Scanner<'_> {
    /// A line comment behind the first `-` of a sequence is the head comment of what follows on the next line.
    pub(super) fn lift_entry_comment(&mut self) {
        if self.comments.is_empty() || self.found_count() < 2 || is_break(self.bytes, self.pos) {
            return;
        }
        let opened = self.recent(1).0 == TokenKind::BlockSequenceStart && self.recent(0).0 == TokenKind::BlockEntry;
        let (pos, line) = (self.pos, self.line);
        if let Some(comment) = self.comments.back_mut()
            && opened
            && comment.kind == CommentKind::Line
        {
            comment.kind = CommentKind::Head;
            if comment.start.line + 1 == line {
                comment.token_index = pos;
            }
        }
    }

    /// Takes a comment that follows on the line, for the token at `token_place`.
    #[inline]
    pub(super) fn scan_line_comment(&mut self, token_place: Place) {
        if self.newlines > 0 {
            return;
        }
        let mut at = self.pos;
        while at < self.pos + PEEK_MAX && is_blank(byte_at(self.bytes, at)) {
            at += 1;
        }
        if at < self.pos + PEEK_MAX && byte_at(self.bytes, at) == b'#' {
            self.pos = at;
            let start = self.place();
            let text = self.read_comment_text();
            self.comments.push_back(Comment {
                kind: CommentKind::Line,
                text,
                scan_index: 0,
                token_index: token_place.index,
                start,
                end_index: 0,
            });
        }
    }

    fn read_comment_text(&mut self) -> String {
        let from = self.pos;
        while !is_breakz(self.bytes, self.pos) {
            self.pos += char_len(self.bytes[self.pos]);
        }
        self.newlines = 0;
        self.text[from..self.pos].to_owned()
    }

    /// Takes the comment lines here, up to the next token.
    pub(super) fn scan_comments(&mut self, scan_place: Place) {
        let mut token = self.recent(0);
        if token.0 == TokenKind::FlowEntry && self.found_count() > 1 {
            token = self.recent(1);
        }
        let mut foot_line = -1;
        if scan_place.line > 0 {
            foot_line = i64::from(self.line) - i64::from(self.newlines) + 1;
            if self.newlines == 0 && self.column() > 1 {
                foot_line += 1;
            }
        }
        let mut search = Search {
            scan_index: scan_place.index,
            token_index: token.1.index,
            start: Place::default(),
            text: String::new(),
            recent_empty: false,
            first_empty: self.newlines <= 1,
            foot_line,
            line: self.line,
            column: self.place().column,
            next_indent: i64::from(self.indent.max(0)),
        };
        let mut peek = 0;
        while peek < PEEK_MAX {
            search.column += 1;
            let at = self.pos + peek;
            if !is_blank(byte_at(self.bytes, at)) {
                match self.step_comment(&mut search, token.0, at) {
                    Step::Stop => break,
                    Step::Empty => {}
                    Step::Read => peek = 0,
                }
            }
            peek += 1;
        }
        if !search.text.is_empty() {
            let (token_index, end) = (search.start.index, (self.pos + peek).saturating_sub(1));
            let comment = search.flush(CommentKind::Head, token_index, end);
            self.comments.push_back(comment);
        }
    }

    /// Looks at one character that is not blank.
    fn step_comment(&mut self, search: &mut Search, token: TokenKind, at: usize) -> Step {
        let byte = byte_at(self.bytes, at);
        let close_flow = self.flow_level > 0 && (byte == b']' || byte == b'}');
        if close_flow || is_breakz(self.bytes, at) {
            if close_flow || !search.recent_empty {
                self.end_comment_group(search, token, at, close_flow);
            }
            if !is_break(self.bytes, at) {
                return Step::Stop;
            }
            search.first_empty = false;
            search.recent_empty = true;
            search.column = 0;
            search.line += 1;
            return Step::Empty;
        }
        let dedented = i64::from(search.column) - 1 < search.next_indent && search.column != search.start.column;
        if !search.text.is_empty() && dedented {
            let comment = search.flush(CommentKind::Foot, search.token_index, at);
            self.comments.push_back(comment);
        }
        if byte != b'#' {
            return Step::Stop;
        }
        if search.text.is_empty() {
            search.start = Place { index: at, line: search.line, column: search.column };
        } else {
            search.text.push('\n');
        }
        search.recent_empty = false;
        while self.pos < at {
            if is_break(self.bytes, self.pos) {
                self.skip_break();
            } else {
                self.skip();
            }
        }
        search.text.push_str(&self.read_comment_text());
        search.column = 0;
        search.line = self.line;
        search.next_indent = i64::from(self.indent.max(0));
        Step::Read
    }

    /// An empty line, the end or a closing bracket follows: what was read is a foot comment, or a group of head lines.
    fn end_comment_group(&mut self, search: &mut Search, token: TokenKind, at: usize, close_flow: bool) {
        let is_foot =
            i64::from(search.start.line) == search.foot_line && token != TokenKind::Value || search.outdented();
        if close_flow || search.first_empty && is_foot {
            if !search.text.is_empty() {
                let token_index = if search.outdented() { search.start.index } else { search.token_index };
                let comment = search.flush(CommentKind::Foot, token_index, at);
                self.comments.push_back(comment);
            }
        } else if !search.text.is_empty() && at < self.bytes.len() {
            search.text.push('\n');
        }
    }
}

enum Step {
    /// A token or the end follows.
    Stop,
    /// A line ended.
    Empty,
    /// A comment was read, the scanner stands behind it.
    Read,
}
