//! Scalars: a new value in place of the old one, in the quotes that were there.

use krm::{Scalar, Style};

use super::source::{Lines, line_of};
use super::{Fit, Rewriter, Unfit};

impl Rewriter<'_> {
    /// `content` are the lines of the scalar, from the one on which its key or dash stands.
    pub(super) fn scalar(&mut self, was: &Scalar, will: &Scalar, content: Lines) -> Fit {
        let start = self.start(was)?;
        let first = line_of(was.mark);
        let bytes = self.source.text.as_bytes();
        let last_line_end = || {
            let line = content.end - 1;
            self.source.line_start(line) + self.source.line(line).trim_end().len()
        };
        let end = match was.style {
            Style::SingleQuoted | Style::DoubleQuoted => quoted_end(bytes, start).ok_or(Unfit)?,
            Style::Literal | Style::Folded => last_line_end(),
            Style::Plain | Style::Flow if content.end > first + 1 => last_line_end(),
            Style::Plain | Style::Flow => {
                let line_end = self.source.line_start(first) + self.source.line(first).len();
                let rest = &self.source.text[start..line_end];
                start + rest.find(" #").map_or(rest, |comment| &rest[..comment]).trim_end().len()
            }
        };
        let text = self.printed_scalar(will, was.style)?;
        // A block scalar cannot stand in one line's place, and a comment behind it would become text.
        if text.contains('\n') {
            return Err(Unfit);
        }
        self.replace(start, end, text);
        Ok(())
    }

    pub(super) fn scalar_in_flow(&mut self, was: &Scalar, will: &Scalar) -> Fit {
        let start = self.start(was)?;
        let bytes = self.source.text.as_bytes();
        let end = if matches!(was.style, Style::SingleQuoted | Style::DoubleQuoted) {
            quoted_end(bytes, start).ok_or(Unfit)?
        } else {
            let rest = &self.source.text[start..];
            let end = rest.find([',', ']', '}', '\n']).ok_or(Unfit)?;
            start + rest[..end].find(" #").map_or(&rest[..end], |comment| &rest[..comment]).trim_end().len()
        };
        let node = krm::Node::Scalar(Scalar { style: was.style, ..will.clone() });
        let text = self.printed_in_flow(&node)?;
        self.replace(start, end, text);
        Ok(())
    }

    /// Where it stands. One without text stands nowhere, one with an anchor or a tag is more than its text.
    fn start(&self, scalar: &Scalar) -> Fit<usize> {
        let start = self.source.offset(scalar.mark);
        let first = self.source.text[start..].chars().next();
        let fits = match scalar.style {
            Style::SingleQuoted => first == Some('\''),
            Style::DoubleQuoted => first == Some('"'),
            Style::Literal => first == Some('|'),
            Style::Folded => first == Some('>'),
            Style::Plain | Style::Flow => {
                !scalar.text.is_empty()
                    && self.source.text[start..].starts_with(scalar.text.lines().next().unwrap_or(""))
                    || scalar.text.contains(' ') && first == scalar.text.chars().next()
            }
        };
        if fits { Ok(start) } else { Err(Unfit) }
    }
}

/// Behind the closing quote of the scalar that starts at `start`.
pub(super) fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}
