//! How kustomize's generators write keys and values: literals, names of files, env files, base64 in lines. Owns the syntax
//! alone; must not know where texts come from or what becomes of the pairs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `key=value`; one pair of quotes around the value is taken off. `None` without `=`, or with nothing in front of it.
pub fn literal(source: &str) -> Option<(&str, &str)> {
    let (key, value) = source.split_once('=')?;
    (!key.is_empty()).then(|| (key, unquoted(value)))
}

fn unquoted(value: &str) -> &str {
    let quotes = ['"', '\''];
    let inner = quotes.iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(value)
}

/// Key and path of `file`, of which the key is the name, or of `key=file`.
pub fn file_source(source: &str) -> Option<(&str, &str)> {
    let Some((key, path)) = source.split_once('=') else { return Some((base_name(source), source)) };
    let understood = !key.is_empty() && !path.is_empty() && !path.contains('=');
    understood.then_some((key, path))
}

fn base_name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// A source for messages. What stands behind `=` may be a value that is in the wrong list.
pub fn without_value(source: &str) -> String {
    let (key, _) = source.split_once('=').unwrap_or((source, ""));
    format!("{key}=…")
}

/// A line of an env file that is not UTF-8; lines count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotText {
    /// The line.
    pub line: usize,
}

/// `KEY=value` lines. Values are taken as they are, quotes and blanks included; a line without `=` is a key without value.
///
/// # Errors
/// A line is not UTF-8.
pub fn env_pairs(content: &[u8]) -> Result<Vec<(&str, &str)>, NotText> {
    let mut pairs = Vec::new();
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| NotText { line: index + 1 })?;
        let line = if index == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            pairs.push((key, value));
        }
    }
    Ok(pairs)
}

/// Base64, in lines of 70 characters once it reaches that length.
pub fn base64_lines(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    // All of it is ASCII.
    for start in (0..text.len()).step_by(LINE) {
        lines.push_str(&text[start..text.len().min(start + LINE)]);
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_lose_one_pair_of_quotes() {
        for (source, expected) in [
            ("a=b", Some(("a", "b"))),
            ("a=\"b\"", Some(("a", "b"))),
            ("a='b\"", Some(("a", "'b\""))),
            ("a=\"", Some(("a", "\""))),
            ("a= b=c", Some(("a", " b=c"))),
            ("a=", Some(("a", ""))),
            ("=a", None),
            ("a", None),
        ] {
            assert_eq!(literal(source), expected, "{source}");
        }
    }

    #[test]
    fn files_are_keyed_by_name() {
        for (source, expected) in [
            ("a/b.txt", Some(("b.txt", "a/b.txt"))),
            ("k=a/b.txt", Some(("k", "a/b.txt"))),
            ("=a", None),
            ("k=", None),
            ("k=a=b", None),
        ] {
            assert_eq!(file_source(source), expected, "{source}");
        }
    }

    #[test]
    fn env_files_are_taken_as_they_are() {
        let text = "\u{feff}A=1\n  B = \"x\" \r\n#c\n\nC\n=d\nexport D=1\n";
        let pairs = env_pairs(text.as_bytes()).unwrap();
        assert_eq!(pairs, [("A", "1"), ("B ", " \"x\" "), ("C", ""), ("export D", "1")]);
        assert_eq!(env_pairs(b"A=1\nB=\xff\n"), Err(NotText { line: 2 }));
    }

    #[test]
    fn long_data_is_broken_into_lines() {
        assert_eq!(base64_lines(b"ab"), "YWI=");
        assert_eq!(base64_lines(&[0; 51]).len(), 68);
        let exact = base64_lines(&[0; 52]);
        assert_eq!((exact.len(), exact.ends_with('\n')), (74, true), "72 characters and two line ends");
    }
}
