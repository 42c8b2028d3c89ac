//! ConfigMaps and Secrets from literals and files. Owns where their data comes from and how it is encoded; must not know what
//! happens to them afterwards (see [`crate::draft::DraftSet::absorb`], `hash`).

mod pairs;

use std::collections::BTreeMap;

use krm::pairs::base64_lines;
use krm::{Mapping, Mark, Node, Origin};

use crate::draft::{Behavior, Draft, push_bare, put_text};
use crate::kustomization::{GeneratorArgs, GeneratorOptions, Located, SecretArgs};
use crate::load::{LoadError, Loader};

use pairs::{Sources, collect};

/// A generator's configuration is wrong. Says nothing of values: they may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// It has no name.
    #[error("the generator has no `name`")]
    NoName,
    /// A label or an annotation without a name.
    #[error("one of the {field} has an empty name")]
    EmptyName {
        /// `labels` or `annotations`.
        field: &'static str,
    },
    /// A literal without `=`, or with nothing in front of it.
    #[error("a literal must have the form key=value")]
    Literal,
    /// A file's source that cannot be understood.
    #[error("`{source_text}` must be a file or key=file")]
    FileSource {
        /// As the user wrote it.
        source_text: String,
    },
    /// Two sources give one key.
    #[error("key `{key}` is given twice")]
    RepeatedKey {
        /// The key.
        key: String,
    },
    /// A line of an env file that is not UTF-8.
    #[error("line {line} of `{path}` is not UTF-8 text")]
    EnvText {
        /// As the user wrote it.
        path: String,
        /// From 1.
        line: usize,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl GenerateError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Load(LoadError::OutsideRoot { .. }) => Some(
                "move the file below the kustomization, or build with `--load-restrictor LoadRestrictionsNone`"
                    .to_owned(),
            ),
            Self::RepeatedKey { .. } => {
                Some("remove one of them, or write key=file to give a file another key".to_owned())
            }
            Self::Load(error) => error.hint(),
            Self::NoName => Some("add `name`; the hash of the content is put behind it".to_owned()),
            Self::EmptyName { .. } => Some("give it a name".to_owned()),
            Self::Literal => Some("a file's name belongs in `files`, a file of such lines in `envs`".to_owned()),
            Self::FileSource { .. } => Some("a value itself belongs in `literals`".to_owned()),
            Self::EnvText { .. } => Some("a file that is no text belongs in `files`".to_owned()),
        }
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// A problem and the part of the generator that it is in, as `files[1]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// What is wrong.
    pub error: GenerateError,
    /// The part; empty for the generator as a whole.
    pub part: String,
    /// Where it is written.
    pub mark: Mark,
}

/// The ConfigMap that `args` describe.
///
/// # Errors
/// The configuration is wrong, or a file cannot be read.
pub fn config_map(
    loader: &Loader<'_>,
    args: &GeneratorArgs,
    global: Option<&GeneratorOptions>,
    origin: Origin,
) -> Result<Draft, Failed> {
    let GeneratorArgs { namespace, name, behavior, literals, files, envs, env: _, options, mark } = args;
    let data = collect(loader, &Sources { literals, files, envs, secret: false })?;
    let options = merged_options(options.as_ref(), global);
    let mut root = base("ConfigMap", name, namespace, &options, *mark)?;
    let (mut text, mut binary) = (Mapping::default(), Mapping::default());
    for (key, value) in data {
        match String::from_utf8(value) {
            Ok(value) => push_bare(&mut text, key, value),
            Err(error) => push_bare(&mut binary, key, base64_lines(error.as_bytes())),
        }
    }
    if !text.is_empty() {
        root.set("data", Node::Map(text));
    }
    if !binary.is_empty() {
        root.set("binaryData", Node::Map(binary));
    }
    Ok(finished(root, &options, behavior, origin))
}

/// The Secret that `args` describe.
///
/// # Errors
/// The configuration is wrong, or a file cannot be read.
pub fn secret(
    loader: &Loader<'_>,
    args: &SecretArgs,
    global: Option<&GeneratorOptions>,
    origin: Origin,
) -> Result<Draft, Failed> {
    let SecretArgs { namespace, name, behavior, literals, files, envs, env: _, options, secret_type, mark } = args;
    let data = collect(loader, &Sources { literals, files, envs, secret: true })?;
    let options = merged_options(options.as_ref(), global);
    let mut root = base("Secret", name, namespace, &options, *mark)?;
    let secret_type = if secret_type.is_empty() { "Opaque" } else { secret_type.as_str() };
    root.set("type", Node::string(secret_type));
    let mut map = Mapping::default();
    for (key, value) in data {
        push_bare(&mut map, key, base64_lines(&value));
    }
    root.set("data", Node::Map(map));
    Ok(finished(root, &options, behavior, origin))
}

fn base(kind: &str, name: &str, namespace: &str, options: &GeneratorOptions, mark: Mark) -> Result<Mapping, Failed> {
    if name.is_empty() {
        return Err(Failed { error: GenerateError::NoName, part: String::new(), mark });
    }
    let mut metadata = Mapping::default();
    put_text(&mut metadata, "name", name);
    if !namespace.is_empty() {
        put_text(&mut metadata, "namespace", namespace);
    }
    for (field, map) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        if map.contains_key("") && kind == "Secret" {
            // kustomize overlooks its own error here: no label stays, and annotations are not looked at.
            if field == "labels" {
                metadata.set(field, Node::map());
            }
            break;
        }
        if map.contains_key("") {
            let error = GenerateError::EmptyName { field };
            return Err(Failed { error, part: format!("options.{field}"), mark });
        }
        if !map.is_empty() {
            let mut bare = Mapping::default();
            for (key, value) in map {
                push_bare(&mut bare, key.as_str(), value.as_str());
            }
            metadata.set(field, Node::Map(bare));
        }
    }
    let mut root = Mapping::default();
    root.set("apiVersion", Node::string("v1"));
    root.set("kind", Node::string(kind));
    root.set("metadata", Node::Map(metadata));
    Ok(root)
}

fn finished(mut root: Mapping, options: &GeneratorOptions, behavior: &str, origin: Origin) -> Draft {
    if options.immutable {
        root.set("immutable", Node::bool(true));
    }
    let mut draft = Draft::new(Node::Map(root), origin);
    draft.behavior = Behavior::from_word(behavior);
    draft.wants_hash = !options.disable_name_suffix_hash;
    draft.generated = true;
    // kustomize writes the behavior into annotations even where nothing is said of it, so there are some.
    draft.keep_annotations();
    draft
}

/// The generator's own options over those of `generatorOptions`; a switch that either turns on is on.
fn merged_options(own: Option<&GeneratorOptions>, global: Option<&GeneratorOptions>) -> GeneratorOptions {
    let own = own.cloned().unwrap_or_default();
    let Some(global) = global else { return own };
    let merged = |own: BTreeMap<String, String>, global: &BTreeMap<String, String>| {
        let mut all = global.clone();
        all.extend(own);
        all
    };
    GeneratorOptions {
        labels: merged(own.labels, &global.labels),
        annotations: merged(own.annotations, &global.annotations),
        disable_name_suffix_hash: own.disable_name_suffix_hash || global.disable_name_suffix_hash,
        immutable: own.immutable || global.immutable,
        mark: own.mark,
    }
}

impl Failed {
    fn at(error: impl Into<GenerateError>, field: &str, index: usize, source: &Located) -> Self {
        Self { error: error.into(), part: format!("{field}[{index}]"), mark: source.mark }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_options_win_and_switches_add_up() {
        let options = |labels: &[(&str, &str)], immutable| GeneratorOptions {
            labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            immutable,
            ..GeneratorOptions::default()
        };
        let merged =
            merged_options(Some(&options(&[("a", "own")], false)), Some(&options(&[("a", "g"), ("b", "g")], true)));
        assert_eq!(merged.labels.values().map(String::as_str).collect::<Vec<_>>(), ["own", "g"]);
        assert!(merged.immutable);
    }
}
