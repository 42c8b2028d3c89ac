//! Strategic merge of one object with one patch, as kustomize does it. Owns the walk over both trees and the meaning of
//! `$patch`; must not know resources, files or targets.
//!
//! What surprises is meant: a patch walks the *whole* object, so every list with merge keys is rebuilt and every empty null
//! (`key:`) is dropped, patched or not; items that only the patch has come first; a scalar keeps the quotes it had, so a
//! number put over a quoted text becomes a text; `$patch: replace` has no effect on an object or on an item of a keyed list.
//! Directives other than `$patch` (`$setElementOrder/…`, `$retainKeys`, …) are ordinary fields to kustomize.

mod assoc;
mod elements;
mod error;
mod remarks;
mod walk;

use krm::Node;

pub use error::{MergeError, MergeProblem};

use crate::fieldspec::shared;
use crate::schema::Schema;
use remarks::Remarks;
use walk::{Outcome, Walk};

/// What became of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// It is there, changed in place.
    Kept,
    /// The patch deletes it.
    Deleted,
}

/// Merges `patch` into `target`. `has_twins`: in one of them a key comes twice, of which the first counts.
///
/// # Errors
/// A map meets a list or a scalar, a directive is unknown, or a keyed list holds something that is no map.
pub fn strategic(schema: &Schema, target: &mut Node, patch: &Node, has_twins: bool) -> Result<Merged, MergeError> {
    let remarks = Remarks::of([target, patch]);
    let mut walk = Walk::new(schema, &remarks, shared::any(target), has_twins);
    let outcome = walk.merge(None, target, patch)?;
    for (twins, scalar) in std::mem::take(&mut walk.twins_changed) {
        shared::write(target, twins, &scalar);
    }
    Ok(match outcome {
        // An object whose place the patch takes stays as it is: kustomize drops the result there.
        Outcome::Dest | Outcome::Origin(_) => Merged::Kept,
        Outcome::Gone => Merged::Deleted,
    })
}

#[cfg(test)]
mod tests;
