//! Block lists and maps: entries come and go by whole lines.

use krm::{Mapping, Node, Sequence, Style};

use super::source::{Lines, column_of, line_of};
use super::{Fit, Rewriter, Unfit, align, entry_lines};

impl Rewriter<'_> {
    /// The lines of `lines` that are the node itself: without blank lines and comments behind it.
    pub(super) fn content(&self, node: &Node, lines: Lines, parent: Option<usize>) -> Lines {
        let scalar = matches!(last_style(node), Style::Literal | Style::Folded);
        let in_scalar = |line: usize| scalar && parent.is_none_or(|column| self.source.indent(line) > column);
        let mut end = lines.end;
        let passes = |line: usize| self.source.is_blank(line) || (self.source.is_comment(line) && !in_scalar(line));
        while end > lines.first + 1 && passes(end - 1) {
            end -= 1;
        }
        Lines { first: lines.first, end }
    }

    pub(super) fn block_map(&mut self, was: &Mapping, will: &Mapping, lines: Lines) -> Fit {
        let column = was.entries.first().map(|entry| column_of(entry.key.mark)).ok_or(Unfit)?;
        if (will.is_empty() && column > 0) || was.entries.iter().any(|entry| column_of(entry.key.mark) != column) {
            return Err(Unfit);
        }
        let mut kept_end = None;
        if will.is_empty() {
            // Comments behind the last field are about the file.
            let last = was.entries.len() - 1;
            let end = self.content(&was.entries[last].value, entry_lines(was, last, lines), Some(column)).end;
            self.replace_lines(Lines { first: end, end }, "{}\n".to_owned());
        }
        for (index, entry) in was.entries.iter().enumerate() {
            let region = entry_lines(was, index, lines);
            let content = self.content(&entry.value, region, Some(column));
            if let Some(value) = will.get(&entry.key.text) {
                kept_end = Some(content.end);
                self.node(&entry.value, value, region, Some(column))?;
            } else {
                // The first key behind a dash shares its line.
                if self.source.indent(region.first) != column {
                    return Err(Unfit);
                }
                let first = self.source.with_comments(region.first, column);
                let end = content.end;
                // One empty line between two fields is enough.
                let apart = column == 0 && (first == 0 || self.source.is_blank(first - 1));
                let end = if apart && end < lines.end && self.source.is_blank(end) { end + 1 } else { end };
                self.replace_lines(Lines { first, end }, String::new());
            }
        }
        let added: Vec<_> = will.entries.iter().filter(|entry| !was.contains_key(&entry.key.text)).collect();
        if added.is_empty() {
            return Ok(());
        }
        // Behind everything in a file, comments included; behind the last entry elsewhere.
        let at = if column == 0 { self.file_end(lines) } else { kept_end.ok_or(Unfit)? };
        let mut text = String::new();
        for entry in added {
            text.push_str(&self.printed_entry(&entry.key, &entry.value, column)?);
        }
        self.replace_lines(Lines { first: at, end: at }, text);
        Ok(())
    }

    fn file_end(&self, lines: Lines) -> usize {
        let mut end = lines.end;
        while end > lines.first + 1 && self.source.is_blank(end - 1) {
            end -= 1;
        }
        end
    }

    pub(super) fn block_seq(&mut self, was: &Sequence, will: &Sequence, lines: Lines) -> Fit {
        let column = column_of(was.mark);
        if was.items.is_empty() || will.items.is_empty() {
            return Err(Unfit);
        }
        let dashes = self.dashes(was, column)?;
        let end_of = |index: usize| dashes.get(index + 1).copied().unwrap_or(lines.end);
        let region = |index: usize| Lines { first: dashes[index], end: end_of(index) };
        let mut last = None;
        for step in align::steps(&was.items, &will.items)? {
            match step {
                align::Step::Keep(old, new) => {
                    self.node(&was.items[old], &will.items[new], region(old), Some(column))?;
                    last = Some(old);
                }
                align::Step::Remove(old) => {
                    // The first item of a list in a list shares its line.
                    if self.source.indent(dashes[old]) != column {
                        return Err(Unfit);
                    }
                    let content = self.content(&was.items[old], region(old), Some(column));
                    let first = self.source.with_comments(content.first, column);
                    self.replace_lines(Lines { first, end: content.end }, String::new());
                    last = Some(old);
                }
                align::Step::Add(new) => {
                    let at = match last {
                        Some(old) => self.content(&was.items[old], region(old), Some(column)).end,
                        None => self.source.with_comments(dashes[0], column),
                    };
                    let text = self.printed_item(&will.items[new], column)?;
                    self.replace_lines(Lines { first: at, end: at }, text);
                }
            }
        }
        Ok(())
    }

    /// The line of each item's dash.
    fn dashes(&self, seq: &Sequence, column: usize) -> Fit<Vec<usize>> {
        let mut lines: Vec<usize> = Vec::with_capacity(seq.items.len());
        for item in &seq.items {
            if item.mark().line == 0 {
                return Err(Unfit);
            }
            let lowest = lines.last().map_or(line_of(seq.mark), |line| line + 1);
            let has_dash = |line: &usize| self.source.line(*line).as_bytes().get(column) == Some(&b'-');
            let line = (lowest..=line_of(item.mark())).rev().find(has_dash).ok_or(Unfit)?;
            lines.push(line);
        }
        Ok(lines)
    }
}

/// How the text of a node ends.
fn last_style(node: &Node) -> Style {
    match node {
        Node::Scalar(scalar) => scalar.style,
        Node::Seq(seq) => seq.items.last().map_or(seq.style, last_style),
        Node::Map(map) => map.entries.last().map_or(map.style, |entry| last_style(&entry.value)),
    }
}
