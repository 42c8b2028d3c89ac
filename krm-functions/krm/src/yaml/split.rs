//! The stream split into documents, as kyaml does it before it parses anything. Must not know YAML inside a document.

use super::error::ParseProblem;
use super::find;

/// The text of one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Its text, without the separators around it.
    pub text: &'a str,
    /// Line of its first character, from 1.
    pub line: u32,
}

/// Splits at lines that start with `---`, wherever they stand (in a block scalar too): kyaml does it before parsing.
/// A separator carries nothing but blanks and a comment, and the text must have LF line breaks (see [`super::unix_breaks`]).
/// On failure: the line, from 1, and what is wrong with it.
pub fn split_documents(text: &str) -> Result<Vec<Chunk<'_>>, (u32, ParseProblem)> {
    let mut chunks = Vec::new();
    if text.is_empty() {
        return Ok(chunks);
    }
    let bytes = text.as_bytes();
    let (mut start, mut line) = (0, 1);
    while let Some(found) = find::separator(&text[start..]) {
        let separator = start + found;
        let Some(len) = find::byte(&bytes[separator + 1..], b'\n') else { break };
        let end = separator + 1 + len + 1;
        let behind = text[separator + 4..end].trim();
        let separator_line = line + count_lines(&text[start..=separator]);
        if !behind.is_empty() && !behind.starts_with('#') {
            return Err((separator_line, ParseProblem::InvalidSeparator));
        }
        // A document keeps the newline before the separator: it may end a block scalar.
        chunks.push(Chunk { text: &text[start..=separator], line });
        (start, line) = (end, separator_line + 1);
    }
    chunks.push(Chunk { text: &text[start..], line });
    Ok(chunks)
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(find::count_lines(text)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_end_at_separator_lines() {
        let texts = |s| split_documents(s).map(|c| c.iter().map(|c| (c.text.to_owned(), c.line)).collect::<Vec<_>>());
        assert_eq!(texts(""), Ok(vec![]));
        assert_eq!(texts("a\n---\nb\n"), Ok(vec![("a\n".into(), 1), ("b\n".into(), 3)]));
        assert_eq!(texts("---\na\n---  # x\nb"), Ok(vec![("---\na\n".into(), 1), ("b".into(), 4)]));
        assert_eq!(texts("a\n---\n---\nb"), Ok(vec![("a\n".into(), 1), ("---\nb".into(), 3)]));
        assert_eq!(texts("a\n---"), Ok(vec![("a\n---".into(), 1)]));
        let refused = texts("x: |\n  a\n--- b\n").unwrap_err();
        assert_eq!(refused, (3, ParseProblem::InvalidSeparator));
    }
}
