//! The build profile: what `kustomize build` prints. Keys sorted, comments and styles gone, go-yaml v2's quoting.
//!
//! Owns the way through JSON that kustomize's output takes, with its losses. Must not know how trees are read.

use std::borrow::Cow;

use super::analyze::analyze;
use super::chars::find_forbidden;
use super::error::{EmitError, Step};
use super::number::{Number, json_float, parse_number, yaml_float};
use super::order::sort_by_key;
use super::resolve::{Dialect, is_base60, resolve};
use super::value::{NoValue, Value, effective_tag, value_of};
use super::write::Writer;
use crate::{Mapping, Node, Scalar, Sequence, Style, Tag};

/// Columns after which the build profile folds.
const WIDTH: usize = 80;
/// Longest key, in bytes, that needs no `?`.
const SIMPLE_KEY_MAX: usize = 128;
/// Longest key in its JSON form that go-yaml reads back.
const JSON_KEY_MAX: usize = 1024;
/// Deepest tree that is written: go-yaml reads no deeper one.
const DEPTH_MAX: usize = 10_000;

/// Appends `node`.
pub(super) fn emit(node: &Node, out: &mut String) -> Result<(), EmitError> {
    let mut emitter = Emitter { writer: Writer::new(out, WIDTH), depth: 0 };
    emitter.node(node, Place::Root).map_err(|error| *error)?;
    emitter.writer.indent = -1;
    emitter.writer.write_indent();
    Ok(())
}

/// Where a node is written.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Item,
    /// Behind `key:`.
    Value,
    /// Behind `?` or its `:`.
    Complex,
}

struct Emitter<'o> {
    writer: Writer<'o>,
    depth: usize,
}

impl Emitter<'_> {
    fn node(&mut self, node: &Node, place: Place) -> Result<(), Box<EmitError>> {
        match node {
            Node::Scalar(scalar) => self.scalar(scalar),
            Node::Seq(seq) => self.sequence(seq, place),
            Node::Map(map) => self.mapping(map, place),
        }
    }

    /// Goes one level in; the indentation to come back to. A list right behind its key is not indented.
    fn enter(&mut self, place: Place, list: bool) -> Result<i32, Box<EmitError>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Box::new(EmitError::TooDeep { max: DEPTH_MAX }));
        }
        let before = self.writer.indent;
        if place == Place::Root {
            self.writer.indent = 0;
        } else if !list || place != Place::Value {
            self.writer.indent += 2;
        }
        Ok(before)
    }

    fn leave(&mut self, before: i32) {
        self.writer.indent = before;
        self.depth -= 1;
    }

    fn empty(&mut self, open: &str, close: &str) {
        self.writer.write_indicator(open, true, true, false);
        self.writer.write_indicator(close, false, false, false);
    }

    fn sequence(&mut self, seq: &Sequence, place: Place) -> Result<(), Box<EmitError>> {
        if seq.items.is_empty() {
            self.empty("[", "]");
            return Ok(());
        }
        let before = self.enter(place, true)?;
        for (index, item) in seq.items.iter().enumerate() {
            self.writer.write_indent();
            self.writer.write_indicator("-", true, false, true);
            if let Err(error) = self.node(item, Place::Item) {
                return Err(within(error, Step::Index(index)));
            }
        }
        self.leave(before);
        Ok(())
    }

    fn mapping(&mut self, map: &Mapping, place: Place) -> Result<(), Box<EmitError>> {
        let entries = printed_entries(map, place == Place::Root)?;
        if entries.is_empty() {
            self.empty("{", "}");
            return Ok(());
        }
        let before = self.enter(place, false)?;
        for (key, value) in entries {
            self.writer.write_indent();
            let place = self.key(key);
            if let Err(error) = self.node(value, place) {
                return Err(within(error, Step::Key(key)));
            }
        }
        self.leave(before);
        Ok(())
    }

    /// Writes a key and its colon; how its value stands then.
    fn key(&mut self, key: &str) -> Place {
        if key.len() <= SIMPLE_KEY_MAX && !has_break(key) {
            self.text(key, true);
            self.writer.write_indicator(":", false, false, false);
            return Place::Value;
        }
        self.writer.write_indicator("?", true, false, true);
        self.writer.indent += 2;
        self.text(key, false);
        self.writer.indent -= 2;
        self.writer.write_indent();
        self.writer.write_indicator(":", true, false, true);
        Place::Complex
    }

    fn scalar(&mut self, scalar: &Scalar) -> Result<(), Box<EmitError>> {
        let value = value_of(scalar).map_err(|reason| Box::new(no_value(reason, scalar)))?;
        match value {
            Value::Null => self.writer.write_plain("null", true),
            Value::Bool(value) => self.writer.write_plain(if value { "true" } else { "false" }, true),
            Value::Number(number) => self.writer.write_plain(&number_text(number), true),
            Value::Text(text) => {
                let text = through_json(&text).map_err(|code| Box::new(forbidden(code)))?.map_or(text, Cow::Owned);
                self.writer.indent = if self.writer.indent < 0 { 2 } else { self.writer.indent + 2 };
                self.text(&text, false);
                self.writer.indent -= 2;
            }
        }
        Ok(())
    }

    /// Writes a string in the style that go-yaml v2 gives it.
    fn text(&mut self, text: &str, simple_key: bool) {
        if is_bare(text) && resolve(text, Dialect::V2) == Tag::Str {
            self.writer.write_bare(text);
            return;
        }
        let analysis = analyze(text, Dialect::V2);
        let allow_breaks = !simple_key;
        if text.contains('\n') {
            if analysis.block && !simple_key {
                self.writer.write_block_header("|", text, 2);
                self.writer.put_break();
                self.writer.write_block_body(text, false);
            } else {
                self.writer.write_double_quoted(text, allow_breaks);
            }
        } else if resolve(text, Dialect::V2) != Tag::Str || is_base60(text) {
            self.writer.write_double_quoted(text, allow_breaks);
        } else if analysis.block_plain {
            self.writer.write_plain(text, allow_breaks);
        } else if analysis.single_quoted {
            self.writer.write_single_quoted(text, allow_breaks);
        } else {
            self.writer.write_double_quoted(text, allow_breaks);
        }
    }
}

/// The entries in the order of their keys.
fn printed_entries(map: &Mapping, top: bool) -> Result<Vec<(&str, &Node)>, Box<EmitError>> {
    let mut entries = Vec::with_capacity(map.entries.len());
    for entry in &map.entries {
        if check_key(&entry.key, top)? {
            entries.push((entry.key.text.as_str(), &entry.value));
        }
    }
    sort_by_key(&mut entries, |(key, _)| key);
    if let Some(twins) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let key = map.entries.iter().rev().find(|entry| entry.key.text == twins[0].0);
        return Err(Box::new(key.map(|entry| twin_key(map, &entry.key)).expect("the key is the map's")));
    }
    Ok(entries)
}

/// A key that stands in its map before.
pub(super) fn twin_key(map: &Mapping, key: &Scalar) -> EmitError {
    let first_line = map.get_entry(&key.text).map_or(0, |first| first.key.mark.line);
    EmitError::TwinKey { path: String::new(), key: key.text.to_string(), line: key.mark.line, first_line }
}

/// False for a key that is left out.
pub(super) fn check_key(key: &Scalar, top: bool) -> Result<bool, Box<EmitError>> {
    let found = match effective_tag(key) {
        Tag::Str if is_cleared(key) => return Ok(false),
        Tag::Str => {
            check_json_key(&key.text)?;
            return Ok(true);
        }
        // The top of a resource is decoded into a map of strings, which takes other keys by their text.
        Tag::Null if top && key.text.is_empty() => return Ok(false),
        Tag::Null => "null",
        Tag::Binary => "binary",
        _ if top => return Ok(true),
        Tag::Bool => "a boolean",
        Tag::Int | Tag::Float => "a number",
        Tag::Timestamp => "a timestamp",
        _ => "tagged",
    };
    Err(Box::new(EmitError::KeyNotString { path: String::new(), key: key.text.to_string(), found }))
}

fn check_json_key(key: &str) -> Result<(), Box<EmitError>> {
    if key.is_ascii() && key.len() <= JSON_KEY_MAX / 6 - 2 && !key.contains('\x7F') {
        return Ok(());
    }
    if json_len(key) > JSON_KEY_MAX || key.contains('\u{85}') {
        return Err(Box::new(EmitError::KeyTooLong { path: String::new() }));
    }
    through_json(key).map(|_| ()).map_err(|code| Box::new(forbidden(code)))
}

/// kyaml takes a merge key out by its text when it reads resources, and with it a quoted `"<<"`.
fn is_cleared(key: &Scalar) -> bool {
    key.text == "<<" && matches!(key.style, Style::SingleQuoted | Style::DoubleQuoted)
}

/// A boxed error keeps the stack frames small that each level of a tree needs.
#[allow(clippy::unnecessary_box_returns)]
pub(super) fn within(mut error: Box<EmitError>, step: Step<'_>) -> Box<EmitError> {
    error.within(step);
    error
}

fn forbidden(code: u32) -> EmitError {
    EmitError::ForbiddenCharacter { path: String::new(), code }
}

pub(super) fn no_value(reason: NoValue, scalar: &Scalar) -> EmitError {
    let path = String::new();
    match reason {
        NoValue::NotFinite => EmitError::NotFinite { path, text: scalar.text.to_string() },
        NoValue::Mismatch(tag) => EmitError::TagMismatch { path, tag },
    }
}

/// Texts of letters, digits and a few marks: nothing to quote, fold or escape unless they resolve to another type.
fn is_bare(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
}

fn has_break(text: &str) -> bool {
    !text.bytes().all(|byte| byte.is_ascii_graphic()) && text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

/// The number as JSON spells it, read and printed by go-yaml v2.
fn number_text(number: Number) -> Cow<'static, str> {
    match number {
        Number::Int(int) => int.to_string().into(),
        Number::Uint(uint) => uint.to_string().into(),
        Number::Float(float) => match parse_number(&json_float(float)) {
            Some(Number::Int(int)) => int.to_string().into(),
            Some(Number::Uint(uint)) => uint.to_string().into(),
            _ => yaml_float(float).into(),
        },
    }
}

/// What becomes of a text that is written as JSON by Go and read by go-yaml v2: unescaped control characters are refused
/// (the error is the code point), NEL is folded like a line break. `None`: nothing changes.
fn through_json(text: &str) -> Result<Option<String>, u32> {
    let bytes = text.as_bytes();
    // Chunk by chunk without branches: nearly all texts end here.
    if bytes.chunks(64).all(|chunk| chunk.iter().fold(0, |odd, &b| odd | u8::from(b >= 0x7F)) == 0) {
        return Ok(None);
    }
    // Controls below a blank travel escaped.
    let mut rest = 0;
    while let Some(found) = find_forbidden(&bytes[rest..]) {
        let at = rest + found;
        if bytes[at] >= 0x20 {
            return Err(text[at..].chars().next().map_or(0, u32::from));
        }
        rest = at + 1;
    }
    if !text.contains('\u{85}') {
        return Ok(None);
    }
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\u{85}').peekable();
    let (mut first, mut breaks) = (true, 0);
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        if !first && is_document_indicator(part, last) {
            return Err(0x85);
        }
        let part = if first { part } else { part.trim_start_matches(' ') };
        let part = if last { part } else { part.trim_end_matches(' ') };
        if !part.is_empty() || last {
            match breaks {
                0 => {}
                1 => out.push(' '),
                more => out.extend(std::iter::repeat_n('\n', more - 1)),
            }
            breaks = 0;
        }
        out.push_str(part);
        breaks += 1;
        first = false;
    }
    Ok(Some(out))
}

/// Would `part`, at the start of a line of a quoted scalar, be taken for `---` or `...`?
fn is_document_indicator(part: &str, last: bool) -> bool {
    let rest = part.strip_prefix("---").or_else(|| part.strip_prefix("..."));
    rest.is_some_and(|rest| rest.starts_with(' ') || rest.is_empty() && !last)
}

/// Characters of the text in Go's JSON, quotes included.
fn json_len(text: &str) -> usize {
    let len = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0C' => 2,
        '\0'..='\x1F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    };
    2 + text.chars().map(len).sum::<usize>()
}
