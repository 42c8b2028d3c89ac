//! Flow lists and maps: `[a, b]` and `{a: 1}`, edited by bytes.

use krm::{Entry, Mapping, Mark, Node, Sequence};

use super::{Fit, Rewriter, Unfit, align};

/// Where the parts of a flow collection stand.
struct Layout {
    /// Byte ranges of its items or entries.
    parts: Vec<(usize, usize)>,
    /// Behind the opening bracket.
    inside: usize,
}

impl Rewriter<'_> {
    pub(super) fn flow_seq(&mut self, was: &Sequence, will: &Sequence) -> Fit {
        let layout = self.layout(was.mark, was.items.len())?;
        let mut kept = vec![false; was.items.len()];
        let mut added = Vec::new();
        for step in align::steps(&was.items, &will.items)? {
            match step {
                align::Step::Keep(old, new) => {
                    if !added.is_empty() {
                        return Err(Unfit);
                    }
                    kept[old] = true;
                    self.flow_node(&was.items[old], &will.items[new])?;
                }
                align::Step::Remove(_) => {}
                align::Step::Add(new) => added.push(self.printed_in_flow(&will.items[new])?),
            }
        }
        self.flow_parts(&layout, &kept, &added);
        Ok(())
    }

    pub(super) fn flow_map(&mut self, was: &Mapping, will: &Mapping) -> Fit {
        let layout = self.layout(was.mark, was.entries.len())?;
        let mut kept = Vec::with_capacity(was.entries.len());
        for entry in &was.entries {
            let value = will.get(&entry.key.text);
            kept.push(value.is_some());
            if let Some(value) = value {
                self.flow_node(&entry.value, value)?;
            }
        }
        let mut added = Vec::new();
        for entry in will.entries.iter().filter(|entry| !was.contains_key(&entry.key.text)) {
            added.push(self.printed_entry_in_flow(entry)?);
        }
        self.flow_parts(&layout, &kept, &added);
        Ok(())
    }

    fn flow_node(&mut self, was: &Node, will: &Node) -> Fit {
        match (was, will) {
            _ if was == will => Ok(()),
            (Node::Map(was), Node::Map(will)) => self.flow_map(was, will),
            (Node::Seq(was), Node::Seq(will)) => self.flow_seq(was, will),
            (Node::Scalar(was), Node::Scalar(will)) => self.scalar_in_flow(was, will),
            _ => Err(Unfit),
        }
    }

    fn flow_parts(&mut self, layout: &Layout, kept: &[bool], added: &[String]) {
        let Some(first_kept) = kept.iter().position(|kept| *kept) else {
            let (start, end) = match (layout.parts.first(), layout.parts.last()) {
                (Some((start, _)), Some((_, end))) => (*start, *end),
                _ => (layout.inside, layout.inside),
            };
            return self.replace(start, end, added.join(", "));
        };
        if first_kept > 0 {
            self.replace(layout.parts[0].0, layout.parts[first_kept].0, String::new());
        }
        for index in (first_kept + 1..kept.len()).filter(|index| !kept[*index]) {
            self.replace(layout.parts[index - 1].1, layout.parts[index].1, String::new());
        }
        if !added.is_empty() {
            let end = layout.parts.last().map_or(layout.inside, |(_, end)| *end);
            self.replace(end, end, format!(", {}", added.join(", ")));
        }
    }

    /// Finds the parts of the collection that starts at `mark`.
    fn layout(&self, mark: Mark, expected: usize) -> Fit<Layout> {
        let start = self.source.offset(mark);
        let bytes = self.source.text.as_bytes();
        if !matches!(bytes.get(start), Some(b'[' | b'{')) {
            return Err(Unfit);
        }
        let mut layout = Layout { parts: Vec::new(), inside: start + 1 };
        let (mut depth, mut at) = (1_usize, start + 1);
        let mut part: Option<(usize, usize)> = None;
        while depth > 0 {
            let byte = *bytes.get(at).ok_or(Unfit)?;
            let next = match byte {
                b'"' | b'\'' if self.opens_quote(at) => super::scalar::quoted_end(bytes, at).ok_or(Unfit)?,
                b'#' if bytes[at - 1].is_ascii_whitespace() => {
                    at = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |end| at + end);
                    continue;
                }
                _ => at + 1,
            };
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && byte == b',') {
                layout.parts.extend(part.take());
            } else if !byte.is_ascii_whitespace() {
                part = Some((part.map_or(at, |(start, _)| start), next));
            }
            at = next;
        }
        if layout.parts.len() == expected { Ok(layout) } else { Err(Unfit) }
    }

    /// A quote in the middle of a plain word is none.
    fn opens_quote(&self, at: usize) -> bool {
        let before = self.source.text[..at].trim_end_matches([' ', '\t', '\n']).bytes().last();
        matches!(before, Some(b'[' | b'{' | b',' | b':')) || self.source.text[..at].ends_with([' ', '\n'])
    }

    fn printed_entry_in_flow(&self, entry: &Entry) -> Fit<String> {
        let map = Mapping { entries: vec![entry.clone()], ..Mapping::default() };
        let text = self.printed_in_flow(&Node::Map(map))?;
        text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).map(str::to_owned).ok_or(Unfit)
    }
}
