//! The token queue: which token comes next, simple keys and indentation. Must not know the inside of scalars.

use super::{Place, SIMPLE_KEY_MAX, Scan, Scanner, SimpleKey, Token, TokenKind, fail};
use crate::yaml::chars::{break_len, is_blankz};

impl Scanner<'_> {
    /// Fills the queue until its head is certain: three tokens ahead (comments need them), and no key may still start there.
    #[inline]
    pub(super) fn fetch_enough(&mut self) -> Scan<()> {
        while self.tokens.len() <= self.ahead || self.head_may_be_key()? {
            self.fetch_next()?;
        }
        Ok(())
    }

    fn head_may_be_key(&mut self) -> Scan<bool> {
        for level in (0..self.simple_keys.len()).rev() {
            let key = self.simple_keys[level];
            if key.token_number < self.tokens_parsed {
                break;
            }
            if key.possible && key.waited_for && key.token_number == self.tokens_parsed {
                return self.simple_key_is_valid(level);
            }
        }
        Ok(false)
    }

    fn simple_key_is_valid(&mut self, level: usize) -> Scan<bool> {
        let key = self.simple_keys[level];
        if !key.possible {
            return Ok(false);
        }
        let bytes = self.pos - key.place.index.min(self.pos);
        let too_long = bytes > SIMPLE_KEY_MAX && self.text[key.place.index..self.pos].chars().count() > SIMPLE_KEY_MAX;
        if key.place.line < self.line || too_long {
            if key.required {
                return fail(key.place, "could not find expected ':'");
            }
            self.simple_keys[level].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn current_key(&mut self) -> &mut SimpleKey {
        self.simple_keys.last_mut().expect("one simple key per flow level, the block level's is never popped")
    }

    fn save_simple_key(&mut self) -> Scan<()> {
        if self.simple_key_allowed {
            let required = self.flow_level == 0 && self.indent == self.column();
            let token_number = self.tokens_parsed + self.tokens.len();
            let place = self.place();
            self.remove_simple_key()?;
            *self.current_key() = SimpleKey { possible: true, waited_for: true, required, token_number, place };
        }
        Ok(())
    }

    pub(super) fn remove_simple_key(&mut self) -> Scan<()> {
        let key = *self.current_key();
        if key.possible {
            if key.required {
                return fail(key.place, "could not find expected ':'");
            }
            self.current_key().possible = false;
        }
        Ok(())
    }

    /// Opens a block collection if `column` lies deeper. `number`: insert before that token instead of at the end.
    fn roll_indent(&mut self, column: i32, number: Option<usize>, kind: TokenKind, place: Place) {
        if self.flow_level > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token::new(kind, place);
        match number {
            Some(number) => self.tokens.insert(number - self.tokens_parsed, token),
            None => self.tokens.push_back(token),
        }
    }

    /// Closes block collections that lie deeper than `column`.
    #[inline]
    fn unroll_indent(&mut self, column: i32, scan_place: Place) {
        if self.flow_level > 0 || self.indent <= column {
            return;
        }
        let mut block_place = scan_place;
        block_place.index = block_place.index.saturating_sub(1);
        while self.indent > column {
            // The block ends before the foot comments that stand at its own column.
            let mut stop = block_place.index;
            for comment in self.comments.iter().rev() {
                if comment.end_index < stop {
                    break;
                }
                if comment.start.column.cast_signed() == self.indent + 1 {
                    block_place = comment.start;
                }
                stop = comment.scan_index;
            }
            self.tokens.push_back(Token::new(TokenKind::BlockEnd, block_place));
            self.indent = self.indents.pop().expect("an indent was pushed for each block collection");
        }
    }

    fn fetch_next(&mut self) -> Scan<()> {
        let scan_place = self.place();
        self.skip_to_next_token()?;
        self.unroll_indent(self.column(), scan_place);
        let byte = self.at(0);
        if byte == 0 && self.pos >= self.bytes.len() {
            return self.fetch_stream_end();
        }
        if self.column() == 0 {
            match byte {
                b'%' => return self.fetch_directive(),
                b'-' if self.is_document_indicator() => return self.fetch_document_indicator(TokenKind::DocumentStart),
                b'.' if self.is_document_indicator() => return self.fetch_document_indicator(TokenKind::DocumentEnd),
                _ => {}
            }
        }
        // A comment behind `:` or `,` belongs to what stands before it.
        let after_item = self.flow_level == 0 && byte == b':' || self.flow_level > 0 && byte == b',';
        let comment_place = if after_item { self.recent(0).1 } else { self.place() };
        self.fetch_content(byte)?;
        if self.recent(0).0 != TokenKind::BlockEntry {
            self.scan_line_comment(comment_place);
        }
        Ok(())
    }

    /// `---` or `...`, followed by a blank, a break or the end.
    pub(super) fn is_document_indicator(&self) -> bool {
        let rest = &self.bytes[self.pos..];
        (rest.starts_with(b"---") || rest.starts_with(b"...")) && is_blankz(self.bytes, self.pos + 3)
    }

    fn fetch_content(&mut self, byte: u8) -> Scan<()> {
        let in_flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if is_blankz(self.bytes, self.pos + 1) => self.fetch_block_entry(),
            b'?' if in_flow || is_blankz(self.bytes, self.pos + 1) => self.fetch_key(),
            b':' if in_flow || is_blankz(self.bytes, self.pos + 1) => self.fetch_value(),
            b'*' => self.fetch_word(TokenKind::Alias),
            b'&' => self.fetch_word(TokenKind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' if !in_flow => self.fetch_block_scalar(true),
            b'>' if !in_flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_flow_scalar(true),
            b'"' => self.fetch_flow_scalar(false),
            b'#' | b'%' | b'@' | b'`' | b'|' | b'>' | b' ' | b'\t' => self.cannot_start(),
            b'?' | b':' if in_flow => self.cannot_start(),
            _ if break_len(self.bytes, self.pos) > 0 => self.cannot_start(),
            _ => self.fetch_plain_scalar(),
        }
    }

    fn cannot_start(&self) -> Scan<()> {
        fail(self.place(), "found character that cannot start any token")
    }

    fn fetch_stream_end(&mut self) -> Scan<()> {
        if self.column() != 0 {
            self.line_start = self.pos;
            self.line += 1;
        }
        self.unroll_indent(-1, self.place());
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.tokens.push_back(Token::new(TokenKind::StreamEnd, self.place()));
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scan<()> {
        self.unroll_indent(-1, self.place());
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Scan<()> {
        self.unroll_indent(-1, self.place());
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push_indicator(kind, 3);
        Ok(())
    }

    fn push_indicator(&mut self, kind: TokenKind, len: usize) {
        let place = self.place();
        self.pos += len;
        self.newlines = 0;
        self.tokens.push_back(Token::new(kind, place));
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Scan<()> {
        self.save_simple_key()?;
        let token_number = self.tokens_parsed + self.tokens.len();
        self.simple_keys.push(SimpleKey { token_number, place: self.place(), ..SimpleKey::default() });
        self.flow_level += 1;
        self.simple_key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Scan<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let closed = self.simple_keys.pop().map(|key| key.token_number);
            let outer = self.current_key();
            if closed == Some(outer.token_number) {
                outer.waited_for = false;
            }
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Scan<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scan<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return fail(self.place(), "block sequence entries are not allowed in this context");
            }
            self.roll_indent(self.column(), None, TokenKind::BlockSequenceStart, self.place());
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scan<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return fail(self.place(), "mapping keys are not allowed in this context");
            }
            self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, self.place());
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scan<()> {
        let level = self.simple_keys.len() - 1;
        if self.simple_key_is_valid(level)? {
            let key = self.simple_keys[level];
            if key.token_number < self.tokens_parsed {
                return fail(key.place, "a collection cannot be a key");
            }
            self.tokens.insert(key.token_number - self.tokens_parsed, Token::new(TokenKind::Key, key.place));
            let column = key.place.column.cast_signed();
            self.roll_indent(column, Some(key.token_number), TokenKind::BlockMappingStart, key.place);
            self.simple_keys[level].possible = false;
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return fail(self.place(), "mapping values are not allowed in this context");
                }
                self.roll_indent(self.column(), None, TokenKind::BlockMappingStart, self.place());
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(TokenKind::Value, 1);
        Ok(())
    }

    fn fetch_word(&mut self, kind: TokenKind) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_anchor(kind)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_tag()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Scan<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_flow_scalar(&mut self, single: bool) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = if single { self.scan_single_quoted()? } else { self.scan_double_quoted()? };
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_plain_scalar(&mut self) -> Scan<()> {
        if self.flow_level > 0 || !self.simple_key_allowed {
            self.save_simple_key()?;
            self.simple_key_allowed = false;
            let token = self.scan_plain()?;
            self.tokens.push_back(token);
            return Ok(());
        }
        let key = SimpleKey {
            possible: true,
            waited_for: true,
            required: self.indent == self.column(),
            token_number: self.tokens_parsed + self.tokens.len(),
            place: self.place(),
        };
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_plain()?;
        // The most frequent line of all, `key: …`, without the detour over a key that is found out to be one later.
        let is_key = self.at(0) == b':'
            && self.line == key.place.line
            && self.pos - key.place.index <= SIMPLE_KEY_MAX
            && is_blankz(self.bytes, self.pos + 1);
        if is_key {
            self.roll_indent(key.place.column.cast_signed(), None, TokenKind::BlockMappingStart, key.place);
            self.tokens.push_back(Token::new(TokenKind::Key, key.place));
            self.tokens.push_back(token);
            self.push_indicator(TokenKind::Value, 1);
        } else {
            *self.current_key() = key;
            self.tokens.push_back(token);
        }
        Ok(())
    }

    /// Moves over blanks, breaks and comments.
    fn skip_to_next_token(&mut self) -> Scan<()> {
        let scan_place = self.place();
        loop {
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.at(0) == b' ' || tabs && self.at(0) == b'\t' {
                self.pos += 1;
            }
            self.lift_entry_comment();
            if self.at(0) == b'#' {
                self.scan_comments(scan_place);
            }
            if break_len(self.bytes, self.pos) == 0 {
                return Ok(());
            }
            self.skip_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }
}
