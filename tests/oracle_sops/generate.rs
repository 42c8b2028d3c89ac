//! Random files of every format that SOPS encrypts, and random rules for them. The same seed gives the same file.

use std::fmt::Write as _;

use krm_functions::sops::{Format, Rule};

/// A small generator of numbers: what matters is that a failure can be had again.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits fit") % bound
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick(&mut self, all: &[&'static str]) -> &'static str {
        all[self.below(all.len())]
    }

    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            *byte = u8::try_from(self.below(256)).expect("a byte");
        }
    }
}

const KEYS: [&str; 14] = [
    "a",
    "data",
    "stringData",
    "password",
    "note_unencrypted",
    "token_secret",
    "y",
    "0x1",
    "über",
    "with space",
    "a.b",
    "n",
    "x-y",
    "metadata",
];
const TEXTS: [&str; 30] = [
    "hunter2",
    "",
    "two words",
    "yes",
    "true",
    "null",
    "~",
    "123",
    "0644",
    "1e3",
    "1_000",
    "12:30:45",
    "2024-01-02",
    "a: b",
    "# no comment",
    " leading",
    "trailing ",
    "it's",
    "say \"x\"",
    "line1\nline2",
    "line1\nline2\n",
    "\nfirst empty",
    "  indented\nless",
    "tab\there",
    "Grüße €",
    "<html>&amp;",
    "back\\slash",
    "{braces}",
    "- dash",
    "ENC[AES256_GCM,not really",
];

pub(crate) const FORMATS: [(Format, &str); 5] = [
    (Format::Yaml, "yaml"),
    (Format::Json, "json"),
    (Format::Dotenv, "env"),
    (Format::Ini, "ini"),
    (Format::Binary, "bin"),
];

/// A file of the format.
pub(crate) fn file(format: Format, dice: &mut Dice) -> Vec<u8> {
    match format {
        Format::Yaml => yaml(dice).into_bytes(),
        Format::Json => json_map(dice, 0).into_bytes(),
        Format::Dotenv => dotenv(dice).into_bytes(),
        Format::Ini => ini(dice).into_bytes(),
        Format::Binary => {
            let mut bytes = vec![0; dice.below(300)];
            dice.fill(&mut bytes);
            bytes
        }
    }
}

/// A rule, whether the MAC is over encrypted leaves only, and both as fields of a creation rule.
pub(crate) fn rule(dice: &mut Dice) -> (Rule, bool, String) {
    let rule = match dice.below(9) {
        0 => Rule::EncryptedRegex("^(data|stringData|password)$".into()),
        1 => Rule::UnencryptedRegex("^(metadata|n|a)".into()),
        2 => Rule::EncryptedSuffix("_secret".into()),
        3 => Rule::UnencryptedSuffix("a".into()),
        4 => Rule::EncryptedCommentRegex("sops:enc".into()),
        5 => Rule::UnencryptedCommentRegex("public".into()),
        _ => Rule::default(),
    };
    let only = dice.chance(25);
    let (field, value) = rule.field();
    let mut fields = String::new();
    if rule != Rule::default() {
        let _infallible = writeln!(fields, "    {field}: '{value}'");
    }
    if only {
        fields.push_str("    mac_only_encrypted: true\n");
    }
    (rule, only, fields)
}

/// The field `stores`, or nothing.
pub(crate) fn stores(dice: &mut Dice) -> String {
    if !dice.chance(30) {
        return String::new();
    }
    let yaml = ["0", "1", "2", "3", "4", "5", "8", "9", "10", "77"];
    let json = ["-1", "0", "1", "2", "4", "7"];
    let mut out = "stores:\n".to_owned();
    for (format, indents) in [("yaml", &yaml[..]), ("json", &json), ("json_binary", &json)] {
        if dice.chance(70) {
            let _infallible = writeln!(out, "  {format}:\n    indent: {}", dice.pick(indents));
        }
    }
    out
}

fn keys(dice: &mut Dice) -> Vec<&'static str> {
    let mut keys: Vec<&str> = KEYS.iter().copied().filter(|_| dice.chance(30)).collect();
    if keys.is_empty() {
        keys.push("a");
    }
    if dice.chance(50) {
        keys.reverse();
    }
    keys
}

fn comment(dice: &mut Dice) -> &'static str {
    dice.pick(&["# remark", "# sops:enc", "# public", "#tight", "#  wide  ", "# two\n# lines"])
}

fn yaml(dice: &mut Dice) -> String {
    let mut out = String::new();
    if dice.chance(20) {
        let _infallible = writeln!(out, "{}\n", comment(dice));
    }
    let documents = if dice.chance(20) { 2 + dice.below(2) } else { 1 };
    for index in 0..documents {
        if index > 0 || dice.chance(10) {
            out.push_str("---\n");
        }
        yaml_map(dice, 0, &mut out);
    }
    out
}

fn lines(indent: usize, text: &str, out: &mut String) {
    for line in text.lines() {
        let _infallible = writeln!(out, "{:indent$}{line}", "");
    }
}

fn yaml_map(dice: &mut Dice, indent: usize, out: &mut String) {
    for key in keys(dice) {
        if dice.chance(15) {
            lines(indent, comment(dice), out);
        }
        let key = if matches!(key, "y" | "n" | "0x1") { format!("'{key}'") } else { key.to_owned() };
        let _infallible = write!(out, "{:indent$}{key}:", "");
        yaml_value(dice, indent, out);
        if dice.chance(6) {
            lines(indent, comment(dice), out);
            out.push('\n');
        }
    }
}

fn yaml_value(dice: &mut Dice, indent: usize, out: &mut String) {
    match dice.below(if indent < 8 { 10 } else { 7 }) {
        0..=6 => {
            let _infallible = write!(out, " {}", yaml_scalar(dice, indent));
            if dice.chance(10) && !out.ends_with('\n') {
                out.push_str(" # inline");
            }
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
        7 => {
            out.push('\n');
            yaml_map(dice, indent + 2, out);
        }
        8 => {
            out.push('\n');
            for _ in 0..=dice.below(3) {
                if dice.chance(15) {
                    lines(indent + 2, comment(dice), out);
                }
                if dice.chance(20) {
                    let _infallible = writeln!(out, "{:indent$}  - k: {}\n{:indent$}    l: 7", "", yaml_line(dice), "");
                } else {
                    let _infallible = write!(out, "{:indent$}  - {}", "", yaml_line(dice));
                    if dice.chance(10) {
                        out.push_str(" # beside");
                    }
                    out.push('\n');
                }
            }
        }
        _ => out.push_str(dice.pick(&[" {}\n", " []\n", " {p: 1, q: [x, 'y']}\n", " [1, two, 3.5, null]\n"])),
    }
}

fn yaml_scalar(dice: &mut Dice, indent: usize) -> String {
    if dice.chance(12) {
        let pad = " ".repeat(indent + 4);
        return dice.pick(&["|\n{}one\n{}two\n", "|-\n{}one\n{}  two\n", ">\n{}folded\n{}text\n"]).replace("{}", &pad);
    }
    yaml_line(dice)
}

fn yaml_line(dice: &mut Dice) -> String {
    match dice.below(4) {
        0 => dice
            .pick(&[
                "1",
                "-7",
                "0644",
                "0o17",
                "0x1F",
                "1_000",
                "1.0",
                "1.50",
                "1e3",
                "-2.5e-7",
                "1e21",
                ".5",
                ".inf",
                "-.inf",
                "true",
                "False",
                "null",
                "~",
                "''",
                "2024-01-02",
                "2024-01-02T03:04:05.678+02:00",
                "9007199254740993",
                "!!str 12",
                "!!binary aGk=",
            ])
            .to_owned(),
        1 => dice.pick(&["plain", "plain text", "yes", "on", "12:30:45", "a-b_c.d/e", "x=y"]).to_owned(),
        _ => json_text(dice.pick(&TEXTS)),
    }
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

fn json_map(dice: &mut Dice, depth: usize) -> String {
    let entries: Vec<String> =
        keys(dice).into_iter().map(|key| format!("{}: {}", json_text(key), json_value(dice, depth + 1))).collect();
    format!("{{{}}}", entries.join(", "))
}

fn json_value(dice: &mut Dice, depth: usize) -> String {
    match dice.below(if depth < 4 { 10 } else { 8 }) {
        0..=3 => json_text(dice.pick(&TEXTS)),
        4..=7 => dice
            .pick(&[
                "1",
                "-7",
                "1.0",
                "1.5",
                "1e3",
                "1e21",
                "2.5e-7",
                "9007199254740993",
                "9223372036854775808",
                "true",
                "false",
                "null",
                "{}",
                "[]",
            ])
            .to_owned(),
        8 => json_map(dice, depth),
        _ => {
            let items: Vec<String> = (0..dice.below(4)).map(|_| json_value(dice, depth + 1)).collect();
            format!("[{}]", items.join(","))
        }
    }
}

fn dotenv(dice: &mut Dice) -> String {
    let mut out = String::new();
    for key in keys(dice) {
        if dice.chance(20) {
            out.push_str(comment(dice));
            out.push('\n');
        }
        let value = dice.pick(&TEXTS).replace('\n', "\\n");
        let _infallible = writeln!(out, "{}={value}", key.replace(' ', "_"));
        if dice.chance(10) {
            out.push('\n');
        }
    }
    out
}

fn ini(dice: &mut Dice) -> String {
    let mut out = String::new();
    let sections = 1 + dice.below(3);
    for index in 0..sections {
        if index > 0 || dice.chance(70) {
            if dice.chance(20) {
                out.push_str("; about\n");
            }
            let _infallible = writeln!(out, "[section{index}]");
        }
        for key in keys(dice) {
            if dice.chance(20) {
                out.push_str(dice.pick(&["# remark\n", "; sops:enc\n", ";public\n", "# one\n# two\n"]));
            }
            let value = dice.pick(&[
                "hunter2",
                "",
                "two words",
                "'quoted'",
                "\"double\"",
                "`has # and ;`",
                "\"\"\"line1\nline2\"\"\"",
                "a = b",
                "x:y",
                "12",
                "value # behind",
                "yes",
                "it's",
                "Grüße",
            ]);
            let _infallible = writeln!(out, "{}{}{value}", key, dice.pick(&["=", " = ", ":"]));
        }
    }
    out
}
