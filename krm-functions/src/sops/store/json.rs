//! JSON files: one object, as Go's `encoding/json` reads and prints it. Owns that syntax; must not know
//! encryption.
//!
//! Its own reader, because the order of keys and the exact value of each number count for a file's MAC.

use krm::yaml::json_float;

use super::{StoreProblem, TooDeep};
use crate::sops::value::{Branch, Entry, Item, Value};

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 1000;

/// Reads one object.
pub(super) fn read(bytes: &[u8]) -> Result<Branch, StoreProblem> {
    let mut reader = Reader { bytes, at: 0, depth: 0 };
    reader.skip_blanks();
    if reader.peek() != Some(b'{') {
        return Err(reader.fail("a JSON file must be one object"));
    }
    let Value::Map(branch) = reader.value()? else { return Err(reader.fail("a JSON file must be one object")) };
    reader.skip_blanks();
    if reader.at < bytes.len() { Err(reader.fail("there is something behind the object")) } else { Ok(branch) }
}

/// Appends `branch`, indented by so many blanks (`None`: a tab), and a newline at the end.
pub(super) fn write(branch: &Branch, indent: Option<u8>, out: &mut Vec<u8>) -> Result<(), StoreProblem> {
    Printer { indent, out }.map(branch, 0)?;
    out.push(b'\n');
    Ok(())
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn fail(&self, what: &'static str) -> StoreProblem {
        let before = &self.bytes[..self.at.min(self.bytes.len())];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        StoreProblem::Syntax { line, what }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), StoreProblem> {
        self.skip_blanks();
        if self.peek() != Some(byte) {
            return Err(self.fail(what));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<Value, StoreProblem> {
        self.skip_blanks();
        match self.peek() {
            Some(b'{') => self.deeper(Self::map),
            Some(b'[') => self.deeper(Self::list),
            Some(b'"') => Ok(Value::text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Result<Value, StoreProblem>) -> Result<Value, StoreProblem> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(StoreProblem::TooDeep(TooDeep { max: DEPTH_MAX }));
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn map(&mut self) -> Result<Value, StoreProblem> {
        let mut entries: Branch = Vec::new();
        let mut keys = std::collections::HashSet::new();
        self.skip_blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(entries));
        }
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'"') {
                return Err(self.fail("a key is missing"));
            }
            let key = self.string()?;
            if !keys.insert(key.clone()) {
                return Err(StoreProblem::DuplicateKey { key });
            }
            self.expect(b':', "a colon is missing")?;
            let value = self.value()?;
            entries.push(Entry::Pair(key, value));
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Map(entries));
                }
                _ => return Err(self.fail("an object does not end")),
            }
        }
    }

    fn list(&mut self) -> Result<Value, StoreProblem> {
        let mut items = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(Item::Value(self.value()?));
            self.skip_blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::List(items));
                }
                _ => return Err(self.fail("a list does not end")),
            }
        }
    }

    fn word(&mut self) -> Result<Value, StoreProblem> {
        for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
            if self.bytes[self.at.min(self.bytes.len())..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.fail("a value is missing"))
    }

    fn digits(&mut self) -> Result<(), StoreProblem> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.fail("a number is malformed")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Value, StoreProblem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).expect("the number's signs are ASCII");
        if let Ok(int) = text.parse::<i64>() {
            return Ok(Value::Int(int));
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Value::Float(float)),
            _ => Err(self.fail("a number is too large")),
        }
    }

    fn string(&mut self) -> Result<String, StoreProblem> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20) {
                self.at += 1;
            }
            text.extend_from_slice(&self.bytes[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    // Go replaces what is no UTF-8.
                    return Ok(match String::from_utf8(text) {
                        Ok(text) => text,
                        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
                    });
                }
                Some(b'\\') => {
                    let c = self.escape()?;
                    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(_) => return Err(self.fail("a text holds a control character")),
                None => return Err(self.fail("a text does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, StoreProblem> {
        self.at += 2;
        Ok(match self.bytes.get(self.at - 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.fail("an escape is malformed")),
        })
    }

    fn unicode(&mut self) -> Result<char, StoreProblem> {
        let first = self.four_digits(self.at).ok_or_else(|| self.fail("an escape is malformed"))?;
        self.at += 4;
        if (0xD800..0xDC00).contains(&first)
            && self.bytes[self.at..].starts_with(b"\\u")
            && let Some(second) = self.four_digits(self.at + 2)
            && (0xDC00..0xE000).contains(&second)
        {
            self.at += 6;
            let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        digits.iter().try_fold(0, |code, &digit| Some(code * 16 + char::from(digit).to_digit(16)?))
    }
}

struct Printer<'o> {
    indent: Option<u8>,
    out: &'o mut Vec<u8>,
}

impl Printer<'_> {
    fn map(&mut self, branch: &Branch, depth: usize) -> Result<(), StoreProblem> {
        let mut pairs = branch.iter().filter_map(|entry| match entry {
            Entry::Pair(key, value) => Some((key, value)),
            Entry::Comment(_) => None,
        });
        let Some(first) = pairs.next() else {
            self.out.extend_from_slice(b"{}");
            return Ok(());
        };
        self.out.push(b'{');
        for (index, (key, value)) in std::iter::once(first).chain(pairs).enumerate() {
            self.begin(index, depth);
            write_string(key.as_bytes(), self.out);
            self.out.extend_from_slice(b": ");
            self.value(value, depth + 1)?;
        }
        self.new_line(depth);
        self.out.push(b'}');
        Ok(())
    }

    fn list(&mut self, items: &[Item], depth: usize) -> Result<(), StoreProblem> {
        let mut values = items.iter().filter_map(|item| match item {
            Item::Value(value) => Some(value),
            Item::Comment(_) => None,
        });
        let Some(first) = values.next() else {
            self.out.extend_from_slice(b"[]");
            return Ok(());
        };
        self.out.push(b'[');
        for (index, value) in std::iter::once(first).chain(values).enumerate() {
            self.begin(index, depth);
            self.value(value, depth + 1)?;
        }
        self.new_line(depth);
        self.out.push(b']');
        Ok(())
    }

    fn begin(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.out.push(b',');
        }
        self.new_line(depth + 1);
    }

    fn new_line(&mut self, depth: usize) {
        self.out.push(b'\n');
        let (sign, width) = match self.indent {
            None => (b'\t', depth),
            Some(blanks) => (b' ', depth * usize::from(blanks)),
        };
        self.out.resize(self.out.len() + width, sign);
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), StoreProblem> {
        match value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::Int(int) => self.out.extend_from_slice(int.to_string().as_bytes()),
            Value::Float(float) if float.is_finite() => self.out.extend_from_slice(json_float(*float).as_bytes()),
            Value::Float(_) => return Err(StoreProblem::NotInJson),
            Value::Text(text) => write_string(text.expose(), self.out),
            Value::Time(time) => write_string(time.as_bytes(), self.out),
            Value::List(items) => self.list(items, depth)?,
            Value::Map(entries) => self.map(entries, depth)?,
        }
        Ok(())
    }
}

/// As Go writes it: what HTML gives a meaning is escaped, what is no UTF-8 replaced.
fn write_string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.extend_from_slice(b"\\\""),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\x08' => out.extend_from_slice(b"\\b"),
                '\x0c' => out.extend_from_slice(b"\\f"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f' => {
                    out.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
                }
                _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        // Go replaces each byte on its own.
        for _ in chunk.invalid() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sops::Format;

    fn again(text: &str) -> Result<String, StoreProblem> {
        super::super::printed_again(Format::Json, text)
    }

    #[test]
    fn objects_are_printed_as_go_prints_them() {
        let text =
            again(r#" {"b": 1.0, "a": [true, null, {}, [], -2.5e3, 1e21], "s": "a<\u00e9\ud83d\ude00\n\"\/" } "#);
        let expected = "{\n\t\"b\": 1,\n\t\"a\": [\n\t\ttrue,\n\t\tnull,\n\t\t{},\n\t\t[],\n\t\t-2500,\n\t\t1e+21\n\t],\n\t\"s\": \
                        \"a\\u003cé😀\\n\\\"/\"\n}\n";
        assert_eq!(text.unwrap(), expected);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "",
            "[1]",
            "1",
            "{",
            "{\"a\"}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1} x",
            "{\"a\":tru}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":1e999}",
            "{a:1}",
        ] {
            assert!(matches!(again(text), Err(StoreProblem::Syntax { .. })), "{text}");
        }
        assert_eq!(again("{\"a\":1,\"a\":2}"), Err(StoreProblem::DuplicateKey { key: "a".into() }));
        let deep = format!("{{\"a\":{}", "[".repeat(5000));
        assert!(matches!(again(&deep), Err(StoreProblem::TooDeep(_))));
    }

    #[test]
    fn lone_surrogates_are_replaced() {
        assert_eq!(again(r#"{"a":"\ud800x"}"#).unwrap(), "{\n\t\"a\": \"\u{fffd}x\"\n}\n");
    }
}
