//! Keys and values of a generator from its sources: env files, literals, files, in this order. Their syntax is `krm`'s.

use std::collections::BTreeMap;

use krm::pairs::{NotText, env_pairs, file_source, literal, without_value};

use super::{Failed, GenerateError};
use crate::kustomization::Located;
use crate::load::Loader;
use crate::outside::Purpose;

/// Where a generator's data comes from.
pub(super) struct Sources<'a> {
    pub(super) literals: &'a [Located],
    pub(super) files: &'a [Located],
    pub(super) envs: &'a [Located],
    /// For a Secret: encrypted files are opened.
    pub(super) secret: bool,
}

type Pairs = BTreeMap<String, Vec<u8>>;

/// All pairs; every key once.
pub(super) fn collect(loader: &Loader<'_>, sources: &Sources<'_>) -> Result<Pairs, Failed> {
    let mut pairs = Pairs::new();
    for (index, path) in sources.envs.iter().enumerate() {
        env_file(loader, path, sources.secret, &mut pairs).map_err(|error| Failed::at(error, "envs", index, path))?;
    }
    for (index, source) in sources.literals.iter().enumerate() {
        let pair = literal(source).ok_or(GenerateError::Literal);
        let added = pair.and_then(|(key, value)| add(&mut pairs, key, value.into()));
        added.map_err(|error| Failed::at(error, "literals", index, source))?;
    }
    for (index, source) in sources.files.iter().enumerate() {
        file(loader, source, sources.secret, &mut pairs).map_err(|error| Failed::at(error, "files", index, source))?;
    }
    Ok(pairs)
}

fn add(pairs: &mut Pairs, key: &str, value: Vec<u8>) -> Result<(), GenerateError> {
    match pairs.insert(key.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(GenerateError::RepeatedKey { key: key.to_owned() }),
    }
}

fn file(loader: &Loader<'_>, source: &Located, secret: bool, pairs: &mut Pairs) -> Result<(), GenerateError> {
    let (key, path) =
        file_source(source).ok_or_else(|| GenerateError::FileSource { source_text: without_value(source) })?;
    let content = if secret { loader.read_opened(path, key, Purpose::File) } else { loader.read(path) }?;
    add(pairs, key, content.into_owned())
}

fn env_file(loader: &Loader<'_>, path: &Located, secret: bool, pairs: &mut Pairs) -> Result<(), GenerateError> {
    let content = if secret { loader.read_opened(path, path, Purpose::Env) } else { loader.read(path) }?;
    let found = env_pairs(&content);
    let found = found.map_err(|NotText { line }| GenerateError::EnvText { path: path.text.clone(), line })?;
    for (key, value) in found {
        add(pairs, key, value.into())?;
    }
    Ok(())
}
