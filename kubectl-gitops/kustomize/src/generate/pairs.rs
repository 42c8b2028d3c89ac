//! Keys and values of a generator from its sources: env files, literals, files, in this order. Owns their syntax.

use std::collections::BTreeMap;

use super::{Failed, GenerateError};
use crate::kustomization::Located;
use crate::load::Loader;

/// Where a generator's data comes from.
pub(super) struct Sources<'a> {
    pub(super) literals: &'a [Located],
    pub(super) files: &'a [Located],
    pub(super) envs: &'a [Located],
}

type Pairs = BTreeMap<String, Vec<u8>>;

/// All pairs; every key once.
pub(super) fn collect(loader: &Loader<'_>, sources: &Sources<'_>) -> Result<Pairs, Failed> {
    let mut pairs = Pairs::new();
    for (index, path) in sources.envs.iter().enumerate() {
        env_file(loader, path, &mut pairs).map_err(|error| Failed::at(error, "envs", index, path))?;
    }
    for (index, source) in sources.literals.iter().enumerate() {
        let pair = literal(source).ok_or(GenerateError::Literal);
        let added = pair.and_then(|(key, value)| add(&mut pairs, key, value.into()));
        added.map_err(|error| Failed::at(error, "literals", index, source))?;
    }
    for (index, source) in sources.files.iter().enumerate() {
        file(loader, source, &mut pairs).map_err(|error| Failed::at(error, "files", index, source))?;
    }
    Ok(pairs)
}

fn add(pairs: &mut Pairs, key: &str, value: Vec<u8>) -> Result<(), GenerateError> {
    match pairs.insert(key.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(GenerateError::RepeatedKey { key: key.to_owned() }),
    }
}

/// `key=value`; one pair of quotes around the value is taken off.
fn literal(source: &str) -> Option<(&str, &str)> {
    let (key, value) = source.split_once('=')?;
    (!key.is_empty()).then(|| (key, unquoted(value)))
}

fn unquoted(value: &str) -> &str {
    let quotes = ['"', '\''];
    let inner = quotes.iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(value)
}

fn file(loader: &Loader<'_>, source: &Located, pairs: &mut Pairs) -> Result<(), GenerateError> {
    let (key, path) =
        file_source(source).ok_or_else(|| GenerateError::FileSource { source_text: without_value(source) })?;
    let content = loader.read(path)?;
    add(pairs, key, content.into_owned())
}

/// `file`, of which the key is the name, or `key=file`.
fn file_source(source: &str) -> Option<(&str, &str)> {
    let Some((key, path)) = source.split_once('=') else { return Some((base_name(source), source)) };
    let understood = !key.is_empty() && !path.is_empty() && !path.contains('=');
    understood.then_some((key, path))
}

/// What stands behind `=` may be a value that is in the wrong list.
fn without_value(source: &str) -> String {
    let (key, _) = source.split_once('=').unwrap_or((source, ""));
    format!("{key}=…")
}

fn base_name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// `KEY=value` lines. Values are taken as they are, quotes and blanks included; a line without `=` is a key without value.
fn env_file(loader: &Loader<'_>, path: &Located, pairs: &mut Pairs) -> Result<(), GenerateError> {
    let content = loader.read(path)?;
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let not_text = |_| GenerateError::EnvText { path: path.text.clone(), line: index + 1 };
        let line = std::str::from_utf8(line).map_err(not_text)?;
        let line = if index == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            add(pairs, key, value.into())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{MemoryFiles, Restriction, Session};

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
        let files: MemoryFiles = [("/r/a.env", text)].into_iter().collect();
        let session = Session::new(&files, &crate::Nowhere, std::path::Path::new("/r"), Restriction::RootOnly).unwrap();
        let mut pairs = Pairs::new();
        env_file(&session.loader(), &"a.env".into(), &mut pairs).unwrap();
        let shown: Vec<_> = pairs.iter().map(|(k, v)| format!("{k}={}", String::from_utf8_lossy(v))).collect();
        assert_eq!(shown, ["A=1", "B = \"x\" ", "C=", "export D=1"]);
    }
}
