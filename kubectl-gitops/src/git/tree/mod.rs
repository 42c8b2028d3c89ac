//! From a tree of objects to files on a disk. Owns which names, links and sizes may get there; must not know where the objects
//! come from.

mod ignore;
mod links;
mod modules;
mod names;
mod sparse;
mod walk;
mod write;

pub(super) use ignore::{IgnoreRules, is_ignore_file};
pub(super) use modules::Modules;
pub(super) use names::refusal;
pub(super) use sparse::sparse;
pub(super) use walk::{Item, walk};
pub(super) use write::Written;
