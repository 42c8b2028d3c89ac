//! Why a replacement cannot be done.

use krm::yaml::ParseError;

use crate::fieldpath::{PathError, PathProblem};
use crate::kustomization::DecodeError;
use crate::load::LoadError;
use crate::transform::selection::SelectionError;

/// A replacement cannot be read or done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplacementError {
    /// Somewhere in an object that lists replacements.
    #[error("{place}")]
    In {
        /// Its file and field.
        place: String,
        /// What is wrong there.
        #[source]
        source: Box<ReplacementError>,
    },
    /// `path` beside what the file should say.
    #[error("a replacement has either a `path` or `source` and `targets`, this has both")]
    PathAndFields,
    /// Its file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its file is no YAML.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// Its file has a value of another type.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Its file holds neither a map nor a list.
    #[error("a file of replacements holds one or a list of them, this holds {found}")]
    NotReplacements {
        /// What it holds.
        found: &'static str,
    },
    /// Nothing to read.
    #[error("a replacement needs a `source` or a `sourceValue`")]
    NoSource,
    /// Two things to read.
    #[error("a replacement has either a `source` or a `sourceValue`, this has both")]
    TwoSources,
    /// Nothing to write.
    #[error("a replacement needs at least one item in `targets`")]
    NoTargets,
    /// A target that does not say what it means.
    #[error("a target needs a `select`")]
    NoSelect,
    /// An item of `reject` that holds nothing.
    #[error("an item of `reject` is empty")]
    EmptyReject,
    /// Copies of copies.
    #[error("the replacements copy more than a build has room for")]
    TooMuchCopied,
    /// A path that cannot be read.
    #[error("`{path}` is no path of a field")]
    Path {
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: PathError,
    },
    /// A selector that cannot be used.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// No resource is selected.
    #[error("no resource is selected by {wanted}")]
    SourceMissing {
        /// What was selected.
        wanted: String,
        /// What it may have meant.
        candidates: Vec<String>,
    },
    /// Several resources are selected.
    #[error("several resources are selected by {wanted}: {}", matches.join(", "))]
    SourceAmbiguous {
        /// What was selected.
        wanted: String,
        /// The first ones of those it means.
        matches: Vec<String>,
    },
    /// The field to read is not there, or is empty.
    #[error("cannot read `{path}` of `{id}`")]
    Read {
        /// The resource.
        id: String,
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: PathError,
    },
    /// A part of something that is no text.
    #[error("`delimiter` cuts texts, but `{path}` of `{id}` is {found}")]
    CutOfCollection {
        /// The resource.
        id: String,
        /// The path.
        path: String,
        /// What is there.
        found: &'static str,
    },
    /// The text has fewer parts.
    #[error("`index` {index} is out of bounds: `{path}` of `{id}` has {count} parts between `{delimiter}`")]
    NoSuchPart {
        /// The resource.
        id: String,
        /// The path.
        path: String,
        /// Which part.
        index: i64,
        /// How many there are.
        count: usize,
        /// Between what.
        delimiter: String,
    },
    /// The field to write is not there and may not or cannot be made.
    #[error("cannot {} `{path}` of `{id}`", if *create { "find or create" } else { "find" })]
    Write {
        /// The resource.
        id: String,
        /// The path.
        path: String,
        /// May it be made?
        create: bool,
        /// Why.
        #[source]
        source: PathError,
    },
}

impl ReplacementError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::In { source, .. } => source.hint(),
            Self::SourceMissing { candidates, .. } if !candidates.is_empty() => {
                Some(format!("there is {}", candidates.join(", ")))
            }
            Self::SourceAmbiguous { .. } => Some("add `kind`, `name` or `namespace` to the source".to_owned()),
            Self::PathAndFields => Some("move `source` and `targets` into the file, or drop `path`".to_owned()),
            Self::NoSelect => Some("`select: {}` means every resource".to_owned()),
            Self::Write { create: false, source, .. } if matches!(source.problem, PathProblem::Missing { .. }) => {
                Some("`options: {create: true}` makes fields that are missing".to_owned())
            }
            Self::NoSuchPart { .. } => Some("the first part has the index 0".to_owned()),
            Self::Selection(SelectionError::Labels(_)) => {
                Some("a selector reads as `app=web,tier in (a,b),!old`".to_owned())
            }
            Self::Selection(error) => Some(error.hint().to_owned()),
            Self::Load(error) => error.hint(),
            Self::Parse(error) => error.problem.hint().map(str::to_owned),
            Self::Decode(error) => error.hint(),
            Self::NoSource => Some("name a field in `source`, or write the value itself in `sourceValue`".to_owned()),
            Self::TwoSources => Some("keep one of them".to_owned()),
            Self::NoTargets => Some("say where the value goes: `targets` with `select` and `fieldPaths`".to_owned()),
            Self::EmptyReject => Some("remove the item: it rejects nothing".to_owned()),
            _ => None,
        }
    }

    /// A file or directory that cannot be reached, if that is the reason.
    pub(crate) fn not_loaded(&self) -> Option<&LoadError> {
        match self {
            Self::In { source, .. } => source.not_loaded(),
            Self::Load(error) => Some(error),
            _ => None,
        }
    }
}
