//! `.gitmodules`: where the submodules of a tree are. A small part of git's own configuration syntax; what is not understood
//! names no submodule.

use std::collections::BTreeMap;

/// Names and URLs by path.
#[derive(Debug, Default)]
pub(in crate::git) struct Modules(BTreeMap<Vec<u8>, Module>);

#[derive(Debug)]
struct Module {
    /// By which git keeps its repository; none where it needs escapes.
    name: Option<String>,
    url: Option<String>,
}

impl Modules {
    /// Reads the file.
    pub(in crate::git) fn parse(content: &[u8]) -> Self {
        let text = String::from_utf8_lossy(content);
        let mut sections: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
        let mut section = String::new();
        for line in joined(&text) {
            let line = line.trim();
            if let Some(head) = line.strip_prefix('[') {
                head.split(']').next().unwrap_or_default().trim().clone_into(&mut section);
            } else if let Some((key, value)) = line.split_once('=')
                && section.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("submodule"))
            {
                let entry = sections.entry(section.clone()).or_default();
                match key.trim().to_ascii_lowercase().as_str() {
                    "path" => entry.0 = value_of(value),
                    "url" => entry.1 = value_of(value),
                    _ => {}
                }
            }
        }
        let pairs = sections.into_iter().filter_map(|(section, (path, url))| {
            let name = section.get(9..).and_then(|rest| rest.trim().strip_prefix('"')?.strip_suffix('"'));
            let name = name.filter(|name| !name.contains(['"', '\\'])).map(str::to_owned);
            Some((path?.into_bytes(), Module { name, url }))
        });
        Self(pairs.collect())
    }

    /// Where the submodule at this path is.
    pub(in crate::git) fn url(&self, path: &[u8]) -> Option<&str> {
        self.0.get(path)?.url.as_deref()
    }

    /// What the submodule at this path is called.
    pub(in crate::git) fn name(&self, path: &[u8]) -> Option<&str> {
        self.0.get(path)?.name.as_deref()
    }
}

/// Lines, those that end with a backslash together with the next.
fn joined(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let (line, more) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        match lines.last_mut().filter(|_| open) {
            Some(last) => last.push_str(line),
            None => lines.push(line.to_owned()),
        }
        open = more;
    }
    lines
}

/// Without quotes, escapes and comments.
fn value_of(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut quoted = false;
    let mut rest = text.trim().chars();
    // Blanks at the end count only within quotes.
    let mut kept = 0;
    while let Some(c) = rest.next() {
        match c {
            '"' => quoted = !quoted,
            '\\' => value.push(match rest.next()? {
                'n' => '\n',
                't' => '\t',
                c @ ('"' | '\\') => c,
                _ => return None,
            }),
            '#' | ';' if !quoted => break,
            c => value.push(c),
        }
        if quoted || !c.is_whitespace() {
            kept = value.len();
        }
    }
    value.truncate(kept);
    (!quoted && !value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_found_by_path() {
        let modules = Modules::parse(
            b"# comment\n[submodule \"a b\"]\n\tpath = apps/a\n\turl = ../a.git ; comment\n[Submodule \"b\"]\n\
            URL = \"https://example.com/b #x\"\n\tpath = \"b \"\n[other]\n\tpath = c\n\turl = x\n[submodule \"d\"]\npath=d\n",
        );
        assert_eq!(modules.url(b"apps/a"), Some("../a.git"));
        assert_eq!(modules.url(b"b "), Some("https://example.com/b #x"));
        assert_eq!((modules.url(b"c"), modules.url(b"d")), (None, None));
        assert_eq!(
            (modules.name(b"apps/a"), modules.name(b"b "), modules.name(b"d")),
            (Some("a b"), Some("b"), Some("d"))
        );
        assert_eq!(Modules::parse(b"[submodule \"a\\\"b\"]\npath=a\n").name(b"a"), None);
    }

    #[test]
    fn nonsense_names_nothing() {
        for text in ["", "[", "[submodule \"x\"]\npath = \"a\nurl = b", "\\", "[submodule]\npath=\\x\nurl=y"] {
            assert!(Modules::parse(text.as_bytes()).0.is_empty(), "{text}");
        }
    }
}
