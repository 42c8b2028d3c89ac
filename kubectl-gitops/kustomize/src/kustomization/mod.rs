//! The kustomization file: its types, how it is read, how its old spellings become today's. Must not know what its fields do.

pub mod decode;
mod fix;
mod read;
mod types;

pub use decode::{DecodeError, DecodeProblem, Located};
pub use read::{FILE_NAMES, KustomizationError, ReadKustomization, annotation, read};
pub use types::*;
