//! Files of every format SOPS has, read into one tree and written from it, byte for byte as SOPS does. Must not know encryption: to a
//! store, metadata is the branch called `sops`.

mod back;
mod dotenv;
mod flat;
mod ini;
mod json;
mod yaml;

use krm::Masked;

use super::format::Format;
use super::indents::Indents;
use super::value::{Branch, Entry, Value};

pub(crate) use back::write_back;
pub(crate) use yaml::from_node as branch_of_node;

/// Key of the metadata.
pub(super) const METADATA: &str = "sops";

/// A file's content: one branch, or in YAML one per document.
pub(super) type Branches = Vec<Branch>;

/// Something that nests too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it nests deeper than {max} levels")]
pub struct TooDeep {
    /// The limit.
    pub max: usize,
}

/// Why a file cannot be read or written. Names keys and lines, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreProblem {
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// Against the format's syntax.
    #[error("line {line}: {what}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// Against the syntax of YAML.
    #[error("{0}")]
    Yaml(String),
    /// Nesting.
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
    /// A key comes twice.
    #[error("the key `{key}` comes twice")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A key that is no text.
    #[error("line {line}: the key `{key}` is no text, and SOPS encrypts under texts only")]
    KeyIsNoText {
        /// The key.
        key: String,
        /// From 1.
        line: u32,
    },
    /// A document that is a list or a value.
    #[error("line {line}: a document is {found}, and SOPS encrypts maps only")]
    NotAMap {
        /// What it is.
        found: &'static str,
        /// From 1.
        line: u32,
    },
    /// A scalar that its tag contradicts, or whose value no format of SOPS has.
    #[error("line {line}: the value of `{key}` is {what}")]
    NoValue {
        /// Its key.
        key: String,
        /// From 1.
        line: u32,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Several documents in a format that has one.
    #[error("{format} holds one document, not {count}")]
    OneDocument {
        /// The format.
        format: Format,
        /// How many there are.
        count: usize,
    },
    /// A collection in a format without nesting.
    #[error("`{key}` is a collection, which this format cannot hold")]
    NotFlat {
        /// Its key.
        key: String,
    },
    /// A value at the top of INI, which has sections there.
    #[error("`{key}` is in no section")]
    NoSection {
        /// Its key.
        key: String,
    },
    /// A number that JSON does not have.
    #[error("a number is infinite or none, which JSON cannot hold")]
    NotInJson,
    /// No text under `data`.
    #[error("it holds no text under `data`, as a binary file does")]
    NoBinaryData,
}

/// Reads `bytes`; metadata, if it has any, is still in it.
pub(super) fn read(format: Format, bytes: &[u8]) -> Result<Branches, StoreProblem> {
    Ok(match format {
        Format::Yaml => return yaml::read(bytes),
        // Encrypted, a binary file is JSON.
        Format::Json | Format::Binary => vec![json::read(bytes)?],
        Format::Dotenv => vec![dotenv::read(bytes)?],
        Format::Ini => vec![ini::read(bytes)?],
    })
}

/// Reads `bytes` that are not encrypted.
pub(super) fn read_plain(format: Format, bytes: &[u8]) -> Result<Branches, StoreProblem> {
    match format {
        Format::Binary => Ok(vec![vec![Entry::Pair("data".to_owned(), Value::text(bytes))]]),
        other => read(other, bytes),
    }
}

/// The bytes of an encrypted file: the metadata stands in every document.
pub(super) fn write_encrypted(
    format: Format,
    mut branches: Branches,
    metadata: &Branch,
    indents: Indents,
) -> Result<Vec<u8>, StoreProblem> {
    for branch in &mut branches {
        match format {
            Format::Dotenv => branch.extend(
                flat::flatten(metadata)
                    .into_iter()
                    .map(|(key, text)| Entry::Pair(format!("{METADATA}_{key}"), Value::text(text))),
            ),
            Format::Ini => {
                let pairs = flat::flatten(metadata).into_iter().map(|(key, text)| Entry::Pair(key, Value::text(text)));
                branch.push(Entry::Pair(METADATA.to_owned(), Value::Map(pairs.collect())));
            }
            Format::Yaml | Format::Json | Format::Binary => {
                branch.push(Entry::Pair(METADATA.to_owned(), Value::Map(metadata.clone())));
            }
        }
    }
    let (format, indents) = match format {
        Format::Binary => (Format::Json, Indents { json: indents.binary, ..indents }),
        format => (format, indents),
    };
    write_plain(format, &branches, indents).map(Masked::into_exposed)
}

/// The bytes of a file that is not encrypted.
pub(super) fn write_plain(
    format: Format,
    branches: &Branches,
    indents: Indents,
) -> Result<Masked<Vec<u8>>, StoreProblem> {
    let mut out = Masked::new(Vec::new());
    let one = || match branches.as_slice() {
        [branch] => Ok(branch),
        _ => Err(StoreProblem::OneDocument { format, count: branches.len() }),
    };
    match format {
        Format::Yaml => yaml::write(branches, indents.yaml, out.expose_mut())?,
        Format::Json => json::write(one()?, indents.json, out.expose_mut())?,
        Format::Dotenv => dotenv::write(one()?, out.expose_mut())?,
        Format::Ini => ini::write(one()?, out.expose_mut())?,
        Format::Binary => {
            let data = super::value::find(one()?, "data");
            let Some(Value::Text(text)) = data else { return Err(StoreProblem::NoBinaryData) };
            out = text.clone();
        }
    }
    Ok(out)
}

/// Takes the metadata out of every branch; that of the first counts.
pub(super) fn take_metadata(format: Format, branches: &mut Branches) -> Result<Option<Branch>, StoreProblem> {
    let mut found = None;
    for branch in branches {
        let metadata = if format == Format::Dotenv { take_flat(branch)? } else { take_nested(format, branch)? };
        found = found.or(metadata);
    }
    Ok(found)
}

fn take_nested(format: Format, branch: &mut Branch) -> Result<Option<Branch>, StoreProblem> {
    let at = branch.iter().position(|entry| matches!(entry, Entry::Pair(key, _) if key == METADATA));
    let Some(at) = at else { return Ok(None) };
    let Entry::Pair(_, Value::Map(metadata)) = branch.remove(at) else { return Ok(None) };
    if format != Format::Ini {
        return Ok(Some(metadata));
    }
    let leaves = metadata.iter().filter_map(|entry| match entry {
        Entry::Pair(key, value) => Some((key.as_str(), value.as_str()?)),
        Entry::Comment(_) => None,
    });
    flat::unflatten(leaves).map(Some).ok_or(MALFORMED)
}

const MALFORMED: StoreProblem = StoreProblem::Syntax { line: 1, what: "names of the metadata contradict each other" };

fn take_flat(branch: &mut Branch) -> Result<Option<Branch>, StoreProblem> {
    let prefix = format!("{METADATA}_");
    let is_metadata = |entry: &Entry| matches!(entry, Entry::Pair(key, _) if key.starts_with(&prefix));
    let (metadata, rest): (Branch, Branch) = std::mem::take(branch).into_iter().partition(is_metadata);
    *branch = rest;
    if metadata.is_empty() {
        return Ok(None);
    }
    let leaves = metadata.iter().filter_map(|entry| match entry {
        Entry::Pair(key, value) => Some((key.strip_prefix(&prefix)?, value.as_str()?)),
        Entry::Comment(_) => None,
    });
    flat::unflatten(leaves).map(Some).ok_or(MALFORMED)
}

/// A leaf as the formats write it that know only texts; `None` for collections.
fn plain_text(value: &Value) -> Option<Masked<Vec<u8>>> {
    Some(match value {
        Value::List(_) | Value::Map(_) | Value::Null => return None,
        Value::Bool(value) => Masked::new(if *value { b"true".to_vec() } else { b"false".to_vec() }),
        Value::Float(float) => Masked::new(super::number::readable_float(*float).into_bytes()),
        leaf => super::cipher::mac_bytes(leaf),
    })
}

/// What a text becomes that is read and written in its format.
#[cfg(test)]
fn printed_again(format: Format, text: &str) -> Result<String, StoreProblem> {
    let written = write_plain(format, &read_plain(format, text.as_bytes())?, Indents::default())?;
    Ok(String::from_utf8(written.into_exposed()).unwrap())
}
