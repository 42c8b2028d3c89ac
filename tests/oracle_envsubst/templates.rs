//! Templates: by the grammar, and such that were damaged.

use std::collections::BTreeMap;

use crate::Question;
use crate::random::Random;

const NAMES: [&str; 12] = ["a", "b", "A1", "_x", "name", "é", "1a", "٣", "unset", "other", "empty", "number"];
const VALUES: [&str; 30] = [
    "",
    "a",
    "abc",
    "abcabc",
    "a/b/c",
    "foo.bar.baz",
    "x-y-z",
    "héllo",
    "ÀÉÎ ß ǆ İ",
    "日本語",
    "🙂a🙂",
    "*",
    "a*b?c[d]",
    "\\",
    "a\\/b",
    "$",
    "$$",
    "${a}",
    "}",
    "{",
    "3",
    "-2",
    "0",
    "007",
    " 1",
    "9223372036854775807",
    "line1\nline2",
    "#a%",
    "\u{FFFD}",
    "ᾳaᾼ",
];
const TEXTS: [&str; 24] = [
    "a", "b", " ", "abc", "a/b", "/", "//", "\\", "\\/", "\\\\", "$", "$$", "$a", "{", "}", ":", "-", "é", "日", "🙂",
    "\n", "%", "#", "*",
];
const WORDS: [&str; 40] = [
    "a",
    "b",
    "ab",
    "c",
    "*",
    "?",
    "a*",
    "*b",
    "*/",
    ".*",
    "[a-c]",
    "[^a]",
    "[",
    "]",
    "[]",
    "[a",
    "[]a]",
    "\\",
    "\\a",
    "\\*",
    "**",
    "*a*",
    "?b",
    "1",
    "2",
    "-1",
    "-2",
    "0",
    "99",
    "+1",
    " 1",
    "9223372036854775807",
    "-9223372036854775808",
    "$",
    "$$",
    "é",
    "日",
    "x y",
    "a:b",
    "=",
];
const OPERATORS: [&str; 24] = [
    "", "^", "^^", ",", ",,", ",^", "^,", ":-", ":=", ":+", ":?", "=", ":", "#", "##", "%", "%%", "/", "//", "/#",
    "/%", "-", "@U", "~",
];
const SIGNS: [&str; 34] = [
    "$", "{", "}", "${", "$$", ":", "/", "#", "%", "^", ",", "=", "-", "+", "?", "*", "[", "]", "\\", " ", ".", "a",
    "_", "1", "é", "€", "🙂", "\0", "\n", "!", "@", "|", "\u{301}", "²",
];

pub(crate) fn question(random: &mut Random) -> Question {
    let mut text = template(random, 3);
    if random.one_in(2) {
        for _ in 0..=random.below(3) {
            damage(random, &mut text);
        }
    }
    Question { text, vars: vars(random), strict: random.one_in(2) }
}

fn vars(random: &mut Random) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::new();
    for name in &NAMES[..8] {
        if !random.one_in(3) {
            vars.insert((*name).to_owned(), value(random));
        }
    }
    vars.insert("empty".to_owned(), String::new());
    vars.insert("number".to_owned(), random.pick(&["1", "2", "-1", "0", "5", "x"]).to_owned());
    vars
}

fn value(random: &mut Random) -> String {
    let mut value = random.pick(&VALUES).to_owned();
    if random.one_in(4) {
        value += random.pick(&VALUES);
    }
    value.replace('\n', "")
}

fn template(random: &mut Random, depth: usize) -> String {
    let mut out = String::new();
    for _ in 0..=random.below(4) {
        if random.one_in(2) {
            out += random.pick(&TEXTS);
        } else {
            expression(random, depth, &mut out);
        }
    }
    out
}

fn expression(random: &mut Random, depth: usize, out: &mut String) {
    let name = random.pick(&NAMES);
    if random.one_in(12) {
        *out += &format!("${{#{name}}}");
        return;
    }
    let operator = random.pick(&OPERATORS);
    *out += &format!("${{{name}{operator}");
    match operator {
        ":-" | ":=" | ":+" | ":?" | "=" => {
            for _ in 0..random.below(3) {
                word(random, depth, out);
            }
        }
        ":" | "/" | "//" | "/#" | "/%" => {
            word(random, depth, out);
            if operator != ":" || random.one_in(2) {
                *out += if operator == ":" { ":" } else { "/" };
            }
            if !random.one_in(4) {
                word(random, depth, out);
            }
        }
        "#" | "##" | "%" | "%%" | "-" => word(random, depth, out),
        _ => {}
    }
    *out += "}";
}

fn word(random: &mut Random, depth: usize, out: &mut String) {
    if depth > 0 && random.one_in(4) {
        expression(random, depth - 1, out);
        return;
    }
    *out += random.pick(&WORDS);
    if random.one_in(5) {
        *out += random.pick(&TEXTS);
    }
}

/// Takes a character out, doubles one, or puts one in.
fn damage(random: &mut Random, text: &mut String) {
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len() + 1);
    match random.below(3) {
        0 if at < chars.len() => drop(chars.remove(at)),
        1 if at < chars.len() => chars.insert(at, chars[at]),
        _ => {
            let sign: Vec<char> = random.pick(&SIGNS).chars().collect();
            chars.splice(at..at, sign);
        }
    }
    *text = chars.into_iter().collect();
}
