//! Directives and anchors. Must not know which tags a directive redefines.

use super::{Payload, Place, Scan, Scanner, Token, TokenKind, fail};
use crate::yaml::chars::{is_blank, is_blankz, is_break, is_breakz, is_word};

impl Scanner<'_> {
    pub(super) fn scan_directive(&mut self) -> Scan<Token> {
        let start = self.place();
        self.skip();
        let name = self.scan_word().to_owned();
        if name.is_empty() {
            return fail(start, "could not find expected directive name");
        }
        if !is_blankz(self.bytes, self.pos) {
            return fail(start, "found unexpected non-alphabetical character");
        }
        let token = match name.as_str() {
            "YAML" => self.scan_version(start)?,
            "TAG" => self.scan_tag_directive(start)?,
            _ => return fail(start, "found unknown directive name"),
        };
        self.skip_blanks();
        if self.at(0) == b'#' {
            while !is_breakz(self.bytes, self.pos) {
                self.skip();
            }
        }
        if !is_breakz(self.bytes, self.pos) {
            return fail(start, "did not find expected comment or line break");
        }
        if is_break(self.bytes, self.pos) {
            self.skip_break();
        }
        Ok(token)
    }

    fn scan_version(&mut self, start: Place) -> Scan<Token> {
        self.skip_blanks();
        let major = self.scan_version_number(start)?;
        if self.at(0) != b'.' {
            return fail(start, "did not find expected digit or '.' character");
        }
        self.skip();
        let minor = self.scan_version_number(start)?;
        Ok(Token { payload: Payload::Version(major, minor), ..Token::new(TokenKind::VersionDirective, start) })
    }

    fn scan_version_number(&mut self, start: Place) -> Scan<u8> {
        let digits = self.pos;
        let mut value = 0;
        while self.at(0).is_ascii_digit() {
            if self.pos - digits >= 2 {
                return fail(start, "found extremely long version number");
            }
            value = value * 10 + (self.at(0) - b'0');
            self.skip();
        }
        if self.pos == digits {
            return fail(start, "did not find expected version number");
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self, start: Place) -> Scan<Token> {
        self.skip_blanks();
        let handle = self.scan_tag_handle(true, start)?;
        if !is_blank(self.at(0)) {
            return fail(start, "did not find expected whitespace");
        }
        self.skip_blanks();
        let prefix = self.scan_tag_uri("", start)?;
        if !is_blankz(self.bytes, self.pos) {
            return fail(start, "did not find expected whitespace or line break");
        }
        let payload = Payload::Pair(Box::new((handle, prefix)));
        Ok(Token { payload, ..Token::new(TokenKind::TagDirective, start) })
    }

    /// `&name` or `*name`.
    pub(super) fn scan_anchor(&mut self, kind: TokenKind) -> Scan<Token> {
        let start = self.place();
        self.skip();
        let name = crate::Text::from(self.scan_word());
        let ends = is_blankz(self.bytes, self.pos)
            || matches!(self.at(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return fail(start, "did not find expected alphabetic or numeric character");
        }
        Ok(Token { payload: Payload::Text(name), ..Token::new(kind, start) })
    }

    pub(super) fn scan_word(&mut self) -> &str {
        let start = self.pos;
        while is_word(self.at(0)) {
            self.pos += 1;
        }
        if self.pos > start {
            self.newlines = 0;
        }
        &self.text[start..self.pos]
    }
}
