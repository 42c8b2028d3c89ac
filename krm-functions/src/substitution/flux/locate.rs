//! From an offset in the text that an object is printed as to the field of the object. Owns that way; must not know what is
//! looked for.

use krm::yaml::{Limits, parse_first_document};
use krm::{Mark, Node, Style};

use crate::substitution::place::{Place, item, line_of, member};

/// A printed object, read again for its positions.
pub(super) struct Locator<'n> {
    original: &'n Node,
    printed: Option<Node>,
    text: &'n str,
    /// Where each line starts.
    lines: Vec<usize>,
}

impl<'n> Locator<'n> {
    /// `text` is what `original` is printed as.
    pub(super) fn new(original: &'n Node, text: &'n str) -> Self {
        let printed = parse_first_document(text, "", &Limits::default()).ok();
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { original, printed, text, lines }
    }

    /// The field that holds the byte at `offset`.
    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let column = self.text[self.lines[line]..offset].chars().count();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let mark = Mark { line: number(line) + 1, column: number(column) + 1 };
        let mut walk = Walk { mark, field: String::new(), line: self.original.mark().line };
        if let Some(printed) = &self.printed {
            walk.down(printed, Some(self.original));
        }
        Place { field: walk.field, line: walk.line }
    }
}

struct Walk {
    mark: Mark,
    field: String,
    line: u32,
}

impl Walk {
    fn reached(&self, mark: Mark) -> bool {
        (mark.line, mark.column) <= (self.mark.line, self.mark.column)
    }

    /// Follows what starts last at or before the mark; `original` is the same node as it was read.
    fn down(&mut self, printed: &Node, original: Option<&Node>) {
        match printed {
            Node::Scalar(scalar) => {
                // Below `|` the lines of the text follow one by one.
                let block = scalar.style == Style::Literal;
                let content_line = self.mark.line.saturating_sub(scalar.mark.line + u32::from(block));
                if let Some(Node::Scalar(original)) = original {
                    self.line = line_of(original.mark, original.style, if block { content_line } else { 0 });
                }
            }
            Node::Map(map) => {
                let Some(entry) = map.entries.iter().rev().find(|entry| self.reached(entry.key.mark)) else { return };
                let known = original.and_then(Node::as_map).and_then(|map| map.get_entry(&entry.key.text));
                self.field = member(&self.field, &entry.key.text);
                if let Some(known) = known {
                    self.line = known.key.mark.line;
                }
                if self.reached(entry.value.mark()) {
                    self.down(&entry.value, known.map(|known| &known.value));
                }
            }
            Node::Seq(seq) => {
                let Some(index) = seq.items.iter().rposition(|item| self.reached(item.mark())) else { return };
                let known = original.and_then(Node::as_seq).and_then(|items| items.get(index));
                self.field = item(&self.field, index);
                if let Some(known) = known {
                    self.line = known.mark().line;
                }
                self.down(&seq.items[index], known);
            }
        }
    }
}
