//! The built-in transformers, one file each: a function over the drafts and its configuration. Owns what each changes and
//! what it refuses; must not know in which order they run (see `customize`) nor how files are found.

pub mod annotations;
pub mod hashes;
pub mod images;
mod json6902;
pub mod label_selector;
pub mod labels;
mod merge_patch;
pub mod namespace;
mod pairs;
pub mod patches;
pub(crate) mod pattern;
pub mod prefix_suffix;
pub mod replicas;
pub mod selection;

use crate::draft::Conflict;
use crate::fieldspec::FieldError;
use crate::load::LoadError;
use crate::replacement::ReplacementError;

/// A transformer cannot do what it is told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TransformError {
    /// A field of a resource cannot be changed.
    #[error("cannot change `{id}`")]
    Field {
        /// The resource.
        id: String,
        /// Which field, and why.
        #[source]
        source: FieldError,
    },
    /// Two field specifications disagree.
    #[error(transparent)]
    Specs(#[from] crate::fieldspec::Conflict),
    /// Two resources end up with one id.
    #[error("after that two resources are called the same")]
    Conflict(#[from] Conflict),
    /// A replica count for something that is not there.
    #[error(transparent)]
    Replicas(#[from] replicas::NoWorkload),
    /// An image cannot be set.
    #[error(transparent)]
    Image(#[from] images::ImageError),
    /// A namespace cannot be set on a role binding.
    #[error(transparent)]
    Subject(#[from] namespace::SubjectError),
    /// A hash cannot be put into a name.
    #[error(transparent)]
    Hash(#[from] hashes::NoHash),
    /// What a resource went through cannot be noted.
    #[error(transparent)]
    Provenance(#[from] crate::provenance::ProvenanceError),
    /// A patch cannot be read or applied.
    #[error(transparent)]
    Patch(#[from] Box<patches::PatchError>),
    /// A replacement cannot be read or done.
    #[error(transparent)]
    Replacement(#[from] Box<ReplacementError>),
}

impl From<ReplacementError> for TransformError {
    fn from(error: ReplacementError) -> Self {
        Self::Replacement(Box::new(error))
    }
}

impl From<patches::PatchError> for TransformError {
    fn from(error: patches::PatchError) -> Self {
        Self::Patch(Box::new(error))
    }
}

impl TransformError {
    /// A file or directory that cannot be reached, if that is the reason.
    pub(crate) fn not_loaded(&self) -> Option<&LoadError> {
        match self {
            Self::Patch(error) => match &**error {
                patches::PatchError::Load(error) => Some(error),
                _ => None,
            },
            Self::Replacement(error) => error.not_loaded(),
            _ => None,
        }
    }

    /// What to do about it, where something can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Replicas(error) => error.hint(),
            Self::Patch(error) => error.hint(),
            Self::Replacement(error) => error.hint(),
            Self::Conflict(_) => {
                Some("give one of them another name, or keep them in separate kustomizations".to_owned())
            }
            Self::Specs(_) => Some("give both the same `create`, or remove one".to_owned()),
            Self::Image(error) => Some(error.hint().to_owned()),
            Self::Field { source, .. } => Some(source.problem.hint().to_owned()),
            Self::Subject(_) => Some("write each subject as a map of texts: kind, name and namespace".to_owned()),
            Self::Hash(error) => error.hint(),
            Self::Provenance(_) => Some("remove that annotation: the build writes it".to_owned()),
        }
    }
}

/// Does the specification select this draft by what it is now?
fn selects(spec: &crate::fieldspec::Spec, draft: &crate::draft::Draft) -> bool {
    let (group, version) = draft.api_version().split_once('/').unwrap_or(("", draft.api_version()));
    spec.selects(group, version, draft.kind())
}
