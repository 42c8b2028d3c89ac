//! Looking for line breaks and separators in texts of any size. Must not know what they mean.
//!
//! `memchr` asks the processor which instructions it has before it searches for the first time. In a virtual machine each such
//! question is answered by the host, and all of them take longer than reading a small manifest byte by byte.

use memchr::{memchr, memmem};

/// From so many bytes on `memchr` is worth its questions.
const LARGE: usize = 64 << 10;

/// Position of the first `byte`, which is ASCII.
#[inline]
pub(super) fn byte(bytes: &[u8], byte: u8) -> Option<usize> {
    if bytes.len() < LARGE { bytes.iter().position(|b| *b == byte) } else { memchr(byte, bytes) }
}

/// Position of the first line feed that `---` follows.
pub(super) fn separator(text: &str) -> Option<usize> {
    const SEPARATOR: &str = "\n---";
    if text.len() >= LARGE {
        return memmem::find(text.as_bytes(), SEPARATOR.as_bytes());
    }
    let breaks = text.match_indices('\n').map(|(at, _)| at);
    breaks.into_iter().find(|at| text[*at..].starts_with(SEPARATOR))
}

/// Is there a line that ends in CR LF?
pub(super) fn has_crlf(text: &str) -> bool {
    if text.len() < LARGE {
        text.contains('\r') && text.contains("\r\n")
    } else {
        memmem::find(text.as_bytes(), b"\r\n").is_some()
    }
}

/// How many line feeds there are.
pub(super) fn count_lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_texts_give_the_same_answers() {
        for filling in [0, 1, LARGE - 1, LARGE, LARGE + 1] {
            let filling = "-x\n-.".repeat(filling / 5);
            for (text, lines, found, crlf) in [
                ("a\n---b", 1, Some(1), false),
                ("a\r\n--- b\n", 2, Some(2), true),
                ("\r-\n\n---", 2, Some(3), false),
                ("---\n--", 1, None, false),
                ("é\n---\n---", 2, Some(2), false),
            ] {
                let text = format!("{filling}{text}");
                assert_eq!(separator(&text), found.map(|at| at + filling.len()), "{}", text.len());
                assert_eq!(has_crlf(&text), crlf, "{}", text.len());
                assert_eq!(count_lines(&text), lines + filling.len() / 5, "{}", text.len());
                assert_eq!(byte(text.as_bytes(), b'b'), text.find('b'), "{}", text.len());
            }
        }
    }
}
