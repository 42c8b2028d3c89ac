//! Scalars and indentation as libyaml's emitter writes them, for both profiles. Must not know trees or tags.

use super::chars::{break_len, char_len, is_blank, is_blankz, is_break, is_printable};
use super::find;

/// The end of the text under construction.
pub(super) struct Writer<'o> {
    pub(super) out: &'o mut String,
    /// Column in characters.
    pub(super) column: usize,
    pub(super) indent: i32,
    /// The last character was a blank that separates.
    pub(super) whitespace: bool,
    /// Only indentation and indicators stand on the line so far.
    pub(super) indention: bool,
    /// Columns after which text is folded.
    pub(super) width: usize,
    /// Indentation at which a foot comment was written last: an empty line parts it from what follows. Else -1.
    pub(super) foot_indent: i32,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut String, width: usize) -> Self {
        Self { out, column: 0, indent: -1, whitespace: true, indention: true, width, foot_indent: -1 }
    }

    pub(super) fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.indention = true;
    }

    pub(super) fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    /// Goes to the indentation, on a new line unless only indicators stand before it.
    pub(super) fn write_indent(&mut self) {
        let indent = usize::try_from(self.indent).unwrap_or(0);
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put_break();
        }
        if self.foot_indent >= 0 && self.foot_indent == self.indent.max(0) {
            self.put_break();
        }
        while self.column < indent {
            let spaces = &"                                "[..(indent - self.column).min(32)];
            self.out.push_str(spaces);
            self.column += spaces.len();
        }
        self.whitespace = true;
        self.foot_indent = -1;
    }

    /// Copies text without breaks.
    pub(super) fn copy_text(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    /// Writes an ASCII indicator.
    pub(super) fn write_indicator(
        &mut self,
        indicator: &str,
        need_whitespace: bool,
        is_whitespace: bool,
        is_indention: bool,
    ) {
        if need_whitespace && !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(indicator);
        self.column += indicator.len();
        self.whitespace = is_whitespace;
        self.indention = self.indention && is_indention;
    }

    /// Copies one character.
    fn copy(&mut self, text: &str, at: &mut usize) {
        let next = *at + char_len(text.as_bytes()[*at]);
        self.out.push_str(&text[*at..next]);
        self.column += 1;
        *at = next;
    }

    /// Copies one break; LS, PS and NEL stay what they are.
    pub(super) fn copy_break(&mut self, text: &str, at: &mut usize) {
        if text.as_bytes()[*at] == b'\n' {
            self.put_break();
            *at += 1;
        } else {
            self.copy(text, at);
            self.column = 0;
            self.indention = true;
        }
    }

    /// Copies what needs no care up to the next blank, break or `quote`, and tells where that is.
    fn copy_run(&mut self, text: &str, at: usize, quote: u8) -> usize {
        let bytes = text.as_bytes();
        let mut end = at;
        while let Some(&byte) = bytes.get(end)
            && byte != b' '
            && byte != quote
            && byte.is_ascii_graphic()
        {
            end += 1;
        }
        self.out.push_str(&text[at..end]);
        self.column += end - at;
        end
    }

    /// Plain, or the inside of single quotes (`quote` is `'`, which is doubled).
    fn write_flow_text(&mut self, text: &str, allow_breaks: bool, quote: u8) {
        let bytes = text.as_bytes();
        let quoted = quote == b'\'';
        if self.column + text.len() <= self.width
            && bytes.iter().all(|&b| b == b' ' || b.is_ascii_graphic() && b != quote)
        {
            self.out.push_str(text);
            self.column += text.len();
            self.indention = false;
            return;
        }
        let (mut spaces, mut breaks) = (false, false);
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b' ' {
                let inside = !quoted || at > 0 && at < bytes.len() - 1;
                let next_space = bytes.get(at + 1) == Some(&b' ');
                if allow_breaks && !spaces && self.column > self.width && inside && !next_space {
                    self.write_indent();
                    at += 1;
                } else {
                    self.copy(text, &mut at);
                }
                spaces = true;
            } else if is_break(bytes, at) {
                if !breaks && bytes[at] == b'\n' {
                    self.put_break();
                }
                self.copy_break(text, &mut at);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if quoted && bytes[at] == b'\'' {
                    self.put('\'');
                }
                self.copy(text, &mut at);
                at = self.copy_run(text, at, quote);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
        }
    }

    /// Plain text of single-byte characters without blanks.
    #[inline]
    pub(super) fn write_bare(&mut self, text: &str) {
        if !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn write_plain(&mut self, text: &str, allow_breaks: bool) {
        if text.is_empty() {
            self.indention = false;
            return;
        }
        if !self.whitespace {
            self.put(' ');
        }
        self.write_flow_text(text, allow_breaks, 0);
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn write_single_quoted(&mut self, text: &str, allow_breaks: bool) {
        self.write_indicator("'", true, false, false);
        self.write_flow_text(text, allow_breaks, b'\'');
        self.write_indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    pub(super) fn write_double_quoted(&mut self, text: &str, allow_breaks: bool) {
        let bytes = text.as_bytes();
        // libyaml looks for a byte order mark at the start of the text, whatever character it stands at.
        let bom = text.starts_with('\u{FEFF}');
        let mut spaces = false;
        self.write_indicator("\"", true, false, false);
        let mut at = 0;
        while at < bytes.len() {
            let byte = bytes[at];
            if bom || byte == b'"' || byte == b'\\' || !is_printable(bytes, at) || is_break(bytes, at) {
                let c = text[at..].chars().next().expect("the loop stays inside the text");
                at += c.len_utf8();
                self.write_escape(c);
                spaces = false;
            } else if byte == b' ' {
                let inside = at > 0 && at < bytes.len() - 1;
                if allow_breaks && !spaces && self.column > self.width && inside {
                    self.write_indent();
                    if bytes.get(at + 1) == Some(&b' ') {
                        self.put('\\');
                    }
                    at += 1;
                } else {
                    self.copy(text, &mut at);
                }
                spaces = true;
            } else {
                self.copy(text, &mut at);
                spaces = false;
            }
        }
        self.write_indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn write_escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0B' => 'v',
            '\x0C' => 'f',
            '\r' => 'r',
            '\x1B' => 'e',
            '"' | '\\' => c,
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let escape = match code {
                    0..=0xFF => format!("\\x{code:02X}"),
                    0x100..=0xFFFF => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.out.push_str(&escape);
                self.column += escape.len();
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    /// `|` or `>` with its indentation (`step` columns, said where the text does not show it) and chomping indicators.
    pub(super) fn write_block_header(&mut self, indicator: &str, text: &str, step: i32) {
        self.write_indicator(indicator, true, false, false);
        let bytes = text.as_bytes();
        if bytes.first() == Some(&b' ') || is_break(bytes, 0) {
            self.write_indicator(&step.to_string(), false, false, false);
        }
        let mut ends = text.char_indices().rev().map(|(at, _)| is_break(bytes, at));
        match (ends.next(), ends.next()) {
            (None | Some(false), _) => self.write_indicator("-", false, false, false),
            (Some(true), None | Some(true)) => self.write_indicator("+", false, false, false),
            _ => {}
        }
    }

    /// The lines of a literal or folded scalar, behind its header's break.
    pub(super) fn write_block_body(&mut self, text: &str, folded: bool) {
        self.whitespace = true;
        if folded { self.write_folded_lines(text) } else { self.write_literal_lines(text) }
    }

    fn write_literal_lines(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if is_break(bytes, at) {
                self.copy_break(text, &mut at);
                continue;
            }
            let end = line_end(bytes, at);
            self.write_indent();
            self.out.push_str(&text[at..end]);
            self.column += end - at;
            self.indention = false;
            at = end;
        }
    }

    /// libyaml's folding, which adds a newline before one that must stay; go-yaml's width is unlimited where this is used.
    fn write_folded_lines(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let (mut breaks, mut leading_spaces) = (true, true);
        let mut at = 0;
        while at < bytes.len() {
            if is_break(bytes, at) {
                if !breaks && !leading_spaces && bytes[at] == b'\n' {
                    // libyaml looks behind the breaks at the start of the text, not behind these.
                    let mut behind = 0;
                    while is_break(bytes, behind) {
                        behind += char_len(bytes[behind]);
                    }
                    if !is_blankz(bytes, behind) {
                        self.put_break();
                    }
                }
                self.copy_break(text, &mut at);
                breaks = true;
                continue;
            }
            if breaks {
                self.write_indent();
                leading_spaces = is_blank(bytes[at]);
            }
            self.copy(text, &mut at);
            self.indention = false;
            breaks = false;
        }
    }
}

/// Where the line that holds `at` ends: at a break of any kind, or at the end.
fn line_end(bytes: &[u8], at: usize) -> usize {
    let end = find::byte(&bytes[at..], b'\n').map_or(bytes.len(), |len| at + len);
    // All other breaks start with a carriage return or are no ASCII. Without branches, since nearly no line has any.
    let odd = bytes[at..end].iter().fold(0, |odd, &byte| odd | byte & 0x80 | u8::from(byte == b'\r'));
    if odd == 0 { end } else { (at..end).find(|&at| break_len(bytes, at) > 0).unwrap_or(end) }
}
