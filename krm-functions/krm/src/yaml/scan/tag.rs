//! Tags in their written forms. Must not know what a tag means.

use super::{Payload, Place, Scan, Scanner, Token, TokenKind, fail};
use crate::yaml::chars::{char_len, is_blankz, is_word};

impl Scanner<'_> {
    /// `!`, `!name`, `!handle!name` or `!<uri>`.
    pub(super) fn scan_tag(&mut self) -> Scan<Token> {
        let start = self.place();
        let (handle, suffix) = if self.at(1) == b'<' {
            self.pos += 2;
            self.newlines = 0;
            let suffix = self.scan_tag_uri("", start)?;
            if self.at(0) != b'>' {
                return fail(start, "did not find the expected '>'");
            }
            self.skip();
            (String::new(), suffix)
        } else {
            let handle = self.scan_tag_handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri("", start)?;
                (handle, suffix)
            } else {
                match self.scan_tag_uri(&handle, start)? {
                    suffix if suffix.is_empty() => (suffix, "!".to_owned()),
                    suffix => ("!".to_owned(), suffix),
                }
            }
        };
        if !is_blankz(self.bytes, self.pos) {
            return fail(start, "did not find expected whitespace or line break");
        }
        let payload = Payload::Pair(Box::new((handle, suffix)));
        Ok(Token { payload, ..Token::new(TokenKind::Tag, start) })
    }

    pub(super) fn scan_tag_handle(&mut self, directive: bool, start: Place) -> Scan<String> {
        if self.at(0) != b'!' {
            return fail(start, "did not find expected '!'");
        }
        let from = self.pos;
        self.skip();
        while is_word(self.at(0)) {
            self.pos += 1;
        }
        if self.at(0) == b'!' {
            self.pos += 1;
        } else if directive && self.pos - from > 1 {
            return fail(start, "did not find expected '!'");
        }
        Ok(self.text[from..self.pos].to_owned())
    }

    /// A URI, percent escapes undone, behind what the caller already read of it (`head`, with its `!`).
    pub(super) fn scan_tag_uri(&mut self, head: &str, start: Place) -> Scan<String> {
        let mut uri = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let from = self.pos;
        while is_word(self.at(0)) || b";/?:@&=+$,.!~*'()[]%".contains(&self.at(0)) && self.at(0) != 0 {
            if self.at(0) == b'%' {
                self.scan_uri_escape(start, &mut uri)?;
            } else {
                uri.push(self.at(0));
                self.pos += 1;
            }
        }
        if head.is_empty() && self.pos == from {
            return fail(start, "did not find expected tag URI");
        }
        self.newlines = 0;
        String::from_utf8(uri).or_else(|_| fail(start, "found an incorrect UTF-8 octet in a tag"))
    }

    /// The escapes of one character.
    fn scan_uri_escape(&mut self, start: Place, uri: &mut Vec<u8>) -> Scan<()> {
        let mut left = 0;
        loop {
            let digit = |n| char::from(self.at(n)).to_digit(16);
            let (b'%', Some(high), Some(low)) = (self.at(0), digit(1), digit(2)) else {
                return fail(start, "did not find URI escaped octet");
            };
            let octet = u8::try_from(high << 4 | low).expect("two hexadecimal digits are a byte");
            if left == 0 {
                if octet & 0xC0 == 0x80 || octet >= 0xF8 {
                    return fail(start, "found an incorrect leading UTF-8 octet");
                }
                left = char_len(octet);
            } else if octet & 0xC0 != 0x80 {
                return fail(start, "found an incorrect trailing UTF-8 octet");
            }
            uri.push(octet);
            self.pos += 3;
            left -= 1;
            if left == 0 {
                return Ok(());
            }
        }
    }
}
