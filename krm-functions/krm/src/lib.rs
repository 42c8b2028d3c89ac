//! The Kubernetes resource model that the build engine, the functions and the plugin share.
//!
//! Owns: the value tree ([`Node`]) and the only YAML reader and writer ([`yaml`]), identities ([`Gvk`], [`ResId`],
//! [`ObjectKey`]), [`Resource`] and [`ResourceSet`], where things came from ([`Origin`]), the ResourceList protocol
//! ([`list`]), how generators write keys and values ([`pairs`]), [`Masked`], [`nearest`] names and paths that
//! [lead out](leads_out()). Must not know: files, processes,
//! network, clock, environment, randomness, terminals.

mod go_pattern;
pub mod gvk;
pub mod id;
mod identity;
mod leads_out;
pub mod list;
pub mod masked;
mod nearest;
pub mod node;
pub mod origin;
pub mod pairs;
pub mod resource;
pub mod set;
pub mod yaml;

pub use go_pattern::go_pattern;
pub use gvk::{GroupKind, Gvk};
pub use id::{ObjectKey, ParseObjectKeyError, ResId, namespace_or_default};
pub use leads_out::leads_out;
pub use masked::Masked;
pub use nearest::nearest;
pub use node::{Entry, Mapping, Mark, Node, Scalar, Sequence, Style, Tag, Text};
pub use origin::Origin;
pub use resource::{InvalidResource, Resource};
pub use set::{DuplicateId, ResourceSet};
