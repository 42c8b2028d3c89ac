//! From a changed tree back to text: only the bytes that a change needs are touched, so comments, order, quotes and indentation
//! of everything else stay. Owns how a difference of trees becomes a difference of texts; must not know what fields mean.
//!
//! Block lists and maps are edited by lines, flow ones and scalars by bytes. Where a text is written in a way that this cannot
//! follow (anchors, `? key`, …), the top-level field is printed anew, comments included. Every result is read again and must
//! give exactly the wanted tree: a wrong edit is never written.

mod align;
mod block;
mod flow;
pub(super) mod print;
mod scalar;
mod source;

use krm::yaml::{Limits, SequenceIndent, emit_function_with, parse_first_document};
use krm::{Mapping, Node};

use source::{Lines, Source};

/// This way of editing does not fit how the text is written; another one may.
#[derive(Debug)]
struct Unfit;

type Fit<T = ()> = Result<T, Unfit>;

/// From a text with its tree and the wanted tree to the new text.
type Way = fn(&str, &Node, &Node) -> Fit<String>;

/// Text in place of the bytes from `start` to `end`.
#[derive(Debug)]
struct Change {
    start: usize,
    end: usize,
    text: String,
}

struct Rewriter<'a> {
    source: Source<'a>,
    lists: SequenceIndent,
    changes: Vec<Change>,
}

/// `text`, whose first document is `old`, changed so that it is `new`. Nothing if no way leads there.
pub(super) fn rewrite(text: &str, old: &Node, new: &Node) -> Option<String> {
    if old == new {
        return Some(text.to_owned());
    }
    let (mark, body) = text.strip_prefix('\u{FEFF}').map_or(("", text), |body| ("\u{FEFF}", body));
    // Windows' line ends come back if all of them were such.
    let breaks = body.matches('\n').count();
    let windows = breaks > 0 && body.matches("\r\n").count() == breaks;
    let unix = if windows { body.replace("\r\n", "\n") } else { body.to_owned() };
    let ways: [Way; 3] = [surgical, by_field, whole];
    let is_wanted = |text: &String| parse_first_document(text, "", &Limits::default()).is_ok_and(|read| read == *new);
    let result = ways.iter().find_map(|way| way(&unix, old, new).ok().filter(is_wanted))?;
    let result = if windows { result.replace('\n', "\r\n") } else { result };
    Some(format!("{mark}{result}"))
}

fn surgical(text: &str, old: &Node, new: &Node) -> Fit<String> {
    let mut rewriter = Rewriter { source: Source::new(text), lists: SequenceIndent::of(text), changes: Vec::new() };
    let lines = rewriter.source.document(old);
    rewriter.node(old, new, lines, None)?;
    rewriter.finish()
}

/// Prints top-level fields anew where they differ.
fn by_field(text: &str, old: &Node, new: &Node) -> Fit<String> {
    let (Node::Map(was), Node::Map(will)) = (old, new) else { return Err(Unfit) };
    let mut between = was.clone();
    let mut rewriter = Rewriter { source: Source::new(text), lists: SequenceIndent::of(text), changes: Vec::new() };
    let lines = rewriter.source.document(old);
    for (index, entry) in was.entries.iter().enumerate() {
        let Some(value) = will.get(&entry.key.text) else { continue };
        if *value == entry.value {
            continue;
        }
        let region = entry_lines(was, index, lines);
        let content = rewriter.content(&entry.value, region, Some(0));
        let text = rewriter.printed_entry(&print::without_outer_comments(&entry.key), value, 0)?;
        rewriter.replace_lines(content, text);
        value.clone_into(&mut between.entries[index].value);
    }
    let text = rewriter.finish()?;
    if Node::Map(between.clone()) == *new {
        return Ok(text);
    }
    // What is left are fields that come and go.
    let read = parse_first_document(&text, "", &Limits::default()).map_err(|_| Unfit)?;
    surgical(&text, &read, new)
}

fn whole(text: &str, _old: &Node, new: &Node) -> Fit<String> {
    let mut out = String::new();
    let mut new = new.clone();
    print::quote_words(&mut new);
    emit_function_with(&new, SequenceIndent::of(text), &mut out).map_err(|_| Unfit)?;
    Ok(out)
}

impl Rewriter<'_> {
    /// `lines` hold the node and what belongs to it; `parent` is the column of the key or dash that it belongs to.
    fn node(&mut self, old: &Node, new: &Node, lines: Lines, parent: Option<usize>) -> Fit {
        if old == new {
            return Ok(());
        }
        match (old, new) {
            (Node::Map(was), Node::Map(will)) if self.source.is_flow(old) => self.flow_map(was, will),
            (Node::Seq(was), Node::Seq(will)) if self.source.is_flow(old) => self.flow_seq(was, will),
            (Node::Map(was), Node::Map(will)) => self.block_map(was, will, lines),
            (Node::Seq(was), Node::Seq(will)) => self.block_seq(was, will, lines),
            (Node::Scalar(was), Node::Scalar(will)) => {
                let content = self.content(old, lines, parent);
                self.scalar(was, will, content)
            }
            _ => Err(Unfit),
        }
    }

    fn replace(&mut self, start: usize, end: usize, text: String) {
        self.changes.push(Change { start, end, text });
    }

    fn replace_lines(&mut self, lines: Lines, text: String) {
        let (start, end) = (self.source.line_start(lines.first), self.source.line_start(lines.end));
        // The last line may lack its end.
        let unfinished = start == end && start > 0 && !self.source.text[..start].ends_with('\n');
        let text = if unfinished && !text.is_empty() { format!("\n{text}") } else { text };
        self.replace(start, end, text);
    }

    fn finish(mut self) -> Fit<String> {
        self.changes.sort_by_key(|change| (change.start, change.end));
        let mut out = String::with_capacity(self.source.text.len() + 256);
        let mut done = 0;
        for change in &self.changes {
            if change.start < done {
                return Err(Unfit);
            }
            out.push_str(&self.source.text[done..change.start]);
            out.push_str(&change.text);
            done = change.end;
        }
        out.push_str(&self.source.text[done..]);
        Ok(out)
    }
}

/// Lines of one entry of a block map.
fn entry_lines(map: &Mapping, index: usize, lines: Lines) -> Lines {
    let line = |index: usize| map.entries.get(index).map(|entry| source::line_of(entry.key.mark));
    Lines { first: line(index).unwrap_or(lines.first), end: line(index + 1).unwrap_or(lines.end) }
}
