//! File name patterns as Go's `path/filepath` has them: `*`, `?`, `[a-z]`, `\` before any of them; none crosses a slash. Owns
//! matching and the search in a tree of files.

use std::path::{Path, PathBuf};

use crate::load::{Files, Kind, clean};

/// A pattern that is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pattern is malformed")]
pub struct BadPattern;

/// Does the whole name match?
///
/// # Errors
/// The pattern is malformed, as far as it was looked at.
pub fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where to try again: behind the last star, one more character of the name eaten.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            p += 1;
            retry = Some((p, n));
            continue;
        }
        if p == pattern.len() && n == name.len() {
            return Ok(true);
        }
        if n < name.len()
            && p < pattern.len()
            && let Some(next) = one(&pattern, p, name[n])?
        {
            p = next;
            n += 1;
            continue;
        }
        match retry {
            Some((star, eaten)) if eaten < name.len() && name[eaten] != '/' => {
                retry = Some((star, eaten + 1));
                (p, n) = (star, eaten + 1);
            }
            _ => {
                check(&pattern[p..])?;
                return Ok(false);
            }
        }
    }
}

/// The rest of a pattern that cannot match any more must still be well-formed.
fn check(pattern: &[char]) -> Result<(), BadPattern> {
    let mut at = 0;
    while at < pattern.len() {
        at = if pattern[at] == '*' {
            at + 1
        } else {
            one(pattern, at, '\u{0}')?.unwrap_or_else(|| end_of_one(pattern, at))
        };
    }
    Ok(())
}

fn end_of_one(pattern: &[char], at: usize) -> usize {
    match pattern[at] {
        '\\' => at + 2,
        '[' => class(pattern, at, '\u{0}').map_or(pattern.len(), |(_, end)| end),
        _ => at + 1,
    }
}

/// Matches one character with the part of the pattern at `at`; gives the place behind that part.
fn one(pattern: &[char], at: usize, c: char) -> Result<Option<usize>, BadPattern> {
    match pattern[at] {
        '?' => Ok((c != '/').then_some(at + 1)),
        '[' => class(pattern, at, c).map(|(matches, end)| matches.then_some(end)),
        '\\' => {
            let literal = *pattern.get(at + 1).ok_or(BadPattern)?;
            Ok((literal == c).then_some(at + 2))
        }
        literal => Ok((literal == c).then_some(at + 1)),
    }
}

/// `[a-z]` or `[^a-z]`: does it hold the character, and where does it end?
fn class(pattern: &[char], start: usize, c: char) -> Result<(bool, usize), BadPattern> {
    let negated = pattern.get(start + 1) == Some(&'^');
    let mut at = start + 1 + usize::from(negated);
    let (mut found, mut ranges) = (false, 0);
    loop {
        if pattern.get(at) == Some(&']') && ranges > 0 {
            return Ok((found != negated, at + 1));
        }
        let (low, next) = class_character(pattern, at)?;
        let (high, next) =
            if pattern.get(next) == Some(&'-') { class_character(pattern, next + 1)? } else { (low, next) };
        found |= (low..=high).contains(&c);
        ranges += 1;
        at = next;
        if at >= pattern.len() {
            return Err(BadPattern);
        }
    }
}

fn class_character(pattern: &[char], at: usize) -> Result<(char, usize), BadPattern> {
    match pattern.get(at) {
        None | Some('-' | ']') => Err(BadPattern),
        Some('\\') => pattern.get(at + 1).map(|c| (*c, at + 2)).ok_or(BadPattern),
        Some(c) => Ok((*c, at + 1)),
    }
}

/// The paths in `directory` that match `pattern`, as the pattern writes them: sorted, hidden ones only if the pattern asks for
/// them. A pattern without special characters gives itself, if something is there.
///
/// # Errors
/// The pattern is malformed.
pub fn search(files: &dyn Files, directory: &Path, pattern: &str) -> Result<Vec<String>, BadPattern> {
    let is_hidden = |path: &str| base(path).starts_with('.');
    let mut found = expand(files, directory, pattern, 0)?;
    if !is_hidden(pattern) {
        found.retain(|path| !is_hidden(path));
    }
    Ok(found)
}

fn base(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

/// Deepest nesting of directories with special characters in a pattern.
const DEPTH_MAX: usize = 100;

fn expand(files: &dyn Files, directory: &Path, pattern: &str, depth: usize) -> Result<Vec<String>, BadPattern> {
    matches(pattern, "")?;
    let at = |path: &str| clean(&directory.join(path));
    let special = |text: &str| text.contains(['*', '?', '[', '\\']);
    if !special(pattern) {
        let there = !pattern.is_empty() && files.kind(&at(pattern)) != Kind::Missing;
        return Ok(if there { vec![pattern.to_owned()] } else { Vec::new() });
    }
    let (parent, name) = pattern.rfind('/').map_or(("", pattern), |slash| pattern.split_at(slash + 1));
    let parent = match parent {
        "" => ".",
        "/" => "/",
        parent => &parent[..parent.len() - 1],
    };
    let parents = if special(parent) && depth < DEPTH_MAX {
        expand(files, directory, parent, depth + 1)?
    } else {
        vec![parent.to_owned()]
    };
    let mut found = Vec::new();
    for parent in parents {
        if files.kind(&at(&parent)) != Kind::Directory {
            continue;
        }
        for entry in files.list(&at(&parent)).unwrap_or_default() {
            if matches(name, &entry)? {
                found.push(joined(&parent, &entry));
            }
        }
    }
    Ok(found)
}

/// Go cleans a path when it joins it.
fn joined(parent: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in parent.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." && parts.last().is_some_and(|last| *last != "..") {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.push(name);
    let root = if parent.starts_with('/') { "/" } else { "" };
    PathBuf::from(format!("{root}{}", parts.join("/"))).display().to_string()
}
