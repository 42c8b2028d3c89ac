//! The tree under construction: scalars, collections, anchors, aliases, merge keys, duplicate keys, limits.
//!
//! Owns what tags and anchors mean. Must not know tokens or the scanner.

use std::collections::HashSet;

use super::Limits;
use super::attach::{begin_key, end_map_comments, extra_of, push_entry, set_end_comments};
use super::error::ParseProblem;
use super::merge::{apply_merge_key, apply_merges_in_order};
use super::parse::{Comments, DocumentComments};
use super::resolve::{Dialect, resolve};
use super::value::decode_base64;
use crate::node::Entry;
use crate::{Mapping, Mark, Node, Scalar, Sequence, Style, Tag, Text};

/// What `!!` stands for.
pub(super) const YAML_PREFIX: &str = "tag:yaml.org,2002:";

/// What is known of a node before its content.
#[derive(Debug)]
pub(super) struct NodeStart {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) style: Style,
    pub(super) tag: Option<String>,
    pub(super) anchor: Option<Text>,
    pub(super) comments: Comments,
}

#[derive(Debug)]
enum Open {
    Map(Mapping, Option<Scalar>),
    Seq(Sequence),
}

#[derive(Debug)]
struct Frame {
    open: Open,
    anchor: Option<Text>,
    /// Did an alias stand where a merge value's lists must be written out?
    alias_list: bool,
    /// Nodes counted when it began.
    nodes_before: usize,
}

#[derive(Debug)]
enum Anchored {
    Open,
    Done { node: Node, size: usize },
}

#[derive(Debug)]
pub(super) struct Builder {
    limits: Limits,
    /// Line of the text's first line in its file, from 1.
    first_line: u32,
    frames: Vec<Frame>,
    anchors: Vec<(Text, Anchored)>,
    nodes: usize,
    alias_nodes: usize,
    root: Option<Node>,
    /// Where an error lies that is noticed later than read.
    pub(super) fault: Option<Mark>,
    dialect: Dialect,
    /// Is a key that comes twice one whose last value counts?
    last_key_wins: bool,
    /// Are all the values of a key that comes twice kept?
    keeps_twins: bool,
    /// Does a key come twice?
    pub(super) has_twins: bool,
    /// Are all entries kept, even those whose key comes again?
    all_entries: bool,
    /// Is nothing merged, are keys not compared, and anchors refused?
    verbatim: bool,
    /// Is `<<` a key like others?
    unmerged: bool,
}

type Built = Result<(), ParseProblem>;

impl Builder {
    pub(super) fn new(limits: Limits, first_line: u32) -> Self {
        Self {
            limits,
            first_line,
            frames: Vec::new(),
            anchors: Vec::new(),
            nodes: 0,
            alias_nodes: 0,
            root: None,
            fault: None,
            dialect: Dialect::V3,
            last_key_wins: false,
            keeps_twins: false,
            has_twins: false,
            all_entries: false,
            verbatim: false,
            unmerged: false,
        }
    }

    /// Reads as go-yaml v2 does where it fills a structure: other booleans, and a key that comes twice takes the last value,
    /// be it merged in or not.
    pub(super) fn lenient(self) -> Self {
        Self { dialect: Dialect::V2, last_key_wins: true, ..self }
    }

    /// Of how many tokens behind the next one the reader wants to know: go-yaml v2 has no comments, and stops at the end of
    /// the first document.
    pub(super) fn lookahead(&self) -> usize {
        if self.dialect == Dialect::V2 { 0 } else { 2 }
    }

    /// Keeps every value of a key that comes twice: who looks for one finds the first.
    pub(super) fn with_twins(self) -> Self {
        Self { keeps_twins: true, ..self }
    }

    /// As [`Self::lenient`], but an entry whose key comes again stays, too: what it holds must be right all the same.
    pub(super) fn complete(self) -> Self {
        Self { all_entries: true, ..self.lenient() }
    }

    /// Reads nodes as they are written: `<<` is a key like others, a key may come twice. Anchors, which would have to be kept
    /// too, are refused.
    pub(super) fn verbatim(self) -> Self {
        Self { verbatim: true, ..self }
    }

    /// Reads what an alias stands for as if it were written there, but merges nothing.
    pub(super) fn unmerged(self) -> Self {
        Self { unmerged: true, ..self }
    }

    fn refuse_anchor(&self, anchor: Option<&Text>) -> Built {
        match anchor {
            Some(name) if self.verbatim => Err(ParseProblem::AnchorNotKept { name: name.to_string() }),
            _ => Ok(()),
        }
    }

    /// Reads as go-yaml v2 does where it fills a structure strictly: other booleans, and a key that comes twice is an error.
    pub(super) fn strict(self) -> Self {
        Self { dialect: Dialect::V2, last_key_wins: false, ..self }
    }

    /// The document's node, and ready for another document. The node's own comments are those of the document: go-yaml gives a
    /// block collection at the top none.
    pub(super) fn take_root(&mut self, comments: DocumentComments) -> Option<Node> {
        self.anchors.clear();
        let mut root = self.root.take()?;
        if !comments.head.is_empty() || !comments.foot.is_empty() {
            let extra = match &mut root {
                Node::Scalar(s) => &mut s.extra,
                Node::Seq(s) => &mut s.extra,
                Node::Map(m) => &mut m.extra,
            };
            let extra = extra.get_or_insert_default();
            if !comments.head.is_empty() {
                extra.head_comment = comments.head.into();
            }
            if !comments.foot.is_empty() {
                extra.foot_comment = comments.foot.into();
            }
        }
        Some(root)
    }

    fn mark(&self, start: &NodeStart) -> Mark {
        Mark { line: start.line.saturating_add(self.first_line), column: start.column + 1 }
    }

    fn count(&mut self, nodes: usize) -> Built {
        self.nodes += nodes;
        if self.nodes > self.limits.nodes_max {
            return Err(ParseProblem::TooManyNodes { max: self.limits.nodes_max, by_aliases: self.alias_nodes > 0 });
        }
        Ok(())
    }

    pub(super) fn scalar(&mut self, start: NodeStart, text: Text) -> Built {
        self.count(1)?;
        self.refuse_anchor(start.anchor.as_ref())?;
        if self.dialect == Dialect::V2 && start.tag.as_deref().map(known_tag) == Some(Tag::Binary) {
            return self.binary(&start, &text);
        }
        let tag = match start.tag.as_deref() {
            None if start.style != Style::Plain => Tag::Str,
            Some("!") if start.style != Style::Plain && self.dialect == Dialect::V3 => Tag::Str,
            None | Some("!") if text == "<<" => Tag::Merge,
            // To go-yaml v2 a lone `!` is a tag that it does not know.
            Some("!") if self.dialect == Dialect::V2 => Tag::Str,
            None | Some("!") => resolve(&text, self.dialect),
            Some(tag) => known_tag(tag),
        };
        let mark = self.mark(&start);
        let extra = extra_of(start.tag.filter(|t| t != "!"), start.comments);
        let scalar = Scalar { text, tag, style: start.style, mark, extra };
        if let Some(name) = start.anchor {
            self.anchors.push((name, Anchored::Done { node: Node::Scalar(scalar.clone()), size: 1 }));
        }
        self.add_scalar(scalar);
        Ok(())
    }

    /// Where go-yaml v2 fills a structure, it takes what base64 stands for as the text itself.
    fn binary(&mut self, start: &NodeStart, text: &str) -> Built {
        let text = decode_base64(text).ok_or(ParseProblem::InvalidBase64)?.into();
        let scalar = Scalar { text, tag: Tag::Str, style: Style::DoubleQuoted, mark: self.mark(start), extra: None };
        if let Some(name) = &start.anchor {
            self.anchors.push((name.clone(), Anchored::Done { node: Node::Scalar(scalar.clone()), size: 1 }));
        }
        self.add_scalar(scalar);
        Ok(())
    }

    /// A scalar without anchor, tag and comments.
    #[inline]
    pub(super) fn bare_scalar(&mut self, line: u32, column: u32, style: Style, text: Text) -> Built {
        self.count(1)?;
        let tag = match style {
            Style::Plain if text == "<<" => Tag::Merge,
            Style::Plain => resolve(&text, self.dialect),
            _ => Tag::Str,
        };
        let mark = Mark { line: line.saturating_add(self.first_line), column: column + 1 };
        self.add_scalar(Scalar { text, tag, style, mark, extra: None });
        Ok(())
    }

    pub(super) fn alias(&mut self, start: NodeStart, name: &Text) -> Built {
        let found = self.anchors.iter().rev().find(|(known, _)| known == name);
        let (mut node, size) = match found {
            None => return Err(ParseProblem::UnknownAnchor),
            Some((_, Anchored::Open)) => return Err(ParseProblem::RecursiveAnchor { name: name.to_string() }),
            Some((_, Anchored::Done { node, size })) => {
                // Counted before the copy is made, so that a bomb costs nothing.
                if self.alias_nodes + size > self.limits.alias_nodes_max {
                    let max = self.limits.alias_nodes_max;
                    return Err(ParseProblem::TooManyNodes { max, by_aliases: true });
                }
                (node.clone(), *size)
            }
        };
        self.alias_nodes += size;
        self.count(size)?;
        let depth = self.frames.len() + depth_of(&node);
        if depth > self.limits.depth_max {
            return Err(ParseProblem::TooDeep { max: self.limits.depth_max });
        }
        let mark = self.mark(&start);
        match &mut node {
            Node::Scalar(scalar) => {
                scalar.mark = mark;
                scalar.extra = extra_of(scalar.extra.take().and_then(|e| e.tag).map(String::from), start.comments);
            }
            Node::Map(map) => map.mark = mark,
            Node::Seq(seq) => {
                seq.mark = mark;
                if let Some(frame) = self.frames.last_mut() {
                    let merges = |k: &Scalar| k.tag == Tag::Merge;
                    frame.alias_list |= matches!(&frame.open, Open::Map(_, Some(key)) if merges(key));
                }
            }
        }
        match node {
            Node::Scalar(scalar) => {
                self.add_scalar(scalar);
                Ok(())
            }
            node => self.add(node),
        }
    }

    pub(super) fn begin(&mut self, start: NodeStart, map: bool) -> Built {
        let nodes_before = self.nodes;
        self.count(1)?;
        self.refuse_anchor(start.anchor.as_ref())?;
        if self.frames.len() >= self.limits.depth_max {
            return Err(ParseProblem::TooDeep { max: self.limits.depth_max });
        }
        let (mark, style) = (self.mark(&start), start.style);
        if let Some(name) = &start.anchor {
            self.anchors.push((name.clone(), Anchored::Open));
        }
        let extra = extra_of(start.tag.filter(|t| t != "!"), start.comments);
        let open = if map {
            Open::Map(Mapping { entries: Vec::new(), style, mark, extra }, None)
        } else {
            Open::Seq(Sequence { items: Vec::new(), style, mark, extra })
        };
        self.frames.push(Frame { open, anchor: start.anchor, alias_list: false, nodes_before });
        Ok(())
    }

    pub(super) fn end(&mut self, comments: Comments) -> Built {
        let frame = self.frames.pop().expect("the grammar ends what it began");
        let node = match frame.open {
            Open::Map(mut map, _) => {
                end_map_comments(&mut map, comments);
                self.finish_map(&mut map, frame.alias_list)?;
                Node::Map(map)
            }
            Open::Seq(mut seq) => {
                set_end_comments(&mut seq.extra, comments);
                Node::Seq(seq)
            }
        };
        if let Some(name) = frame.anchor {
            let size = self.nodes - frame.nodes_before;
            let open = self.anchors.iter_mut().rev();
            let slot = open.into_iter().find(|(known, state)| *known == name && matches!(state, Anchored::Open));
            if let Some((_, state)) = slot {
                *state = Anchored::Done { node: node.clone(), size };
            }
        }
        self.add(node)
    }

    fn finish_map(&mut self, map: &mut Mapping, alias_list: bool) -> Built {
        if self.verbatim {
            return Ok(());
        }
        if self.last_key_wins {
            let merged = apply_merges_in_order(map, alias_list);
            if !self.all_entries {
                keep_last(map);
            }
            return self.at_fault(merged);
        }
        let twin = find_duplicate(map);
        self.has_twins |= twin.is_some();
        if let Some(at) = twin.filter(|_| !self.keeps_twins) {
            let key = &map.entries[at].key;
            let first_line = map.get_entry(&key.text).map_or(0, |e| e.key.mark.line);
            self.fault = Some(key.mark);
            return Err(ParseProblem::DuplicateKey { key: key.text.to_string(), first_line });
        }
        if self.unmerged {
            return Ok(());
        }
        let merged = apply_merge_key(map, alias_list);
        self.at_fault(merged)
    }

    fn at_fault(&mut self, result: Result<(), (Mark, ParseProblem)>) -> Built {
        result.map_err(|(mark, problem)| {
            self.fault = Some(mark);
            problem
        })
    }

    #[inline]
    fn add_scalar(&mut self, scalar: Scalar) {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(Node::Scalar(scalar));
            return;
        };
        match &mut frame.open {
            Open::Map(map, key @ None) => *key = Some(begin_key(map, scalar)),
            Open::Map(map, key) => {
                let key = key.take().expect("matched above");
                push_entry(map, key, Node::Scalar(scalar));
            }
            Open::Seq(seq) => seq.items.push(Node::Scalar(scalar)),
        }
    }

    fn add(&mut self, node: Node) -> Built {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut frame.open {
            Open::Map(map, key) => match key.take() {
                Some(key) => push_entry(map, key, node),
                None => return Err(ParseProblem::CollectionAsKey { found: node.kind_name() }),
            },
            Open::Seq(seq) => seq.items.push(node),
        }
        Ok(())
    }
}

/// `!!int` for `tag:yaml.org,2002:int`; other tags as they are.
pub(super) fn short_tag(tag: String) -> Box<str> {
    match tag.strip_prefix(YAML_PREFIX) {
        Some(name) => format!("!!{name}").into(),
        None => tag.into(),
    }
}

fn known_tag(tag: &str) -> Tag {
    match tag.strip_prefix(YAML_PREFIX).or_else(|| tag.strip_prefix("!!")) {
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("str") => Tag::Str,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        _ => Tag::Custom,
    }
}

fn keep_last(map: &mut Mapping) {
    let mut seen = HashSet::with_capacity(map.entries.len());
    let mut kept: Vec<Entry> =
        std::mem::take(&mut map.entries).into_iter().rev().filter(|e| seen.insert(e.key.text.clone())).collect();
    kept.reverse();
    map.entries = kept;
}

/// Position of a key that comes a second time.
pub(super) fn find_duplicate(map: &Mapping) -> Option<usize> {
    let entries = &map.entries;
    if entries.len() <= 16 {
        return (1..entries.len()).find(|&at| entries[..at].iter().any(|e| e.key.text == entries[at].key.text));
    }
    let mut seen = HashSet::with_capacity(entries.len());
    entries.iter().position(|e| !seen.insert(e.key.text.as_str()))
}

/// How many collections lie in each other, at most.
fn depth_of(node: &Node) -> usize {
    let mut deepest = 0;
    let mut open = vec![(node, 0)];
    while let Some((node, depth)) = open.pop() {
        deepest = deepest.max(depth);
        match node {
            Node::Scalar(_) => {}
            Node::Seq(seq) => {
                deepest = deepest.max(depth + 1);
                open.extend(seq.items.iter().map(|n| (n, depth + 1)));
            }
            Node::Map(map) => {
                deepest = deepest.max(depth + 1);
                open.extend(map.entries.iter().map(|e| (&e.value, depth + 1)));
            }
        }
    }
    deepest
}
