//! INI files as Go's `ini.v1` reads and prints them: sections of `name = value`, aligned; comments belong to the section or key below
//! them. Must not know encryption.

use super::StoreProblem;
use crate::sops::value::{Branch, Comment, Entry, Value};

/// Section of what stands before the first header.
const DEFAULT: &str = "DEFAULT";
const DELIMITERS: [char; 2] = ['=', ':'];
const TRIPLE: &str = "\"\"\"";

/// Reads sections.
pub(super) fn read(bytes: &[u8]) -> Result<Branch, StoreProblem> {
    let text = std::str::from_utf8(bytes).map_err(|_| StoreProblem::NotText)?;
    let mut reader = Reader { rest: text.strip_prefix('\u{FEFF}').unwrap_or(text), line: 0, comment: String::new() };
    let mut sections = vec![(DEFAULT.to_owned(), Branch::new())];
    while let Some(line) = reader.next_line() {
        let line = line.trim_start();
        if line.is_empty() {
            continue;
        }
        if line.starts_with(['#', ';']) {
            reader.comment.push_str(line);
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let (name, behind) =
                header.rsplit_once(']').ok_or_else(|| reader.fail("a section's header does not end"))?;
            if name.is_empty() {
                return Err(reader.fail("a section has no name"));
            }
            if let Some(at) = behind.find(['#', ';']) {
                reader.comment.push_str(&behind[at..]);
            }
            let mut section = Branch::new();
            reader.comment_to(&mut section);
            sections.push((name.to_owned(), section));
            continue;
        }
        let (name, value) = reader.pair(line)?;
        let section = &mut sections.last_mut().expect("the default section comes first").1;
        if section.iter().any(|entry| matches!(entry, Entry::Pair(key, _) if *key == name)) {
            return Err(StoreProblem::DuplicateKey { key: name });
        }
        section.push(Entry::Pair(name, Value::text(value)));
        reader.comment_to(section);
    }
    Ok(sections.into_iter().map(|(name, section)| Entry::Pair(name, Value::Map(section))).collect())
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    /// Comments read so far, for the next section or key.
    comment: String,
}

impl<'a> Reader<'a> {
    fn fail(&self, what: &'static str) -> StoreProblem {
        StoreProblem::Syntax { line: self.line, what }
    }

    /// With its newline.
    fn next_line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.line += 1;
        Some(line)
    }

    fn comment_to(&mut self, section: &mut Branch) {
        let comment = std::mem::take(&mut self.comment);
        let comment = comment.trim();
        if comment.is_empty() {
            return;
        }
        let text = match comment.chars().next() {
            Some(sign @ (';' | '#')) => comment.trim_start_matches([sign, ' ']),
            _ => comment,
        };
        section.push(Entry::Comment(Comment::line(text)));
    }

    fn pair(&mut self, line: &str) -> Result<(String, String), StoreProblem> {
        let quote = if line.starts_with(TRIPLE) && line.len() > 6 {
            TRIPLE
        } else if line.starts_with('"') {
            "\""
        } else if line.starts_with('`') {
            "`"
        } else {
            ""
        };
        let no_delimiter = || self.fail("a line has neither `=` nor `:`");
        let (name, behind) = if quote.is_empty() {
            line.split_once(DELIMITERS).ok_or_else(no_delimiter)?
        } else {
            let (name, behind) =
                line[quote.len()..].split_once(quote).ok_or_else(|| self.fail("a quoted name does not end"))?;
            (name, behind.split_once(DELIMITERS).ok_or_else(no_delimiter)?.1)
        };
        let name = name.trim();
        if name.is_empty() || name == "-" {
            return Err(self.fail("a line has no name"));
        }
        Ok((name.to_owned(), self.value(behind)?))
    }

    fn value(&mut self, behind: &str) -> Result<String, StoreProblem> {
        let line = behind.trim_start();
        let quote = if line.starts_with(TRIPLE) && line.len() > 3 {
            TRIPLE
        } else if line.starts_with('`') {
            "`"
        } else {
            ""
        };
        if !quote.is_empty() {
            let inside = &line[quote.len()..];
            return match inside.rfind(quote) {
                Some(at) => Ok(inside[..at].to_owned()),
                None => self.more_lines(inside, quote),
            };
        }
        let mut line = line.trim();
        if let Some(begun) = line.strip_suffix('\\') {
            return Ok(self.continued(begun));
        }
        if let Some(at) = line.find(['#', ';']) {
            self.comment.push_str(&line[at..]);
            line = line[..at].trim();
        }
        for quote in ['\'', '"'] {
            if let Some(inside) = line.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote))
                && !inside.contains(quote)
            {
                return Ok(inside.to_owned());
            }
        }
        Ok(line.to_owned())
    }

    fn more_lines(&mut self, first: &str, quote: &str) -> Result<String, StoreProblem> {
        let mut value = first.to_owned();
        loop {
            let Some(next) = self.next_line() else { return Err(self.fail("a quoted value does not end")) };
            if let Some(at) = next.rfind(quote)
                && !next[at + quote.len()..].trim().ends_with('\\')
            {
                value.push_str(&next[..at]);
                if let Some(comment) = next[at..].find(['#', ';']) {
                    self.comment.push_str(next[at + comment..].trim());
                }
                return Ok(value);
            }
            value.push_str(next);
        }
    }

    fn continued(&mut self, first: &str) -> String {
        let mut value = first.to_owned();
        while let Some(next) = self.next_line().map(str::trim).filter(|next| !next.is_empty()) {
            let begun = next.strip_suffix('\\');
            value.push_str(begun.unwrap_or(next));
            if begun.is_none() {
                break;
            }
        }
        value
    }
}

/// Appends sections.
pub(super) fn write(branch: &Branch, out: &mut Vec<u8>) -> Result<(), StoreProblem> {
    let mut sections = Vec::new();
    for entry in branch {
        match entry {
            Entry::Comment(_) => {}
            Entry::Pair(name, Value::Map(section)) => sections.push((name, section)),
            Entry::Pair(name, _) => return Err(StoreProblem::NoSection { key: name.clone() }),
        }
    }
    let last = sections.len().saturating_sub(1);
    for (index, (name, section)) in sections.into_iter().enumerate() {
        let mut entries = section.as_slice();
        if let [Entry::Comment(comment), rest @ ..] = entries {
            write_comment(comment.text.expose(), false, out);
            entries = rest;
        }
        if index > 0 || name.to_uppercase() != DEFAULT {
            out.extend_from_slice(format!("[{name}]\n").as_bytes());
        } else if entries.is_empty() {
            continue;
        }
        write_section(entries, out)?;
        if index != last {
            out.push(b'\n');
        }
    }
    Ok(())
}

fn write_section(entries: &[Entry], out: &mut Vec<u8>) -> Result<(), StoreProblem> {
    let mut names = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Entry::Pair(name, value) = entry {
            let text = super::plain_text(value).ok_or_else(|| StoreProblem::NotFlat { key: name.clone() })?;
            let comment = match entries.get(at + 1) {
                Some(Entry::Comment(comment)) => Some(comment),
                _ => None,
            };
            names.push((quoted_name(name), text, comment));
        }
    }
    let width = names.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    for (name, text, comment) in names {
        if let Some(comment) = comment {
            write_comment(comment.text.expose(), true, out);
        }
        out.extend_from_slice(name.as_bytes());
        out.resize(out.len() + width - name.len(), b' ');
        out.extend_from_slice(b" = ");
        write_value(text.expose(), out);
        out.push(b'\n');
    }
    Ok(())
}

/// As SOPS quotes it, and where that cannot be read again (`#a` would be a comment), so that SOPS can read it.
fn quoted_name(name: &str) -> String {
    if name.contains('`') {
        format!("{TRIPLE}{name}{TRIPLE}")
    } else if name.contains(['"', '=', ':']) || name.starts_with(['#', ';', '[']) {
        format!("`{name}`")
    } else {
        name.to_owned()
    }
}

fn write_value(text: &[u8], out: &mut Vec<u8>) {
    let has = |signs: &[u8]| text.iter().any(|byte| signs.contains(byte));
    let quote: &[u8] = if has(b"\n`") {
        TRIPLE.as_bytes()
    } else if has(b"#;") {
        b"`"
    } else if std::str::from_utf8(text).is_ok_and(|text| text.trim() != text) {
        b"\""
    } else {
        b""
    };
    out.extend_from_slice(quote);
    out.extend_from_slice(text);
    out.extend_from_slice(quote);
}

fn write_comment(comment: &str, of_key: bool, out: &mut Vec<u8>) {
    for line in comment.split('\n') {
        let line = match line.chars().next() {
            Some(sign @ ('#' | ';')) => format!("{sign} {}", line[1..].trim()),
            _ => format!("; {}", if of_key { line.trim() } else { line }),
        };
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sops::Format;

    fn again(text: &str) -> Result<String, StoreProblem> {
        super::super::printed_again(Format::Ini, text)
    }

    #[test]
    fn sections_are_printed_aligned() {
        let text = "top=1\n# about a\n; more\n[a] ; behind\nlong_name: 'x'\n\n;of b\nb = \"two words\" # inline\nc=`a#b`\nd = x\\\ny\n\n[b]\ne=\"\"\"1\n2\"\"\"\nf=\n";
        // What SOPS makes of it.
        let expected = "top = 1\n\n; about a\n; more\n; behind\n[a]\nlong_name = x\n; of b\n# inline\nb         = two words\nc         = `a#b`\nd         = xy\n\n[b]\ne = \"\"\"1\n2\"\"\"\nf = \n";
        assert_eq!(again(text).unwrap(), expected);
        assert_eq!(again(expected).unwrap(), expected);
    }

    #[test]
    fn names_that_look_like_something_else_are_quoted() {
        let text = "`#a`        = 1\n`;b`        = 2\n`[c]`       = 3\n`d=e`       = 4\n\"\"\"f`=\"g\"\"\" = 5\n";
        assert_eq!(again(text).unwrap(), text);
    }

    #[test]
    fn what_is_no_ini_is_refused() {
        for text in ["[a\n", "[]\n", "novalue\n", "=x\n", "- = x\n", "a = `x\n", "`a = x\n"] {
            assert!(matches!(again(text), Err(StoreProblem::Syntax { line: 1, .. })), "{text}");
        }
        assert_eq!(again("a=1\na=2\n"), Err(StoreProblem::DuplicateKey { key: "a".into() }));
    }
}
