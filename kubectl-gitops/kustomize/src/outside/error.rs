//! Why a caller could not do what the engine asked for. Kept as text: the engine only passes it on.

use std::error::Error;
use std::fmt;

/// The caller did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutsideError {
    /// It never does such things.
    #[error("this build does not {what}")]
    Refused {
        /// `fetch files from the network`
        what: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// A web server answered with something else than the file.
    #[error("the server answered {status} {reason}")]
    Status {
        /// As in HTTP.
        status: u16,
        /// In words.
        reason: String,
    },
    /// It was tried.
    #[error("{message}")]
    Failed {
        /// In the words of the caller, without credentials.
        message: String,
        /// What to do now.
        hint: Option<String>,
        /// Why.
        #[source]
        cause: Option<Box<Cause>>,
    },
}

/// An error of the caller with its causes, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    message: String,
    source: Option<Box<Cause>>,
}

impl OutsideError {
    /// It never does such things.
    pub fn refused(what: &str) -> Self {
        Self::Refused { what: what.to_owned(), hint: None }
    }

    /// It was tried: the caller's error with all its causes.
    pub fn failed(error: &dyn Error) -> Self {
        Self::Failed { message: error.to_string(), hint: None, cause: error.source().map(|e| Box::new(Cause::of(e))) }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused { hint, .. } | Self::Failed { hint, .. } => hint.as_deref(),
            Self::Status { .. } => None,
        }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, text: &str) -> Self {
        match &mut self {
            Self::Refused { hint, .. } | Self::Failed { hint, .. } => *hint = Some(text.to_owned()),
            Self::Status { .. } => {}
        }
        self
    }
}

impl Cause {
    fn of(error: &dyn Error) -> Self {
        Self { message: error.to_string(), source: error.source().map(|e| Box::new(Self::of(e))) }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}
