//! Plain scalars. Must not know what their text means.

use super::{Payload, Scan, Scanner, Token, TokenKind, fail};
use crate::yaml::chars::{is_blank, is_blankz, is_break};

/// Bytes that may end a run of a plain scalar, in block context.
const BLOCK_STOPS: [bool; 256] = stops(b" \t\r\n:\xC2\xE2");
/// The same in flow context.
const FLOW_STOPS: [bool; 256] = stops(b" \t\r\n:\xC2\xE2,?[]{}");

const fn stops(set: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut i = 0;
    while i < set.len() {
        table[set[i] as usize] = true;
        i += 1;
    }
    table
}

impl Scanner<'_> {
    pub(super) fn scan_plain(&mut self) -> Scan<Token> {
        let start = self.place();
        let indent = self.indent + 1;
        // Text so far is `start..end` of the input, or `self.scratch` once a break was folded.
        let mut end = self.pos;
        let mut folded = false;
        let mut breaks = String::new();
        loop {
            if self.column() == 0 && self.is_document_indicator() || self.at(0) == b'#' {
                break;
            }
            let run = self.pos;
            self.pos = self.plain_run_end(run);
            if self.pos > run {
                if !breaks.is_empty() {
                    if !folded {
                        self.scratch.clear();
                        self.scratch.push_str(&self.text[start.index..end]);
                        folded = true;
                    }
                    push_folded(&mut self.scratch, &breaks);
                    breaks.clear();
                } else if folded {
                    self.scratch.push_str(&self.text[end..run]);
                }
                if folded {
                    self.scratch.push_str(&self.text[run..self.pos]);
                }
                end = self.pos;
                self.newlines = 0;
            }
            if !is_blank(self.at(0)) && !is_break(self.bytes, self.pos) {
                break;
            }
            self.skip_plain_space(&mut breaks, indent)?;
            if self.flow_level == 0 && !breaks.is_empty() && self.column() < indent {
                break;
            }
        }
        if !breaks.is_empty() {
            self.simple_key_allowed = true;
        }
        let payload =
            if folded { Payload::Text(self.scratch.as_str().into()) } else { Payload::Span(start.index, end) };
        Ok(Token { payload, ..Token::new(TokenKind::Scalar, start) })
    }

    /// Moves over blanks and breaks; appends the breaks.
    fn skip_plain_space(&mut self, breaks: &mut String, indent: i32) -> Scan<()> {
        loop {
            match self.at(0) {
                b' ' => self.pos += 1,
                b'\t' => {
                    if !breaks.is_empty() && self.column() < indent {
                        return fail(self.place(), "found a tab character that violates indentation");
                    }
                    self.pos += 1;
                }
                _ if is_break(self.bytes, self.pos) => self.read_break(breaks),
                _ => return Ok(()),
            }
        }
    }

    /// Where a run without blanks, breaks and indicators ends.
    #[inline]
    fn plain_run_end(&self, mut at: usize) -> usize {
        let stops = if self.flow_level > 0 { &FLOW_STOPS } else { &BLOCK_STOPS };
        loop {
            while let Some(&byte) = self.bytes.get(at)
                && !stops[byte as usize]
            {
                at += 1;
            }
            let ends = match self.bytes.get(at) {
                Some(b':') => is_blankz(self.bytes, at + 1),
                Some(0xC2 | 0xE2) => is_break(self.bytes, at),
                None | Some(_) => true,
            };
            if ends {
                return at;
            }
            at += 1;
        }
    }
}

/// One newline becomes a space, several lose their first; other breaks stay.
pub(super) fn push_folded(out: &mut String, breaks: &str) {
    match breaks.strip_prefix('\n') {
        Some("") => out.push(' '),
        Some(more) => out.push_str(more),
        None => out.push_str(breaks),
    }
}
