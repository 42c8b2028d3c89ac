//! JSON as Go writes it: sorted keys, `<`, `>` and `&` escaped, floats in Go's spelling. Must not know what is written.

use krm::yaml::json_float;
use serde_json::{Map, Number, Value};

/// How whole numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// As they are.
    Exact,
    /// Through a float, as in Go's untyped JSON: large ones lose digits.
    AsFloats,
}

/// Writes without blanks.
pub(crate) fn write(out: &mut String, value: &Value, numbers: Numbers) {
    match value {
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item, numbers);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in sorted(map).into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, key);
                out.push(':');
                write(out, item, numbers);
            }
            out.push('}');
        }
        Value::Number(number) => write_number(out, number, numbers),
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
    }
}

fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|a, b| a.0.cmp(b.0));
    entries
}

/// Writes over several lines, two blanks to a level.
pub(crate) fn write_indented(out: &mut String, value: &Value) {
    indented(out, value, 0);
}

fn indented(out: &mut String, value: &Value, level: usize) {
    let new_line = |out: &mut String, level: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(level));
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                new_line(out, level + 1);
                indented(out, item, level + 1);
            }
            new_line(out, level);
            out.push(']');
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            for (index, (key, item)) in sorted(map).into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                new_line(out, level + 1);
                write_string(out, key);
                out.push_str(": ");
                indented(out, item, level + 1);
            }
            new_line(out, level);
            out.push('}');
        }
        value => write(out, value, Numbers::Exact),
    }
}

fn write_number(out: &mut String, number: &Number, numbers: Numbers) {
    let whole = numbers == Numbers::Exact && !number.is_f64();
    let float = if whole { None } else { number.as_f64() };
    out.push_str(&float.map_or_else(|| number.to_string(), json_float));
}

/// Writes a text in quotes. What needs no care is copied in one piece: generated texts are large.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(needs_care) {
        out.push_str(&rest[..at]);
        let mut chars = rest[at..].chars();
        if let Some(c) = chars.next() {
            write_char(out, c);
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// May a character that starts with this byte be escaped?
const fn needs_care(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\' | b'<' | b'>' | b'&' | 0xE2)
}

fn write_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
            let digits =
                [12, 8, 4, 0].map(|shift| char::from_digit((u32::from(c) >> shift) & 15, 16).expect("below 16"));
            out.push_str("\\u");
            out.extend(digits);
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_go_does() {
        let mut out = String::new();
        write_string(&mut out, "a<b>&\"\\\n\u{1}\u{2028}é\u{7f}");
        assert_eq!(out, "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\n\\u0001\\u2028é\u{7f}\"");
    }

    #[test]
    fn lines_are_indented_and_empty_collections_are_not() {
        let value: Value = serde_json::from_str(r#"{"b":[1,{}],"a":{"x":[],"big":9007199254740993}}"#).unwrap();
        let mut out = String::new();
        write_indented(&mut out, &value);
        let expected =
            "{\n  \"a\": {\n    \"big\": 9007199254740993,\n    \"x\": []\n  },\n  \"b\": [\n    1,\n    {}\n  ]\n}";
        assert_eq!(out, expected);
    }
}
