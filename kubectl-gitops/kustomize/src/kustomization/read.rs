//! From a directory to its kustomization: which file it is, reading it, checking it as a whole.

use krm::yaml::{Limits, parse_first_document};
use krm::{Node, Tag, Text, nearest};

use super::decode::{Decode as _, Place as FieldPlace};
use super::{Kustomization, fix};
use crate::error::{BuildError, Place};
use crate::load::{FilesError, Kind, LoadError, Loader};

/// The names that a kustomization's file may have.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const API_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
const COMPONENT_API_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// A kustomization as a whole is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KustomizationError {
    /// A directory without one.
    #[error("`{directory}` has no kustomization file")]
    Missing {
        /// The directory, as seen from the one that is being built.
        directory: String,
        /// What is there, as far as it is worth telling.
        found: Vec<String>,
    },
    /// A directory with several.
    #[error("`{directory}` has {}", files.join(" and "))]
    Several {
        /// The directory, as seen from the one that is being built.
        directory: String,
        /// Their names.
        files: Vec<&'static str>,
    },
    /// Nothing is in it.
    #[error("the kustomization is empty")]
    Empty,
    /// Its `kind` is another.
    #[error("`kind` must be Kustomization or Component, this is `{found}`")]
    Kind {
        /// What it is.
        found: String,
    },
    /// Its `apiVersion` does not go with its `kind`.
    #[error("`apiVersion` of a {kind} must be {expected}, this is `{found}`")]
    ApiVersion {
        /// Its kind.
        kind: String,
        /// What belongs there.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A component where a kustomization belongs, or the other way round.
    #[error("`{path}` is a {found}, but `{field}` takes a {expected}")]
    OtherKind {
        /// As the user wrote it.
        path: String,
        /// `resources` or `components`.
        field: &'static str,
        /// What it is.
        found: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A key that is no text.
    #[error("a key is null")]
    NullKey,
    /// Both a schema of one's own and a version of the built-in one.
    #[error("`openapi` has both `path` and `version`")]
    TwoSchemas,
}

impl KustomizationError {
    /// The field that is wrong; empty if it is none.
    fn field(&self) -> &'static str {
        match self {
            Self::Kind { .. } => "kind",
            Self::ApiVersion { .. } => "apiVersion",
            Self::TwoSchemas => "openapi.version",
            Self::Missing { .. } | Self::Several { .. } | Self::Empty | Self::OtherKind { .. } | Self::NullKey => "",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { found, .. } => Some(missing_hint(found)),
            Self::NullKey => Some("quote it if it is meant as a text, or remove it".to_owned()),
            Self::Several { .. } => Some("keep one of them".to_owned()),
            Self::Empty => Some("name at least one file in `resources`".to_owned()),
            Self::OtherKind { field: "resources", .. } => Some("name it in `components`".to_owned()),
            Self::OtherKind { field: "components", .. } => Some("name it in `resources`".to_owned()),
            Self::OtherKind { .. } => Some("make it a Kustomization".to_owned()),
            Self::Kind { .. } => Some(
                "a resource belongs in a file of its own, named in `resources`; Flux's Kustomization is such a resource"
                    .to_owned(),
            ),
            Self::ApiVersion { expected, .. } => Some(format!("write `apiVersion: {expected}`")),
            Self::TwoSchemas => {
                Some("remove `version`: a schema of one's own takes the built-in one's place".to_owned())
            }
        }
    }
}

fn missing_hint(found: &[String]) -> String {
    let near = found.iter().find(|name| nearest(name, &FILE_NAMES).is_some());
    match near {
        Some(name) => format!("rename `{name}` to {}", FILE_NAMES[0]),
        None if found.is_empty() => format!("create {}", FILE_NAMES[0]),
        None => format!("create {} there with the files in `resources`: {}", FILE_NAMES[0], found.join(", ")),
    }
}

/// A kustomization and what is known about its file.
#[derive(Clone, PartialEq)]
pub struct ReadKustomization {
    /// Its fields, old spellings folded into today's.
    pub kustomization: Kustomization,
    /// Its file's name.
    pub file_name: &'static str,
    /// Its file, as seen from the directory that is being built.
    pub file: String,
    /// About deprecated fields.
    pub warnings: Vec<String>,
    /// The file as it is written, to find where an error is.
    pub(crate) root: Node,
}

impl std::fmt::Debug for ReadKustomization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadKustomization").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Finds, reads and checks the kustomization of the loader's directory.
///
/// # Errors
/// There is none, there are several, or what is in it is wrong.
pub fn read(loader: &Loader<'_>) -> Result<ReadKustomization, BuildError> {
    let (file_name, text) = find(loader)?;
    let file = loader.shown(file_name);
    let root = parse(&text, &file)?;
    if let Some(mark) = null_key(&root) {
        let place = Place { file, mark, field: String::new() };
        return Err(BuildError::new(KustomizationError::NullKey, place));
    }
    let mut kustomization = Kustomization::default();
    kustomization.decode(&root, &FieldPlace::Top).map_err(|error| {
        BuildError::new(error.clone(), Place { file: file.clone(), mark: error.mark, field: String::new() })
    })?;
    let warnings = fix::deprecations(&root, &file);
    let empty = fix::is_empty(&root);
    fix::fold(&mut kustomization);
    check(&kustomization, empty).map_err(|error| {
        let place = Place::field(&file, error.field(), krm::Mark::default());
        BuildError::new(error, place).located(&file, &root)
    })?;
    Ok(ReadKustomization { kustomization, file_name, file, warnings, root })
}

fn find(loader: &Loader<'_>) -> Result<(&'static str, String), BuildError> {
    let mut found = Vec::new();
    let mut refused = None;
    let there: Vec<_> = FILE_NAMES.into_iter().filter(|name| loader.kind(name) != Kind::Missing).collect();
    // If there is none at all, reading may know why.
    for name in if there.is_empty() { FILE_NAMES.to_vec() } else { there } {
        match loader.read_text(name) {
            Ok(text) => found.push((name, text)),
            Err(LoadError::Read { source: FilesError::Missing, .. }) => {}
            Err(error) => refused = refused.or(Some((name, error))),
        }
    }
    let directory = loader.shown_root();
    match (found.len(), refused) {
        (1, _) => Ok(found.pop().map(|(name, text)| (name, text.into_owned())).expect("there is one")),
        (0, Some((name, error))) => Err(BuildError::new(error, Place::file(loader.shown(name)))),
        (0, None) => {
            let found = loader.yaml_files();
            Err(BuildError::new(KustomizationError::Missing { directory, found }, Place::default()))
        }
        _ => {
            let files = found.into_iter().map(|(name, _)| name).collect();
            Err(BuildError::new(KustomizationError::Several { directory, files }, Place::default()))
        }
    }
}

/// JSON, through which kustomize reads its file, has no such keys.
fn null_key(root: &Node) -> Option<krm::Mark> {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match node {
            Node::Scalar(_) => {}
            Node::Seq(seq) => open.extend(&seq.items),
            Node::Map(map) => {
                if let Some(entry) = map.entries.iter().find(|entry| entry.key.tag == Tag::Null) {
                    return Some(entry.key.mark);
                }
                open.extend(map.entries.iter().map(|entry| &entry.value));
            }
        }
    }
    None
}

/// The first document; what follows it does not count.
fn parse(text: &str, file: &str) -> Result<Node, BuildError> {
    parse_first_document(text, file, &Limits::default()).map_err(|error| {
        let place = Place { file: file.to_owned(), mark: error.mark, field: String::new() };
        BuildError::new(error, place)
    })
}

fn check(kustomization: &Kustomization, empty: bool) -> Result<(), KustomizationError> {
    if empty {
        return Err(KustomizationError::Empty);
    }
    let kind = kustomization.kind.as_str();
    let expected = match kind {
        "Kustomization" => API_VERSION,
        "Component" => COMPONENT_API_VERSION,
        _ => return Err(KustomizationError::Kind { found: kind.to_owned() }),
    };
    let found = &kustomization.api_version;
    if found != expected {
        return Err(KustomizationError::ApiVersion { kind: kind.to_owned(), expected, found: found.clone() });
    }
    Ok(())
}

/// The annotation of a kustomization's metadata, for those who embed the engine.
pub fn annotation(kustomization: &Kustomization, key: &str) -> Option<Text> {
    kustomization.metadata.as_ref()?.annotations.get(key).map(Text::from)
}
