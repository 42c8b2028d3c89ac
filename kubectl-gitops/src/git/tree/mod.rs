//! From a tree of objects to files on a disk. Owns which names, links and sizes may get there; must not know where the objects
//! come from.

mod links;
mod names;
mod walk;
mod write;

pub(super) use walk::{Item, walk};
pub(super) use write::write;
