//! YAML as people write it: block style with an indentation of their own, quotes of every kind, literal and folded text,
//! comments, empty lines, anchors and merge keys, Windows line ends. Owns the many spellings of one value.

#![allow(clippy::format_push_string, reason = "a generator may build text by pieces")]

use serde_json::{Map, Value};

use crate::dice::Dice;
use crate::render::RAW;

/// How one file is written.
struct Style<'d> {
    dice: &'d mut Dice,
    /// Columns by which a map in a map moves in.
    step: usize,
    /// Do lists under a key move in?
    lists_move: bool,
    /// Of a hundred places, those with a comment.
    comments: usize,
    /// Of a hundred collections, those with an anchor.
    anchors: usize,
    anchored: Vec<(String, Value)>,
    out: String,
}

/// The documents of one file.
pub(crate) fn documents(values: &[Value], dice: &mut Dice) -> String {
    let mut text = String::new();
    if dice.chance(30) {
        text.push_str(dice.pick(&["---\n", "# head\n---\n", "\n---\n", "# Copyright\n#\n\n"]));
    }
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push_str(dice.pick(&[
                "---\n",
                "---\n",
                "---\n",
                "\n---\n",
                "---\n# only a comment\n---\n",
                "--- # more\n",
                "---\n---\n",
            ]));
        }
        text.push_str(&document(value, dice));
    }
    if dice.chance(6) {
        text.push_str(dice.pick(&["---\n", "# end\n", "\n\n", "---\n# end\n"]));
    }
    if dice.chance(4) { text.replace('\n', "\r\n") } else { text }
}

/// One document, with a line end.
pub(crate) fn document(value: &Value, dice: &mut Dice) -> String {
    let (step, lists_move) = (if dice.chance(85) { 2 } else { 4 }, dice.chance(45));
    let comments = dice.pick(&[0, 0, 2, 10]);
    let anchors = dice.pick(&[0, 0, 0, 15]);
    let mut style = Style { dice, step, lists_move, comments, anchors, anchored: Vec::new(), out: String::new() };
    match value {
        Value::Object(map) if !map.is_empty() => style.map(map, 0, false),
        Value::Array(items) if !items.is_empty() => style.list(items, 0),
        other => {
            style.out.push_str(&flow(other));
            style.out.push('\n');
        }
    }
    style.out
}

impl Style<'_> {
    fn map(&mut self, map: &Map<String, Value>, column: usize, mut behind_dash: bool) {
        let merged = self.merge_key(map, column, &mut behind_dash);
        for (key, value) in map.iter().filter(|(key, _)| !merged.contains(*key)) {
            if !behind_dash {
                self.comment_line(column);
                self.out.push_str(&" ".repeat(column));
            }
            behind_dash = false;
            self.out.push_str(&key_text(key));
            self.out.push(':');
            self.value(value, column);
        }
    }

    /// Takes some entries from an anchored map that has the same, and says which.
    fn merge_key(&mut self, map: &Map<String, Value>, column: usize, behind_dash: &mut bool) -> Vec<String> {
        let fits = |(_, there): &&(String, Value)| {
            there.as_object().is_some_and(|there| {
                there.len() < map.len() && there.iter().all(|(key, value)| map.get(key) == Some(value))
            })
        };
        let Some((name, there)) = self.anchored.iter().find(fits).cloned() else { return Vec::new() };
        if !self.dice.chance(50) {
            return Vec::new();
        }
        if !*behind_dash {
            self.out.push_str(&" ".repeat(column));
        }
        *behind_dash = false;
        self.out.push_str(&format!("<<: *{name}\n"));
        there.as_object().map(|there| there.keys().cloned().collect()).unwrap_or_default()
    }

    fn list(&mut self, items: &[Value], column: usize) {
        for item in items {
            self.comment_line(column);
            self.out.push_str(&" ".repeat(column));
            self.out.push('-');
            match item {
                Value::Object(map) if !map.is_empty() && !self.dice.chance(10) => {
                    if let Some(name) = self.alias(item) {
                        self.out.push_str(&format!(" *{name}\n"));
                        continue;
                    }
                    self.out.push(' ');
                    self.map(map, column + 2, true);
                }
                Value::Array(inner) if !inner.is_empty() => {
                    self.out.push('\n');
                    self.list(inner, column + 2);
                }
                other => self.value(other, column),
            }
        }
    }

    /// What stands behind a colon or a dash, to the end of its last line.
    fn value(&mut self, value: &Value, column: usize) {
        if let Some(name) = self.alias(value) {
            self.out.push_str(&format!(" *{name}\n"));
            return;
        }
        let short = flow(value).len() < 60;
        match value {
            Value::Object(map) if !(map.is_empty() || short && self.dice.chance(12)) => {
                self.anchor(value);
                self.end_line();
                let column = column + self.step;
                self.map(map, column, false);
            }
            Value::Array(items) if !(items.is_empty() || short && self.dice.chance(25)) => {
                self.anchor(value);
                self.end_line();
                let column = if self.lists_move { column + self.step } else { column };
                self.list(items, column);
            }
            Value::String(text) if !text.starts_with(RAW) => self.text(text, column),
            other => {
                self.out.push(' ');
                self.out.push_str(&flow(other));
                self.end_line();
            }
        }
    }

    fn anchor(&mut self, value: &Value) {
        if self.dice.chance(self.anchors) && !self.anchored.iter().any(|(_, there)| there == value) {
            let name = format!("a{}", self.anchored.len());
            self.out.push_str(&format!(" &{name}"));
            self.anchored.push((name, value.clone()));
        }
    }

    fn alias(&mut self, value: &Value) -> Option<String> {
        let found = self.anchored.iter().find(|(_, there)| there == value)?.0.clone();
        self.dice.chance(70).then_some(found)
    }

    fn end_line(&mut self) {
        if self.dice.chance(self.comments) {
            self.out.push_str(self.dice.pick(&[
                " # note",
                "  # two blanks",
                " #",
                " # {\"$openapi\":\"x\"}",
                " \t# tab",
                " # é: - x",
            ]));
        } else if self.dice.roll(500) == 0 {
            self.out.push_str(self.dice.pick(&[" ", "\t", "  \t "]));
        }
        self.out.push('\n');
    }

    fn comment_line(&mut self, column: usize) {
        if self.dice.chance(self.comments) {
            let blanks = " ".repeat(if self.dice.chance(80) { column } else { self.dice.roll(6) });
            let comment = self.dice.pick(&[
                "# above\n",
                "\n",
                "# one\n# two\n",
                "# a\n\n# b\n\n",
                "#\n",
                "# {\"$ref\":\"#/definitions/x\"}\n",
            ]);
            self.out.push_str(&blanks);
            self.out.push_str(comment);
        }
    }

    fn text(&mut self, text: &str, column: usize) {
        let printable = text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
        if text.contains('\n') && printable && !text.starts_with([' ', '\t', '\n']) && !self.dice.chance(15) {
            return self.literal(text, column);
        }
        if text.len() > 40 && is_words(text) && self.dice.chance(40) {
            return self.folded(text, column);
        }
        let single = !text.contains(|c: char| c.is_control());
        let written = match self.dice.roll(10) {
            0..=5 if is_plain(text) => text.to_owned(),
            6 | 7 if single => format!("'{}'", text.replace('\'', "''")),
            _ => Value::from(text).to_string(),
        };
        self.out.push(' ');
        self.out.push_str(&written);
        self.end_line();
    }

    fn literal(&mut self, text: &str, column: usize) {
        let body = text.trim_end_matches('\n');
        let ends = text.len() - body.len();
        self.out.push_str(match ends {
            0 => " |-\n",
            1 => " |\n",
            _ => " |+\n",
        });
        let blanks = " ".repeat(column + self.dice.pick(&[2, 2, 4]));
        for line in body.split('\n') {
            if line.is_empty() {
                self.out.push('\n');
            } else {
                self.out.push_str(&format!("{blanks}{line}\n"));
            }
        }
        self.out.push_str(&"\n".repeat(ends.saturating_sub(1)));
    }

    /// Words over several lines: plain, quoted or folded.
    fn folded(&mut self, text: &str, column: usize) {
        let blanks = " ".repeat(column + 2);
        let words: Vec<&str> = text.split(' ').collect();
        let lines: Vec<String> = words.chunks(5).map(|words| words.join(" ")).collect();
        let joined = lines.join(&format!("\n{blanks}"));
        self.out.push_str(&match self.dice.roll(4) {
            0 => format!(" >-\n{blanks}{joined}\n"),
            1 => format!(" \"{joined}\"\n"),
            2 => format!(" '{joined}'\n"),
            _ => format!(" {joined}\n"),
        });
    }
}

fn key_text(key: &str) -> String {
    if is_plain(key) { key.to_owned() } else { Value::from(key).to_string() }
}

/// Letters and single blanks only, and no word that means something else.
fn is_words(text: &str) -> bool {
    text.split(' ').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic()))
}

/// Can it stand without quotes and stay a string?
fn is_plain(text: &str) -> bool {
    const TAKEN: [&str; 12] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "t", "f", ""];
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '$');
    let rest = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./$()=+@".contains(c) || !c.is_ascii());
    begins && rest && !TAKEN.contains(&text.to_lowercase().as_str())
}

/// The value in flow style: JSON, but for raw scalars.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => match text.strip_prefix(RAW) {
            Some(raw) => raw.to_owned(),
            None => Value::String(text.clone()).to_string(),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs: Vec<_> =
                map.iter().map(|(key, value)| format!("{}: {}", Value::String(key.clone()), flow(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}
