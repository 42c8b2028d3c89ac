//! The build profile: what `kustomize build` prints. Keys sorted, comments and styles gone, go-yaml v2's quoting.
//!
//! Owns the way through JSON that kustomize's output takes, with its losses. Must not know how trees are read.

use std::borrow::Cow;

use super::analyze::analyze;
use super::chars::find_forbidden;
use super::error::EmitError;
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
    let mut emitter = Emitter { writer: Writer::new(out, WIDTH), path: Vec::new(), depth: 0 };
    emitter.node(node, Place::Root)?;
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

/// A step of a path, for errors.
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

struct Emitter<'o, 'n> {
    writer: Writer<'o>,
    path: Vec<Step<'n>>,
    depth: usize,
}

impl<'n> Emitter<'_, 'n> {
    fn path(&self) -> String {
        path_text(&self.path)
    }

    fn node(&mut self, node: &'n Node, place: Place) -> Result<(), EmitError> {
        match node {
            Node::Scalar(scalar) => self.scalar(scalar),
            Node::Seq(seq) if seq.items.is_empty() => {
                self.writer.write_indicator("[", true, true, false);
                self.writer.write_indicator("]", false, false, false);
                Ok(())
            }
            Node::Seq(seq) => self.nested(place, |e| e.sequence(seq), place == Place::Value),
            Node::Map(map) => self.nested(place, |e| e.mapping(map, place), false),
        }
    }

    /// Writes a collection, indented unless it is a list right behind its key.
    fn nested(
        &mut self,
        place: Place,
        write: impl FnOnce(&mut Self) -> Result<(), EmitError>,
        indentless: bool,
    ) -> Result<(), EmitError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(EmitError::TooDeep { max: DEPTH_MAX });
        }
        let before = self.writer.indent;
        if place == Place::Root {
            self.writer.indent = 0;
        } else if !indentless {
            self.writer.indent += 2;
        }
        let result = write(self);
        self.writer.indent = before;
        self.depth -= 1;
        result
    }

    fn sequence(&mut self, seq: &'n Sequence) -> Result<(), EmitError> {
        for (index, item) in seq.items.iter().enumerate() {
            self.writer.write_indent();
            self.writer.write_indicator("-", true, false, true);
            self.path.push(Step::Index(index));
            self.node(item, Place::Item)?;
            self.path.pop();
        }
        Ok(())
    }

    fn mapping(&mut self, map: &'n Mapping, place: Place) -> Result<(), EmitError> {
        let mut entries: Vec<(&str, &Node)> = Vec::with_capacity(map.entries.len());
        for entry in &map.entries {
            if self.check_key(&entry.key, place)? {
                entries.push((entry.key.text.as_str(), &entry.value));
            }
        }
        if entries.is_empty() {
            self.writer.write_indicator("{", true, true, false);
            self.writer.write_indicator("}", false, false, false);
            return Ok(());
        }
        sort_by_key(&mut entries, |(key, _)| key);
        for (key, value) in entries {
            self.writer.write_indent();
            self.path.push(Step::Key(key));
            let simple = key.len() <= SIMPLE_KEY_MAX && !has_break(key);
            if simple {
                self.text(key, true);
                self.writer.write_indicator(":", false, false, false);
                self.node(value, Place::Value)?;
            } else {
                self.writer.write_indicator("?", true, false, true);
                self.writer.indent += 2;
                self.text(key, false);
                self.writer.indent -= 2;
                self.writer.write_indent();
                self.writer.write_indicator(":", true, false, true);
                self.node(value, Place::Complex)?;
            }
            self.path.pop();
        }
        Ok(())
    }

    /// False for a key that is left out.
    fn check_key(&self, key: &Scalar, place: Place) -> Result<bool, EmitError> {
        let found = match effective_tag(key) {
            Tag::Str if is_cleared(key) => return Ok(false),
            Tag::Str => {
                self.check_json_key(&key.text)?;
                return Ok(true);
            }
            // The top of a resource is decoded into a map of strings, which takes other keys by their text.
            Tag::Null if place == Place::Root && key.text.is_empty() => return Ok(false),
            Tag::Null => "null",
            Tag::Binary => "binary",
            _ if place == Place::Root => return Ok(true),
            Tag::Bool => "a boolean",
            Tag::Int | Tag::Float => "a number",
            Tag::Timestamp => "a timestamp",
            _ => "tagged",
        };
        Err(EmitError::KeyNotString { path: self.path(), key: key.text.to_string(), found })
    }

    fn check_json_key(&self, key: &str) -> Result<(), EmitError> {
        if key.is_ascii() && key.len() <= JSON_KEY_MAX / 6 - 2 && !key.contains('\x7F') {
            return Ok(());
        }
        if json_len(key) > JSON_KEY_MAX || key.contains('\u{85}') {
            return Err(EmitError::KeyTooLong { path: self.path() });
        }
        through_json(key).map(|_| ()).map_err(|code| EmitError::ForbiddenCharacter { path: self.path(), code })
    }

    fn scalar(&mut self, scalar: &'n Scalar) -> Result<(), EmitError> {
        let value = value_of(scalar).map_err(|reason| no_value(reason, scalar, self.path()))?;
        match value {
            Value::Null => self.writer.write_plain("null", true),
            Value::Bool(value) => self.writer.write_plain(if value { "true" } else { "false" }, true),
            Value::Number(number) => self.writer.write_plain(&number_text(number), true),
            Value::Text(text) => {
                let text = through_json(&text)
                    .map_err(|code| EmitError::ForbiddenCharacter { path: self.path(), code })?
                    .map_or(text, Cow::Owned);
                self.writer.indent = if self.writer.indent < 0 { 2 } else { self.writer.indent + 2 };
                self.text(&text, false);
                self.writer.indent -= 2;
            }
        }
        Ok(())
    }

    /// Writes a string in the style that go-yaml v2 gives it.
    fn text(&mut self, text: &str, simple_key: bool) {
        let analysis = analyze(text, Dialect::V2);
        let allow_breaks = !simple_key;
        if text.contains('\n') {
            if analysis.block && !simple_key {
                self.writer.write_block_header("|", text);
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

/// kyaml takes a merge key out by its text when it reads resources, and with it a quoted `"<<"`.
pub(super) fn is_cleared(key: &Scalar) -> bool {
    key.text == "<<" && matches!(key.style, Style::SingleQuoted | Style::DoubleQuoted)
}

fn path_text(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    if text.is_empty() { "the document".to_owned() } else { text }
}

pub(super) fn no_value(reason: NoValue, scalar: &Scalar, path: String) -> EmitError {
    let text = scalar.text.to_string();
    match reason {
        NoValue::NotFinite => EmitError::NotFinite { path, text },
        NoValue::Mismatch(tag) => EmitError::TagMismatch { path, text, tag },
    }
}

fn has_break(text: &str) -> bool {
    text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
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
    if !bytes.iter().any(|&b| b == 0x7F || b == 0xC2 || b == 0xEF) {
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

/// Characters of the text in Go's JSON, quotes included.
fn json_len(text: &str) -> usize {
    let len = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0C' => 2,
        '\0'..='\x1F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    };
    2 + text.chars().map(len).sum::<usize>()
}
