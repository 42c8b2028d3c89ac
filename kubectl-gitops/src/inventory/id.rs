//! Names of inventories. Owns [`InventoryId`] and [`RootRef`]; must not mint randomness itself.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// 128 bits, minted once: 96 random ones, so that two clusters or two sets never share one by accident, and 32 that tell
/// for which root it was minted, so that the members of a lost root are not taken for another set's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InventoryId([u8; 16]);

/// The text is not 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an inventory id (32 hexadecimal digits)")]
pub struct ParseInventoryIdError {
    /// The refused text, cut to 64 characters.
    pub text: String,
}

impl InventoryId {
    /// For a new root, from random bytes that the caller drew.
    pub fn mint(random: [u8; 16], root: &RootRef) -> Self {
        let mut bytes = random;
        bytes[12..].copy_from_slice(&proof(root));
        Self(bytes)
    }

    /// Was it minted for this root? (A root that was renamed by hand keeps its id, and loses this proof.)
    pub fn was_minted_for(&self, root: &RootRef) -> bool {
        self.0[12..] == proof(root)
    }

    /// As it stands.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The first 16 digits: the value of the label that members are listed by.
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.truncate(16);
        text
    }
}

/// Four bytes that say which root it is.
fn proof(root: &RootRef) -> [u8; 4] {
    let hash = Sha256::digest(root.to_string().as_bytes());
    [hash[0], hash[1], hash[2], hash[3]]
}

impl fmt::Display for InventoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for InventoryId {
    type Err = ParseInventoryIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseInventoryIdError { text: text.chars().take(64).collect() };
        let bytes = super::digest::from_hex::<16>(text).ok_or_else(refused)?;
        Ok(Self(bytes))
    }
}

/// Where the root ConfigMap of a set lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name, with our prefix: `gitops-prod`.
    pub name: String,
}

impl RootRef {
    /// The root of the set `set` in `namespace`.
    pub fn of_set(namespace: impl Into<String>, set: &str) -> Self {
        Self { namespace: namespace.into(), name: format!("{}{set}", super::marks::ROOT_PREFIX) }
    }

    /// The set's name as users say it: without our prefix.
    pub fn set_name(&self) -> &str {
        self.name.strip_prefix(super::marks::ROOT_PREFIX).unwrap_or(&self.name)
    }
}

/// `namespace/gitops-prod`
impl fmt::Display for RootRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form() {
        let id = InventoryId::from_bytes([0x0f; 16]);
        assert_eq!(id.to_string(), "0f".repeat(16));
        assert_eq!(id.short(), "0f".repeat(8));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_tells_its_root() {
        let root = RootRef::of_set("shop", "prod");
        let id = InventoryId::mint([7; 16], &root);
        assert!(id.was_minted_for(&root) && !id.was_minted_for(&RootRef::of_set("shop", "staging")));
        assert_eq!(id.to_string()[..24], "07".repeat(12));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "0f", &"0F".repeat(16), &"0g".repeat(16), &"00".repeat(17)] {
            assert!(text.parse::<InventoryId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_set_and_its_root_name_each_other() {
        let root = RootRef::of_set("shop", "prod");
        assert_eq!(root.to_string(), "shop/gitops-prod");
        assert_eq!(root.set_name(), "prod");
    }
}
