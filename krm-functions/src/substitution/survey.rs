//! Which variables objects use, and where. Owns the answer's form; the dialects find them.

use krm::Node;

use super::place::Place;
use super::remark::Remark;
use super::{Dialect, Options, flux, is_switched_off, typed, without_orchestrator};
use crate::Finding;

/// One use of a variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The variable.
    pub name: String,
    /// The field that holds it; of an expansion within an expansion, that of the outermost.
    pub place: Place,
    /// What stands in where the variable is not set, as it is written.
    pub default: Option<String>,
}

/// The variables that `item` uses, in the order of its text, and what in it cannot be read. An object in which substitution is
/// switched off uses none.
pub fn uses(item: &Node, options: &Options) -> (Vec<Use>, Vec<Finding>) {
    if is_switched_off(item) {
        return (Vec::new(), Vec::new());
    }
    let mut said: Vec<Remark> = Vec::new();
    let item = without_orchestrator(item);
    let found = match options.dialect {
        Dialect::Flux => flux::uses(&item, &mut said),
        Dialect::Typed => typed::uses(&item, options.keys, &mut said),
    };
    let object = item.key();
    (found, said.into_iter().map(|remark| remark.about(object.clone())).collect())
}
