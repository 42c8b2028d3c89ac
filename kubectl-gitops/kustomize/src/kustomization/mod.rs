//! The kustomization file: its types, how it is read, how its old spellings become today's. Must not know what its fields do.

pub mod decode;
mod types;

pub use decode::{DecodeError, DecodeProblem, Located};
pub use types::*;
