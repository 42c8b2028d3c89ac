//! Which files Flux leaves out of what it hands on: `.sourceignore` files, `spec.ignore`, or its own list. The last rule that
//! matches a file decides, and a rule brings back what lies in a directory that another one excludes: both as in Flux, unlike
//! in git.

/// Name of the files with rules.
const FILE: &str = ".sourceignore";
/// Never wanted, unless a rule says so.
const GIT: &str = ".git/,.gitignore,.gitmodules,.gitattributes";
/// Not wanted where there are no rules at all.
const DEFAULT: &str = "*.jpg,*.jpeg,*.gif,*.png,*.wmv,*.flv,*.tar.gz,*.zip,.github/,.circleci/,.travis.yml,.gitlab-ci.yml,\
    appveyor.yml,.drone.yml,cloudbuild.yaml,codeship-services.yml,codeship-steps.yml,**/.goreleaser.yml,**/.sops.yaml,\
    **/.flux.yaml";

/// Rules, in order.
#[derive(Debug)]
pub(in crate::git) struct IgnoreRules(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    /// The directory it holds below.
    within: Vec<Vec<u8>>,
    parts: Vec<Vec<u8>>,
    /// It brings files back.
    includes: bool,
    /// For directories only.
    directory: bool,
}

/// Does this path name a file with rules?
pub(in crate::git) fn is_ignore_file(path: &[u8]) -> bool {
    path.rsplit(|byte| *byte == b'/').next() == Some(FILE.as_bytes())
}

impl IgnoreRules {
    /// From the files with rules, in any order, and `spec.ignore`.
    pub(in crate::git) fn new(mut files: Vec<(&[u8], &[u8])>, ignore: Option<&str>) -> Self {
        // Those of a directory count after those of the directories that it lies in.
        files.sort_by_key(|(path, _)| path.split(|byte| *byte == b'/').count());
        let list = |texts: &str| texts.split(',').map(|text| Rule::parse(text.as_bytes(), &[])).collect::<Vec<_>>();
        let mut own = Vec::new();
        for (path, content) in files {
            let mut within: Vec<Vec<u8>> = path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
            within.pop();
            own.extend(rules(content, &within));
        }
        own.extend(rules(ignore.unwrap_or_default().as_bytes(), &[]));
        let mut all = list(GIT);
        if own.is_empty() {
            all.extend(list(DEFAULT));
        }
        all.extend(own);
        Self(all)
    }

    /// Is this file left out?
    pub(in crate::git) fn excludes(&self, path: &[u8]) -> bool {
        let path: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        self.0.iter().rev().find(|rule| rule.matches(&path)).is_some_and(|rule| !rule.includes)
    }
}

fn rules(content: &[u8], within: &[Vec<u8>]) -> Vec<Rule> {
    let lines = content.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter(|line| !line.starts_with(b"#") && !line.trim_ascii().is_empty());
    lines.map(|line| Rule::parse(line, within)).collect()
}

impl Rule {
    fn parse(mut text: &[u8], within: &[Vec<u8>]) -> Self {
        let includes = text.starts_with(b"!");
        if includes {
            text = &text[1..];
        }
        if !text.ends_with(b"\\ ") {
            let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
            text = &text[..end];
        }
        let directory = text.ends_with(b"/");
        if directory {
            text = &text[..text.len() - 1];
        }
        let parts = text.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
        Self { within: within.to_vec(), parts, includes, directory }
    }

    /// `path` is that of a file.
    fn matches(&self, path: &[&[u8]]) -> bool {
        if path.len() <= self.within.len() || self.within.iter().zip(path).any(|(own, part)| own != part) {
            return false;
        }
        let path = &path[self.within.len()..];
        if self.parts.len() > 1 { self.matches_path(path) } else { self.matches_name(path) }
    }

    /// A rule without a slash: any part of the path.
    fn matches_name(&self, path: &[&[u8]]) -> bool {
        for (position, name) in path.iter().enumerate() {
            match glob(&self.parts[0], name) {
                None => return false,
                Some(false) => {}
                Some(true) => return !(self.directory && position == path.len() - 1),
            }
        }
        false
    }

    /// A rule with a slash: from the rule's own directory.
    fn matches_path(&self, mut path: &[&[u8]]) -> bool {
        let (mut matched, mut anywhere) = (false, false);
        for (position, part) in self.parts.iter().enumerate() {
            match part.as_slice() {
                b"" => {
                    anywhere = false;
                    continue;
                }
                b"**" if position == self.parts.len() - 1 => break,
                b"**" => {
                    anywhere = true;
                    continue;
                }
                part if part.windows(2).any(|pair| pair == b"**") => return false,
                _ => {}
            }
            let Some((first, rest)) = path.split_first() else { return false };
            if !anywhere {
                if glob(part, first) != Some(true) {
                    return false;
                }
                matched = true;
                path = rest;
                continue;
            }
            anywhere = false;
            while let Some((first, rest)) = path.split_first() {
                path = rest;
                match glob(part, first) {
                    None => return false,
                    Some(true) => {
                        matched = true;
                        break;
                    }
                    Some(false) if path.is_empty() => matched = false,
                    Some(false) => {}
                }
            }
        }
        matched && !(self.directory && path.is_empty())
    }
}

/// Go's `filepath.Match`: `*`, `?`, `[a-z]`, `[^a-z]`, `\x`. Nothing if the pattern is malformed.
fn glob(pattern: &[u8], name: &[u8]) -> Option<bool> {
    let (pattern, name) = (String::from_utf8_lossy(pattern), String::from_utf8_lossy(name));
    let tokens = tokens(&pattern)?;
    let name: Vec<char> = name.chars().collect();
    let (mut t, mut n) = (0, 0);
    // Where to go on when a star has to take one more.
    let mut retry = None;
    loop {
        match tokens.get(t) {
            Some(Token::Star) => {
                retry = Some((t, n));
                t += 1;
                continue;
            }
            Some(token) if n < name.len() && token.accepts(name[n]) => {
                (t, n) = (t + 1, n + 1);
                continue;
            }
            None if n == name.len() => return Some(true),
            _ => {}
        }
        match retry {
            Some((star, at)) if at < name.len() => {
                (t, n) = (star + 1, at + 1);
                retry = Some((star, n));
            }
            _ => return Some(false),
        }
    }
}

enum Token {
    Star,
    Any,
    Char(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Token {
    fn accepts(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => true,
            Self::Char(own) => *own == c,
            Self::Class { negated, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated,
        }
    }
}

fn tokens(pattern: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        found.push(match c {
            '*' => Token::Star,
            '?' => Token::Any,
            '\\' => Token::Char(rest.next()?),
            '[' => {
                let negated = rest.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                loop {
                    if !ranges.is_empty() && rest.next_if_eq(&']').is_some() {
                        break;
                    }
                    let low = class_char(&mut rest)?;
                    let high = if rest.next_if_eq(&'-').is_some() { class_char(&mut rest)? } else { low };
                    ranges.push((low, high));
                }
                Token::Class { negated, ranges }
            }
            c => Token::Char(c),
        });
    }
    Some(found)
}

fn class_char(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match rest.next()? {
        '-' | ']' => None,
        '\\' => rest.next(),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(files: &[(&str, &str)], ignore: Option<&str>, path: &str) -> bool {
        let files = files.iter().map(|(path, text)| (path.as_bytes(), text.as_bytes()));
        IgnoreRules::new(files.collect(), ignore).excludes(path.as_bytes())
    }

    #[test]
    fn without_rules_the_default_list_counts() {
        for (path, expected) in [
            ("a.yaml", false),
            ("logo.png", true),
            ("x/y/logo.png", true),
            (".sops.yaml", true),
            ("a/.sops.yaml", true),
            (".github/workflows/x.yaml", true),
            (".gitignore", true),
            ("a/.gitattributes", true),
            ("a/.git", false),
            ("a.tar.gz", true),
            (".sourceignore", false),
        ] {
            assert_eq!(excluded(&[], None, path), expected, "{path}");
        }
        // Any rule takes the place of the list, but not of what is Git's.
        for (path, expected) in [("logo.png", false), (".sops.yaml", false), (".gitignore", true), ("x/secret", true)] {
            assert_eq!(excluded(&[], Some("secret"), path), expected, "{path}");
        }
    }

    #[test]
    fn the_last_rule_decides() {
        let rules = "/*\n!/deploy\n# comment\n\n*.md\r\n!keep.md\n/deploy/test/\n";
        for (path, expected) in [
            ("a.yaml", true),
            ("deploy/a.yaml", false),
            ("deploy/x/a.yaml", false),
            ("deploy/a.md", true),
            ("deploy/keep.md", false),
            ("deploy/test/a", true),
            ("keep.md", false),
        ] {
            assert_eq!(excluded(&[], Some(rules), path), expected, "{path}");
        }
    }

    #[test]
    fn rules_of_a_file_hold_in_its_directory_and_spec_comes_last() {
        let files = [("apps/.sourceignore", "*.txt\n/top\n"), (".sourceignore", "**/*.bak\n")];
        for (path, expected) in [
            ("apps/a.txt", true),
            ("apps/x/a.txt", true),
            ("a.txt", false),
            ("apps/top/a", true),
            ("apps/x/top", false),
            ("x/y/a.bak", true),
            ("a.bak", true),
        ] {
            assert_eq!(excluded(&files, None, path), expected, "{path}");
        }
        assert!(!excluded(&files, Some("!apps/a.txt"), "apps/a.txt"));
        // A directory whose name comes before that of the file.
        assert!(!excluded(&[("-x/.sourceignore", "!a\n"), (".sourceignore", "a\n")], None, "-x/a"));
    }

    #[test]
    fn globs_are_those_of_go() {
        for (pattern, name, expected) in [
            ("*", "abc", Some(true)),
            ("a*c", "abc", Some(true)),
            ("a*c", "ab", Some(false)),
            ("?", "ä", Some(true)),
            ("[a-c]x", "bx", Some(true)),
            ("[^a-c]x", "bx", Some(false)),
            ("\\*", "*", Some(true)),
            ("[", "a", None),
            ("[]a]", "a", None),
            ("a[", "b", None),
            ("[a-]", "a", None),
            ("\\", "a", None),
            ("", "", Some(true)),
            ("*a*b*", "xaxbx", Some(true)),
            ("**", "x", Some(true)),
        ] {
            assert_eq!(glob(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
