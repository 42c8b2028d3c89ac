//! Colours of the 16-colour palette and the symbols, with their ASCII forms. Never colour alone: every state has a word.

use std::fmt::Display;

/// A colour with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Added, ready.
    Green,
    /// Removed, failed.
    Red,
    /// Changed, careful.
    Yellow,
    /// Names of things, hints.
    Cyan,
    /// Beside the point.
    Dim,
    /// Headlines.
    Bold,
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// Use escape sequences?
    pub color: bool,
    /// Use characters beyond ASCII?
    pub unicode: bool,
}

impl Paint {
    /// No colours, all characters.
    pub const PLAIN: Self = Self { color: false, unicode: true };

    /// `text` in `color`.
    pub fn paint(self, color: Color, text: impl Display) -> String {
        if !self.color {
            return text.to_string();
        }
        let code = match color {
            Color::Green => "32",
            Color::Red => "31",
            Color::Yellow => "33",
            Color::Cyan => "36",
            Color::Dim => "2",
            Color::Bold => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// `unicode`, or `ascii` where only that can be printed.
    pub fn symbol(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }
}

/// Columns that `text` takes on a terminal. East Asian wide characters and most emoji take two, combining marks none.
pub(super) fn columns(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

/// Server texts must not move the cursor or change colours: control characters become visible.
pub(super) fn tame(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_the_text_is_untouched() {
        assert_eq!(Paint::PLAIN.paint(Color::Red, "x"), "x");
        assert_eq!(Paint { color: true, unicode: true }.paint(Color::Red, "x"), "\x1b[31mx\x1b[0m");
    }

    #[test]
    fn what_a_server_says_cannot_drive_the_terminal() {
        assert_eq!(tame("a\x1b[2Jb\nc\r"), "a\u{fffd}[2Jb c\u{fffd}");
    }
}
