//! The kustomization file: its types, how it is read, how its old spellings become today's. Must not know what its fields do.

pub mod decode;
mod fix;
mod generators;
mod helm;
mod locate;
mod read;
mod types;

pub use decode::{DecodeError, DecodeProblem, Located};
pub(crate) use fix::fold;
pub use generators::*;
pub use helm::*;
pub(crate) use locate::locate;
pub use read::{FILE_NAMES, KustomizationError, ReadKustomization, annotation, read};
pub use types::*;
