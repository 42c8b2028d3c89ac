//! JSON patches (RFC 6902) as kustomize applies them: with the quirks of the library it uses, on an object that goes through
//! JSON and back. Owns reading, applying and that way back; must not know resources, files or targets.
//!
//! Quirks that are meant: `replace` of a missing field adds it; a missing `value` is null; `copy` of a missing field copies a
//! null; the text before the first slash of a path is not looked at; negative indices count from the end; every number of the
//! object becomes a double.

mod apply;
mod number;
mod operation;
mod pointer;
mod through_json;

use krm::Node;

pub use apply::ApplyError;
pub use operation::{JsonPatch, ReadError};
pub use through_json::NotJson;

/// Applies every operation in turn; on an error `target` is left half changed.
///
/// # Errors
/// An operation does not apply, or the object has no JSON form.
pub fn apply(patch: &JsonPatch, target: &mut Node) -> Result<(), ApplyError> {
    through_json::normalise(target)?;
    apply::operations(patch, target)?;
    if target.as_map().is_none() {
        return Err(ApplyError::NoObjectLeft { found: target.kind_name() });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
