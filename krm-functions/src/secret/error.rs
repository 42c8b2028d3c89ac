//! What can be wrong with a Secret that is to be generated. No message holds a value.

use crate::InputError;

use super::compose::ComposeError;
use super::derive::WeakSeed;
use super::names;
use super::seed::{SEED, SEED_FILE};
use super::shape::Exhausted;
use crate::encrypted::OpenError;

/// Why a Secret cannot be generated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SecretError {
    /// A literal without `=`, or with nothing in front of it.
    #[error("a literal must have the form key=value")]
    Literal,
    /// A file's source that cannot be understood.
    #[error("`{source_text}` must be a file or key=file")]
    FileSource {
        /// As the user wrote it, without what may be a value.
        source_text: String,
    },
    /// Two sources give one key.
    #[error("key `{key}` is given twice")]
    RepeatedKey {
        /// The key.
        key: String,
    },
    /// No key of a Secret may be called so.
    #[error("`{key}` cannot be a key: {}", names::KEY)]
    BadKey {
        /// The key.
        key: String,
    },
    /// A line of an env file that is not UTF-8.
    #[error("line {line} of `{path}` is not UTF-8 text")]
    EnvText {
        /// As the user wrote it.
        path: String,
        /// From 1.
        line: usize,
    },
    /// A file cannot be read.
    #[error("`{path}` cannot be read")]
    Unreadable {
        /// As the user wrote it.
        path: String,
        /// Why.
        #[source]
        cause: InputError,
    },
    /// An encrypted file cannot be opened.
    #[error("`{path}` cannot be opened")]
    Closed {
        /// As the user wrote it.
        path: String,
        /// Why.
        #[source]
        cause: OpenError,
    },
    /// Nobody gave a seed.
    #[error(
        "there is no seed to derive values from: give one in `{SEED}`, or a file of it in `{SEED_FILE}`; `openssl rand -hex 32` makes one"
    )]
    NoSeed,
    /// Two seeds.
    #[error("`{SEED}` and `{SEED_FILE}` are both set, and only one can be the seed")]
    TwoSeeds,
    /// The operator's file cannot be read.
    #[error("the file that `{SEED_FILE}` names cannot be read")]
    SeedFile(#[source] InputError),
    /// The seed is guessable.
    #[error(transparent)]
    WeakSeed(#[from] WeakSeed),
    /// No value comes out.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// A template cannot be filled.
    #[error(transparent)]
    Compose(#[from] ComposeError),
    /// A template needs a value that the apply engine will not see.
    #[error(
        "`{key}` is left out by `omit`, and what is made once in the cluster can be joined with keys of the Secret only"
    )]
    OmittedPart {
        /// The key.
        key: String,
    },
    /// `omit` names what is not there.
    #[error("`{key}` is not a key of this Secret")]
    OmitsNothing {
        /// The key.
        key: String,
    },
    /// `omit` names what only the cluster will have.
    #[error("`{key}` is joined from what is made once in the cluster and cannot be left out")]
    OmitsLate {
        /// The key.
        key: String,
    },
    /// More than a Secret may hold.
    #[error("the values have {bytes} bytes together, and a Secret holds at most {max}")]
    TooLarge {
        /// What they have.
        bytes: usize,
        /// What it holds.
        max: usize,
    },
    /// The list has a Secret of this name that no generator made.
    #[error(
        "there is a Secret of this name already, and no generator made it; `behavior: merge` or `replace` changes it"
    )]
    Exists,
    /// The list's Secret holds what cannot be merged with.
    #[error("`{field}` of the Secret in the list must be a map")]
    NotAMap {
        /// The field.
        field: &'static str,
    },
}
