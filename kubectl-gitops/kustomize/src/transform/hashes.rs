//! Hashes at the end of names. Owns whose name gets one; what of a resource counts is in `hash`.

use krm::Origin;
use krm::yaml::EmitError;

use crate::draft::DraftSet;
use crate::hash;

/// A resource whose content has no JSON form, so that there is no hash of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("cannot write `{id}`")]
pub struct NoHash {
    /// The resource.
    pub id: String,
    /// Where it came from.
    pub origin: Origin,
    /// Why.
    #[source]
    pub source: EmitError,
}

/// Appends a hash to the name of everything that wants one.
///
/// # Errors
/// The content of one has no JSON form.
pub fn append(set: &mut DraftSet) -> Result<(), NoHash> {
    for draft in set.iter_mut().filter(|draft| draft.wants_hash) {
        let hash = hash::of(draft).map_err(|source| NoHash {
            id: draft.id().to_string(),
            origin: draft.origin.clone(),
            source,
        })?;
        let Some(hash) = hash else { continue };
        draft.remember_id();
        let name = format!("{}-{hash}", draft.name());
        draft.set_name(&name);
    }
    Ok(())
}
