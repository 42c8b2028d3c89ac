//! Is an object healthy? Owns [`Health`] and one rule file per kind. Pure: one object in, a verdict with its reason out.
//! Must not know a client, a clock (the current time comes in as an argument) or other objects.

use std::fmt;

/// The verdict on one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It is what its spec says.
    Current,
    /// On its way; why it is not there yet.
    InProgress(String),
    /// It will not get there by waiting; why.
    Failed(String),
    /// Being deleted; what holds it.
    Terminating(String),
    /// It does not exist.
    NotFound,
    /// It could not be read.
    Unknown(String),
}

impl Health {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::InProgress(_) => "InProgress",
            Self::Failed(_) => "Failed",
            Self::Terminating(_) => "Terminating",
            Self::NotFound => "NotFound",
            Self::Unknown(_) => "Unknown",
        }
    }

    /// Why; empty for [`Health::Current`] and [`Health::NotFound`].
    pub fn message(&self) -> &str {
        match self {
            Self::InProgress(why) | Self::Failed(why) | Self::Terminating(why) | Self::Unknown(why) => why,
            Self::Current | Self::NotFound => "",
        }
    }

    /// Nothing is left to wait for.
    pub const fn is_current(&self) -> bool {
        matches!(self, Self::Current)
    }

    /// Waiting longer cannot help.
    pub const fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        if self.message().is_empty() { Ok(()) } else { write!(f, ": {}", self.message()) }
    }
}
