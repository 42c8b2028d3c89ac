//! One line of the inventory. Owns [`Entry`] and its life ([`State`]).

use super::Digest;

/// What we remember of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// API version it was applied in: the paths of managedFields are bound to it, so it is listed in it again.
    pub version: String,
    /// Its uid; none while we do not know that it exists.
    pub uid: Option<String>,
    /// Where it stands.
    pub state: State,
    /// It existed before us and was taken over.
    pub adopted: bool,
    /// Hash of the manifest that was applied; none for Secrets (guessable) and before the first success.
    pub desired_hash: Option<Digest>,
    /// Digest of the live values we owned right after that, of a Secret only of their paths; none before the first success.
    pub live_digest: Option<Digest>,
}

impl Entry {
    /// About to be created or taken over.
    pub fn intent(version: impl Into<String>) -> Self {
        Self {
            version: version.into(),
            uid: None,
            state: State::Intent,
            adopted: false,
            desired_hash: None,
            live_digest: None,
        }
    }
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Written ahead: a request for it may or may not have reached the cluster.
    Intent,
    /// Applied, and seen to be ours.
    Owned,
    /// No longer desired: a deletion may or may not have reached the cluster.
    Pruning,
}

impl State {
    /// The word in the stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Owned => "owned",
            Self::Pruning => "pruning",
        }
    }

    /// From the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Intent, Self::Owned, Self::Pruning].into_iter().find(|state| state.as_str() == text)
    }
}
