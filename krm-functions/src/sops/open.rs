//! Opening: from encrypted bytes or an encrypted object to plain ones. Owns the order of steps and what the MAC's verdict means; must not
//! know formats or ciphers.

use krm::{Masked, Node};

use super::cipher::{self, DataKey, Plain};
use super::format::Format;
use super::indents::Indents;
use super::keyring::{Keyring, NoKey};
use super::metadata::{Metadata, MetadataProblem};
use super::select::Selector;
use super::store::{self, StoreProblem};
use super::value::{Branch, Value};
use super::walk::{self, LeafFault, Treatment};

/// Largest file that is opened, as in Flux.
pub const SIZE_MAX: usize = 5 << 20;

/// Why something stays shut. Names keys, recipients and places, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenProblem {
    /// Too many bytes.
    #[error("it has {bytes} bytes, and encrypted files may have {SIZE_MAX}")]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// Not of its format.
    #[error("it is no {format} that SOPS writes: {problem}")]
    Read {
        /// The format.
        format: Format,
        /// What is wrong.
        problem: StoreProblem,
    },
    /// Not encrypted.
    #[error("it is not encrypted: there is no SOPS metadata in it")]
    NoMetadata,
    /// Metadata that cannot be used.
    #[error("its SOPS metadata cannot be used: {0}")]
    Metadata(#[from] MetadataProblem),
    /// A rule that cannot be used.
    #[error("its SOPS metadata cannot be used: `sops.{field}` is no regular expression: {problem}")]
    Rule {
        /// The rule.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// No key.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// Values that do not decrypt.
    #[error("{}", leaves(.0))]
    Leaves(Vec<LeafFault>),
    /// No MAC.
    #[error("it has no MAC (`sops.mac`), so that nobody can tell whether it was changed")]
    NoMac,
    /// A MAC that does not decrypt.
    #[error("its MAC (`sops.mac`) does not decrypt: it or `sops.lastmodified` was changed")]
    MacDamaged,
    /// Another MAC.
    #[error("its MAC does not match: values were changed, added, removed or moved without SOPS since it was encrypted")]
    MacMismatch,
    /// The output format cannot hold it.
    #[error("it cannot be written as {format}: {problem}")]
    Write {
        /// The format.
        format: Format,
        /// What is wrong.
        problem: StoreProblem,
    },
}

pub(super) fn leaves(faults: &[LeafFault]) -> String {
    let mut text: Vec<String> =
        faults.iter().take(10).map(|fault| format!("the value of `{}`: {}", fault.path, fault.problem)).collect();
    if faults.len() > 10 {
        text.push(format!("and {} more", faults.len() - 10));
    }
    text.join("; ")
}

/// What the MAC says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MacState {
    /// Nothing was changed since it was encrypted.
    Verified,
    /// Something was, or nobody can tell.
    Not(Box<OpenProblem>),
}

/// What was opened.
#[derive(Debug)]
pub struct Opened {
    /// Plain bytes.
    pub bytes: Masked<Vec<u8>>,
    /// What the MAC says.
    pub mac: MacState,
}

/// An object that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedNode {
    /// What the MAC says.
    pub mac: MacState,
    /// Paths of what was decrypted.
    pub paths: Vec<String>,
}

/// Decrypts a file of format `input` and writes it in format `output`. What the MAC says is the caller's to judge.
///
/// # Errors
/// It is not encrypted, no key fits, or a value does not decrypt.
pub fn open(bytes: &[u8], input: Format, output: Format, keyring: &Keyring) -> Result<Opened, OpenProblem> {
    open_with(bytes, input, output, keyring, Indents::default())
}

/// As [`open`], and laid out so.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    bytes: &[u8],
    input: Format,
    output: Format,
    keyring: &Keyring,
    indents: Indents,
) -> Result<Opened, OpenProblem> {
    if bytes.len() > SIZE_MAX {
        return Err(OpenProblem::TooLarge { bytes: bytes.len() });
    }
    let read = |problem| OpenProblem::Read { format: input, problem };
    let mut branches = store::read(input, bytes).map_err(read)?;
    let metadata = store::take_metadata(input, &mut branches).map_err(read)?.ok_or(OpenProblem::NoMetadata)?;
    let (mac, _) = decrypt(&mut branches, &Metadata::read(&metadata)?, keyring)?;
    let bytes = store::write_plain(output, &branches, indents)
        .map_err(|problem| OpenProblem::Write { format: output, problem })?;
    Ok(Opened { bytes, mac })
}

/// Decrypts an object in place: what was not encrypted stays as it was written.
///
/// # Errors
/// It is not encrypted, no key fits, or a value does not decrypt; then it is unchanged.
pub fn open_node(node: &mut Node, keyring: &Keyring) -> Result<OpenedNode, OpenProblem> {
    let read = |problem| OpenProblem::Read { format: Format::Yaml, problem };
    let mut branches = vec![store::branch_of_node(node).map_err(read)?];
    let metadata = store::take_metadata(Format::Yaml, &mut branches).map_err(read)?.ok_or(OpenProblem::NoMetadata)?;
    let (mac, paths) = decrypt(&mut branches, &Metadata::read(&metadata)?, keyring)?;
    store::write_back(node, &branches[0]);
    Ok(OpenedNode { mac, paths })
}

/// Is there metadata in the object? Flux asks for a MAC too, and takes an object without one for plain.
pub fn has_metadata(node: &Node) -> bool {
    let sops = node.get("sops").and_then(Node::as_map);
    sops.is_some_and(|sops| ["mac", "lastmodified"].iter().any(|field| sops.contains_key(field)))
}

fn decrypt(
    branches: &mut [Branch],
    metadata: &Metadata,
    keyring: &Keyring,
) -> Result<(MacState, Vec<String>), OpenProblem> {
    let rule = metadata.rule.clone().unwrap_or_default();
    let selector = Selector::new(&rule).map_err(|problem| OpenProblem::Rule { field: rule.field().0, problem })?;
    let key = keyring.data_key(metadata)?;
    let treatment = Treatment { selector: &selector, key: &key, mac_only_encrypted: metadata.mac_only_encrypted };
    let walked = walk::open(branches, &treatment).map_err(OpenProblem::Leaves)?;
    let mac = match judge(metadata, &key, &walked.mac) {
        Ok(()) => MacState::Verified,
        Err(problem) => MacState::Not(Box::new(problem)),
    };
    Ok((mac, walked.paths))
}

fn judge(metadata: &Metadata, key: &DataKey, computed: &str) -> Result<(), OpenProblem> {
    let mac = metadata.mac.as_deref().ok_or(OpenProblem::NoMac)?;
    let Ok(Plain::Value(Value::Text(mac))) = cipher::open(mac, key, &metadata.last_modified) else {
        return Err(OpenProblem::MacDamaged);
    };
    if mac.expose() == computed.as_bytes() { Ok(()) } else { Err(OpenProblem::MacMismatch) }
}
