//! Quoted scalars. Must not know what their text means.

use super::plain::push_folded;
use super::{Payload, Place, Scan, Scanner, Token, TokenKind, fail};
use crate::Style;
use crate::yaml::chars::{break_len, is_blank, is_break};

impl Scanner<'_> {
    pub(super) fn scan_single_quoted(&mut self) -> Scan<Token> {
        self.scan_quoted(b'\'', Style::SingleQuoted)
    }

    pub(super) fn scan_double_quoted(&mut self) -> Scan<Token> {
        self.scan_quoted(b'"', Style::DoubleQuoted)
    }

    fn scan_quoted(&mut self, quote: u8, style: Style) -> Scan<Token> {
        let start = self.place();
        self.pos += 1;
        self.newlines = 0;
        let payload = match self.quoted_span(quote) {
            Some(end) => {
                let span = Payload::Span(self.pos, end);
                self.pos = end + 1;
                span
            }
            None => Payload::Text(self.fold_quoted(quote, start)?),
        };
        self.newlines = 0;
        Ok(Token { style, payload, ..Token::new(TokenKind::Scalar, start) })
    }

    /// Where the closing quote stands, if the text up to it can be taken as it is.
    fn quoted_span(&self, quote: u8) -> Option<usize> {
        let mut at = self.pos;
        loop {
            match *self.bytes.get(at)? {
                byte if byte == quote => {
                    let doubled = quote == b'\'' && self.bytes.get(at + 1) == Some(&b'\'');
                    return if doubled { None } else { Some(at) };
                }
                b'\\' if quote == b'"' => return None,
                b'\n' | b'\r' => return None,
                0xC2 | 0xE2 if is_break(self.bytes, at) => return None,
                _ => at += 1,
            }
        }
    }

    fn fold_quoted(&mut self, quote: u8, start: Place) -> Scan<crate::Text> {
        let mut out = String::new();
        let mut breaks = String::new();
        loop {
            if self.column() == 0 && self.is_document_indicator() {
                return fail(start, "found unexpected document indicator");
            }
            if self.pos >= self.bytes.len() {
                return fail(start, "found unexpected end of stream");
            }
            let escaped_break = self.read_quoted_run(quote, start, &mut out)?;
            if self.at(0) == quote {
                self.pos += 1;
                return Ok(out.into());
            }
            self.read_quoted_space(escaped_break, &mut breaks, &mut out);
        }
    }

    /// Reads what stands before the next blank, break or closing quote. True if an escaped break ended it.
    fn read_quoted_run(&mut self, quote: u8, start: Place, out: &mut String) -> Scan<bool> {
        loop {
            let run = self.pos;
            while let Some(&byte) = self.bytes.get(self.pos) {
                let special = byte == quote || byte == b'\\' && quote == b'"';
                if special || is_blank(byte) || break_len(self.bytes, self.pos) > 0 {
                    break;
                }
                self.pos += 1;
            }
            out.push_str(&self.text[run..self.pos]);
            match self.at(0) {
                b'\'' if quote == b'\'' && self.at(1) == b'\'' => {
                    out.push('\'');
                    self.pos += 2;
                }
                b'\\' if quote == b'"' => {
                    if is_break(self.bytes, self.pos + 1) {
                        self.pos += 1;
                        self.skip_break();
                        return Ok(true);
                    }
                    self.read_escape(start, out)?;
                }
                _ => return Ok(false),
            }
        }
    }

    fn read_escape(&mut self, start: Place, out: &mut String) -> Scan<()> {
        let code = self.at(1);
        let digits = match code {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        if digits == 0 {
            let Some(plain) = simple_escape(code) else {
                return fail(start, "found unknown escape character");
            };
            out.push(plain);
            self.pos += 2;
            return Ok(());
        }
        self.pos += 2;
        let mut value: u32 = 0;
        for k in 0..digits {
            let Some(digit) = char::from(self.at(k)).to_digit(16) else {
                return fail(start, "did not find expected hexadecimal number");
            };
            value = value << 4 | digit;
        }
        let Some(character) = char::from_u32(value) else {
            return fail(start, "found invalid Unicode character escape code");
        };
        out.push(character);
        self.pos += digits;
        Ok(())
    }

    /// Reads blanks and breaks between two runs and folds them.
    fn read_quoted_space(&mut self, escaped_break: bool, breaks: &mut String, out: &mut String) {
        let blanks = self.pos;
        while is_blank(self.at(0)) {
            self.pos += 1;
        }
        let blanks = blanks..self.pos;
        breaks.clear();
        while is_break(self.bytes, self.pos) {
            self.read_break(breaks);
            while is_blank(self.at(0)) {
                self.pos += 1;
            }
        }
        if escaped_break {
            out.push_str(breaks);
        } else if breaks.is_empty() {
            out.push_str(&self.text[blanks]);
        } else {
            push_folded(out, breaks);
        }
    }
}

fn simple_escape(code: u8) -> Option<char> {
    Some(match code {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0B',
        b'f' => '\x0C',
        b'r' => '\r',
        b'e' => '\x1B',
        b' ' | b'"' | b'\'' | b'\\' => char::from(code),
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
