//! SOPS files: bytes in, bytes out. Owns the formats, the cipher, the MAC, the recipients and the rules of `.sops.yaml`; asks for keys
//! through [`crate::Inputs`] and for randomness and time through its callers. Must not know Kubernetes, disks or terminals.
//!
//! What is read here, real `sops` wrote, and it opens what is written here; `make oracle` lets both do the other's work. Decrypted
//! bytes are [`krm::Masked`]: overwritten when dropped, shown by nothing.

mod cipher;
mod format;
mod indents;
mod keyring;
mod metadata;
mod number;
mod open;
mod recipient;
mod rules;
mod seal;
mod select;
mod shamir;
mod store;
mod value;
mod walk;

pub use cipher::CipherProblem;
pub use format::Format;
pub use indents::Indents;
pub use keyring::{Keyring, NoKey};
pub use metadata::{Metadata, MetadataProblem, Recipient};
pub use open::{MacState, OpenProblem, Opened, OpenedNode, SIZE_MAX, has_metadata, open, open_node, open_with};
pub use recipient::age::{AgeProblem, is_age_file};
pub use rules::{CreationRules, RulesProblem};
pub use seal::{SealPlan, SealProblem, seal};
pub use select::Rule;
pub use shamir::ShamirProblem;
pub use store::StoreProblem;
pub use walk::{LeafFault, Random};
