//! Objects with templates in their texts and keys, and values that YAML 1.1 takes for something else.

use std::collections::BTreeMap;

use crate::Question;
use crate::random::Random;

const NAMES: [&str; 8] = ["a", "b", "c", "d", "name", "_x", "unset", "port"];
/// What becomes of a text on the way back is decided by these.
const VALUES: [&str; 96] = [
    "",
    "x",
    "web",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "n",
    "true",
    "True",
    "null",
    "~",
    "Null",
    "NULL",
    "0",
    "1",
    "-1",
    "+1",
    "8080",
    "004",
    "010",
    "08",
    "0o17",
    "0o+7",
    "0x1F",
    "0b101",
    "1_000",
    "_1",
    "1.50",
    "1.",
    ".5",
    "1e3",
    "1e400",
    "-0",
    "-0.0",
    "1e-7",
    "12345678901234567890",
    "9007199254740993",
    "123456789012345678901",
    ".inf",
    "-.INF",
    ".nan",
    ".",
    "-",
    "--",
    "---",
    "...",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a:b",
    "a :b",
    "key: ",
    "# c",
    "a #b",
    "a# b",
    "[1, 2]",
    "[a",
    "{a: 1}",
    "{a",
    "]",
    "}",
    "a, b",
    "'q'",
    "'q",
    "\"q\"",
    "\"q",
    "\"a\\nb\"",
    "*a",
    "&a b",
    "&a",
    "!!str 1",
    "!!int '1'",
    "!x y",
    "! '1'",
    "!!binary aGk=",
    "!!float 1",
    "!!bool x",
    "|",
    ">",
    "|-",
    "%a",
    "@a",
    "`a",
    "<<",
    "=",
    "2024-01-02",
    "2024-01-02T03:04:05Z",
    "12:30:45",
    "1:2",
    " a",
    "a ",
    "a  b",
    "\ta",
];
const ODD: [&str; 14] = [
    "é",
    "日本",
    "🙂",
    "a\u{85}b",
    "a\u{2028}b",
    "\u{FEFF}a",
    "\u{7F}",
    "a\tb",
    "a\u{A0}b",
    "\\",
    "a\\nb",
    "\u{1}",
    "\r",
    "\u{FFFD}",
];
const EXPRESSIONS: [&str; 24] = [
    "${a}",
    "${b}",
    "${c}",
    "${d}",
    "${name}",
    "${port}",
    "${_x}",
    "${unset}",
    "${unset:=yes}",
    "${unset:-[1]}",
    "${a:-${b}}",
    "${#a}",
    "${a^^}",
    "${b,,}",
    "${a:1}",
    "${a:0:2}",
    "${a/a/b}",
    "${a#*/}",
    "${a%.*}",
    "$$",
    "$${a}",
    "$HOME",
    "$(x)",
    "${a:=x\ny: z}",
];
const PLAIN: [&str; 28] = [
    "1",
    "0",
    "-5",
    "8080",
    "0644",
    "0o17",
    "1.5",
    "1.10",
    "1e3",
    "1e6",
    "true",
    "False",
    "yes",
    "on",
    "null",
    "~",
    "2024-01-02",
    "12:30",
    "9007199254740993",
    "12345678901234567890",
    "-9223372036854775808",
    "0x10",
    "a",
    "a b",
    "",
    "!!str 1",
    "!!float 3",
    "<<x",
];
const KEYS: [&str; 18] = [
    "data", "spec", "key", "a", "b", "b1", "b10", "b2", "on", "1", "null", "a.b/c", "x y", "<<", "é", "${a}",
    "${name}", "k-${b}",
];

pub(crate) fn question(random: &mut Random) -> Question {
    let mut text = "apiVersion: v1\nkind: Thing\nmetadata:\n  name: ".to_owned();
    text += match random.below(24) {
        0 | 1 => "web-${name}",
        2 => "${name}",
        _ => "web",
    };
    if random.one_in(20) {
        text += "\n  annotations:\n    kustomize.toolkit.fluxcd.io/substitute: ";
        text += random.pick(&["disabled", "Disabled", "\"enabled\""]);
    }
    text += "\n";
    let mut keys = vec!["apiVersion", "kind", "metadata"];
    for _ in 0..=random.below(3) {
        entry(random, 0, 3, &mut keys, &mut text);
    }
    Question { text, vars: vars(random), strict: random.one_in(3) }
}

fn vars(random: &mut Random) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    for name in NAMES.iter().filter(|name| **name != "unset") {
        if random.one_in(12) {
            continue;
        }
        let mut value = random.pick(&VALUES).to_owned();
        if random.one_in(6) {
            value += random.pick(&VALUES);
        }
        if random.one_in(8) {
            value += random.pick(&ODD);
        }
        vars.insert((*name).to_owned(), value.replace('\n', ""));
    }
    vars
}

fn entry(random: &mut Random, indent: usize, depth: usize, used: &mut Vec<&'static str>, out: &mut String) {
    let key = random.pick(&KEYS);
    if used.contains(&key) {
        return;
    }
    used.push(key);
    *out += &format!("{}{}:", " ".repeat(indent), quoted(key));
    value(random, indent, depth, out);
}

/// A value behind its key or dash, with the line's end.
fn value(random: &mut Random, indent: usize, depth: usize, out: &mut String) {
    match random.below(if depth == 0 { 6 } else { 9 }) {
        0 => *out += &format!(" {}\n", random.pick(&PLAIN)),
        1 => lines(random, indent, out),
        6 => {
            let mut inner = String::new();
            let mut used = Vec::new();
            for _ in 0..=random.below(3) {
                entry(random, indent + 2, depth - 1, &mut used, &mut inner);
            }
            *out += "\n";
            *out += &inner;
        }
        7 => {
            *out += "\n";
            for _ in 0..=random.below(3) {
                *out += &format!("{}-", " ".repeat(indent));
                value(random, indent + 2, depth - 1, out);
            }
        }
        8 => *out += random.pick(&[" {}\n", " []\n", " [1, \"${a}\"]\n", " {a: \"${b}\", b: 2}\n", " {c: }\n"]),
        _ => *out += &format!(" {}\n", quoted(&text(random))),
    }
}

fn text(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..=random.below(3) {
        text += match random.below(6) {
            0 => random.pick(&VALUES),
            1 if random.one_in(3) => random.pick(&ODD),
            1 => random.pick(&["-", "/", ".", " ", ": ", " #", "\n", "\n\n", "\n  ", ","]),
            _ => random.pick(&EXPRESSIONS),
        };
    }
    text
}

/// A text of several lines, as authors write them.
fn lines(random: &mut Random, indent: usize, out: &mut String) {
    *out += random.pick(&[" |\n", " |-\n", " >\n", " |+\n"]);
    for _ in 0..=random.below(3) {
        let line = random.pick(&[
            "line",
            "key: ${a}",
            "${b}",
            "  deeper ${c}",
            "",
            "$$ and ${d:=x}",
            "# ${port}",
            "\ttab",
            "end ",
        ]);
        *out += &format!("{}{line}\n", " ".repeat(indent + 2));
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
