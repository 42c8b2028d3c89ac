//! What a run can end with. Owns the one error type of the top level, its stable codes and the exit codes of the process;
//! must not know how an error is printed (see `report`) or which stage found it.

mod code;
mod convert;
pub mod exit;

use std::error::Error as StdError;
use std::fmt;

pub use code::{CODES, Code};

/// Where in the input something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Path as the user would type it.
    pub file: String,
    /// Line from 1; 0 if unknown.
    pub line: u32,
    /// Column from 1; 0 if unknown.
    pub column: u32,
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0 }
    }
}

impl From<&krm::Origin> for Place {
    fn from(origin: &krm::Origin) -> Self {
        Self { file: origin.file.clone(), line: origin.line, column: 0 }
    }
}

/// `file`, `file:line` or `file:line:column`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// Which kind of end it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line, the settings or the input are wrong. Nothing was written.
    User,
    /// A guard or an ownership conflict refused the run before anything was written.
    Refused,
    /// Some objects failed, the rest is done.
    Partial,
    /// Health did not come in time.
    Timeout,
    /// Another run holds the lock.
    Locked,
    /// The cluster or a source cannot be reached or forbids.
    Cluster,
    /// A bug of ours.
    Internal,
    /// SIGINT
    Interrupted,
    /// SIGTERM
    Terminated,
}

impl Kind {
    /// The exit code of the process.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::User => exit::USAGE,
            Self::Refused => exit::REFUSED,
            Self::Partial => exit::PARTIAL,
            Self::Timeout => exit::TIMEOUT,
            Self::Locked => exit::LOCKED,
            Self::Cluster => exit::UNREACHABLE,
            Self::Internal => exit::BUG,
            Self::Interrupted => exit::INTERRUPTED,
            Self::Terminated => exit::TERMINATED,
        }
    }
}

type Boxed = Box<dyn StdError + Send + Sync>;

/// An end that is not the wished one: kind, stable code, the error with its causes, where, and what to do now.
#[derive(Debug)]
pub struct CliError {
    /// Decides the exit code.
    pub kind: Kind,
    /// Stable code; `explain` knows it.
    pub code: Code,
    /// The error; its causes follow by `source()`.
    pub error: Boxed,
    /// Where in the input.
    pub place: Option<Place>,
    /// Facts beside the error, one line each, as the list of refused objects.
    pub notes: Vec<String>,
    /// What to do now; a command that works, where there is one.
    pub hints: Vec<String>,
}

impl CliError {
    /// An error of `code`, whose kind the code decides.
    pub fn new(code: Code, error: impl Into<Boxed>) -> Self {
        Self { kind: code.kind(), code, error: error.into(), place: None, notes: Vec::new(), hints: Vec::new() }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Place>) -> Self {
        let place = place.into();
        if !place.file.is_empty() {
            self.place = Some(place);
        }
        self
    }

    /// Adds what to do now.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The exit code of the process.
    pub const fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.error)
    }
}

impl StdError for CliError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Result of everything at the top level.
pub type Result<T, E = CliError> = std::result::Result<T, E>;
