//! Hashes at the end of names. Owns whose name gets one; what of a resource counts is in `hash`.

use krm::Origin;
use krm::yaml::EmitError;

use crate::draft::{Draft, DraftSet};
use crate::hash;

/// A resource that wants a hash and cannot get one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoHash {
    /// Its content has no JSON form.
    #[error("cannot write `{id}`")]
    Content {
        /// The resource.
        id: String,
        /// Where it came from.
        origin: Origin,
        /// Why.
        #[source]
        source: EmitError,
    },
    /// It is neither a ConfigMap nor a Secret. kustomize hashes lines, columns and comments of everything else, so that
    /// another indentation gives another name: nobody wants that.
    #[error("`{id}` wants a hash in its name, which only ConfigMaps and Secrets get")]
    Kind {
        /// The resource.
        id: String,
        /// Where it came from.
        origin: Origin,
    },
}

impl NoHash {
    /// Where the resource came from.
    pub fn origin(&self) -> &Origin {
        match self {
            Self::Content { origin, .. } | Self::Kind { origin, .. } => origin,
        }
    }

    /// What to do about it, where something can be said.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Content { source, .. } => source.hint().map(str::to_owned),
            Self::Kind { .. } => Some(
                "remove the annotation `kustomize.config.k8s.io/needs-hash` (or `internal.config.kubernetes.io/needsHashSuffix`) from it"
                    .to_owned(),
            ),
        }
    }
}

/// Appends a hash to the name of everything that wants one.
///
/// # Errors
/// The content of one has no JSON form, or it is of another kind.
pub fn append(set: &mut DraftSet) -> Result<(), NoHash> {
    for draft in set.iter_mut().filter(|draft| draft.wants_hash && !draft.is_empty()) {
        let named = |draft: &Draft| (draft.id().to_string(), draft.origin.clone());
        let hash = hash::of(draft).map_err(|source| {
            let (id, origin) = named(draft);
            NoHash::Content { id, origin, source }
        })?;
        let Some(hash) = hash else {
            let (id, origin) = named(draft);
            return Err(NoHash::Kind { id, origin });
        };
        draft.remember_id();
        let name = format!("{}-{hash}", draft.name());
        draft.set_name(&name);
    }
    Ok(())
}
