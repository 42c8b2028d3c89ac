//! Literal and folded block scalars. Must not know what their text means.

use super::{Payload, Place, Scan, Scanner, Token, TokenKind, fail};
use crate::Style;
use crate::yaml::chars::{is_blank, is_break, is_breakz};
use crate::yaml::find;

#[derive(Clone, Copy, PartialEq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Scanner<'_> {
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Scan<Token> {
        let start = self.place();
        self.skip();
        let (chomping, increment) = self.scan_block_header(start)?;
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };

        let mut out = std::mem::take(&mut self.scratch);
        out.clear();
        let (mut breaks, mut leading_break) = (String::new(), String::new());
        self.scan_block_breaks(&mut indent, &mut breaks, start)?;
        let mut leading_blank = false;
        while self.column() == indent && self.pos < self.bytes.len() {
            let trailing_blank = is_blank(self.at(0));
            if !literal && !leading_blank && !trailing_blank && leading_break.starts_with('\n') {
                if breaks.is_empty() {
                    out.push(' ');
                }
            } else {
                out.push_str(&leading_break);
            }
            out.push_str(&breaks);
            breaks.clear();
            leading_break.clear();
            leading_blank = trailing_blank;
            self.read_block_line(&mut out);
            self.read_break(&mut leading_break);
            self.scan_block_breaks(&mut indent, &mut breaks, start)?;
        }
        if chomping != Chomping::Strip {
            out.push_str(&leading_break);
        }
        if chomping == Chomping::Keep {
            out.push_str(&breaks);
        }
        let payload = Payload::Text(out.as_str().into());
        self.scratch = out;
        let style = if literal { Style::Literal } else { Style::Folded };
        Ok(Token { style, payload, ..Token::new(TokenKind::Scalar, start) })
    }

    fn read_block_line(&mut self, out: &mut String) {
        let line = self.pos;
        loop {
            // LF ends nearly every line; the other breaks are looked for only where their first bytes occur.
            let rest = &self.bytes[self.pos..];
            let line_end = find::byte(rest, b'\n').unwrap_or(rest.len());
            let odd = rest[..line_end].iter().position(|b| matches!(b, b'\r' | 0xC2 | 0xE2));
            self.pos += odd.unwrap_or(line_end);
            if is_breakz(self.bytes, self.pos) {
                break;
            }
            self.pos += 1;
        }
        let text = &self.text[line..self.pos];
        if text.bytes().any(|b| !is_blank(b)) {
            self.newlines = 0;
        }
        out.push_str(text);
    }

    /// Chomping and explicit indentation, in either order, then a comment and the break.
    fn scan_block_header(&mut self, start: Place) -> Scan<(Chomping, i32)> {
        let (mut chomping, mut increment) = (Chomping::Clip, 0);
        if let Some(found) = self.scan_chomping() {
            chomping = found;
            increment = self.scan_increment(start)?;
        } else {
            increment = self.scan_increment(start)?.max(increment);
            if increment > 0
                && let Some(found) = self.scan_chomping()
            {
                chomping = found;
            }
        }
        self.skip_blanks();
        if self.at(0) == b'#' {
            self.scan_line_comment(start);
            while !is_breakz(self.bytes, self.pos) {
                self.skip();
            }
        }
        if !is_breakz(self.bytes, self.pos) {
            return fail(start, "did not find expected comment or line break");
        }
        self.skip_break();
        Ok((chomping, increment))
    }

    fn scan_chomping(&mut self) -> Option<Chomping> {
        let chomping = match self.at(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return None,
        };
        self.skip();
        Some(chomping)
    }

    fn scan_increment(&mut self, start: Place) -> Scan<i32> {
        match self.at(0) {
            b'0' => fail(start, "found an indentation indicator equal to 0"),
            digit @ b'1'..=b'9' => {
                self.skip();
                Ok(i32::from(digit - b'0'))
            }
            _ => Ok(0),
        }
    }

    /// Moves over indentation and empty lines; finds the indentation if it is not known (0).
    fn scan_block_breaks(&mut self, indent: &mut i32, breaks: &mut String, start: Place) -> Scan<()> {
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.at(0) == b' ' {
                self.pos += 1;
            }
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.at(0) == b'\t' {
                return fail(start, "found a tab character where an indentation space is expected");
            }
            if !is_break(self.bytes, self.pos) {
                break;
            }
            self.read_break(breaks);
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
