//! A text with its lines, and what can be said of lines alone. Must not know trees beyond their marks.

use krm::{Mark, Node, Style};

/// Lines of a text, from 0, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) first: usize,
    pub(super) end: usize,
}

pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    /// Byte offset of each line.
    starts: Vec<usize>,
}

/// The line of a mark, from 0.
pub(super) fn line_of(mark: Mark) -> usize {
    (mark.line as usize).saturating_sub(1)
}

/// The column of a mark in characters, from 0.
pub(super) fn column_of(mark: Mark) -> usize {
    (mark.column as usize).saturating_sub(1)
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(breaks).filter(|start| *start < text.len()).collect();
        Self { text, starts }
    }

    /// Where a line starts; the end of the text for the one behind the last.
    pub(super) fn line_start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// A line without its end.
    pub(super) fn line(&self, line: usize) -> &'a str {
        self.text[self.line_start(line)..self.line_start(line + 1)].trim_end_matches(['\n', '\r'])
    }

    /// Byte offset of a mark.
    pub(super) fn offset(&self, mark: Mark) -> usize {
        let start = self.line_start(line_of(mark));
        let line = self.line(line_of(mark));
        start + line.char_indices().nth(column_of(mark)).map_or(line.len(), |(at, _)| at)
    }

    /// The lines of the first document, from its first content.
    pub(super) fn document(&self, root: &Node) -> Lines {
        let first = line_of(root.mark());
        let ends = |line: &str| ["---", "..."].iter().any(|m| line == *m || line.starts_with(&format!("{m} ")));
        let end = (first + 1..self.starts.len()).find(|line| ends(self.line(*line))).unwrap_or(self.starts.len());
        Lines { first, end }
    }

    pub(super) fn is_flow(&self, node: &Node) -> bool {
        let style = match node {
            Node::Map(map) => map.style,
            Node::Seq(seq) => seq.style,
            Node::Scalar(_) => return false,
        };
        style == Style::Flow || self.text[self.offset(node.mark())..].starts_with(['{', '['])
    }

    pub(super) fn is_blank(&self, line: usize) -> bool {
        self.line(line).trim().is_empty()
    }

    pub(super) fn is_comment(&self, line: usize) -> bool {
        self.line(line).trim_start().starts_with('#')
    }

    pub(super) fn indent(&self, line: usize) -> usize {
        let line = self.line(line);
        line.len() - line.trim_start_matches(' ').len()
    }

    /// The first of the comment lines directly above `line` that describe it: at its column, and not an item or field that
    /// somebody commented out. The comment that a file starts with is about the file.
    pub(super) fn with_comments(&self, line: usize, column: usize) -> usize {
        let describes = |line: usize| {
            let text = self.line(line).trim_start().trim_start_matches('#').trim_start();
            let commented_out =
                text.starts_with("- ") || text.split_once(':').is_some_and(|(key, _)| !key.contains(' '));
            self.is_comment(line) && self.indent(line) == column && !commented_out
        };
        let mut first = line;
        while first > 0 && describes(first - 1) {
            first -= 1;
        }
        if first == 0 { line } else { first }
    }
}
