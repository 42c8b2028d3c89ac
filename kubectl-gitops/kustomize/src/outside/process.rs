//! What the engine asks of a process: a KRM function, a container around one, helm. Owns the shape of the question and of the
//! answer; must not know how processes are started, bounded or ended (the caller does).

use std::fmt;
use std::path::PathBuf;

/// A program to run. It gets the caller's environment with [`Process::env`] over it.
///
/// Arguments, values and what goes in may hold secrets: `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct Process {
    /// What to run.
    pub program: Program,
    /// Its arguments.
    pub args: Vec<Word>,
    /// Variables to set; a later one of a name wins.
    pub env: Vec<(String, Word)>,
    /// What it reads from standard input.
    pub stdin: Vec<u8>,
    /// Where it runs, absolute; `None` is where the caller does. A program with a slash in its path is found from there.
    pub directory: Option<PathBuf>,
    /// Files that must be there while it runs, in a directory of its own that is gone afterwards.
    pub scratch: Vec<ScratchFile>,
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A path, or a name that is looked up on the `PATH`.
    Named(String),
    /// Whatever runs containers here: `docker`, `podman` or `nerdctl`.
    ContainerRuntime,
}

/// The programs that run containers, in the order in which they are looked for. They take the same arguments.
pub const CONTAINER_RUNTIMES: [&str; 3] = ["docker", "podman", "nerdctl"];

/// An argument, or the value of a variable.
#[derive(Clone, PartialEq, Eq)]
pub enum Word {
    /// As it is.
    Text(String),
    /// The absolute path of something in the scratch directory.
    Scratch(String),
}

/// A file in the scratch directory.
#[derive(Clone, PartialEq, Eq)]
pub struct ScratchFile {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// How a process ended, and what it said.
#[derive(Clone, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub ending: Ending,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, made readable.
    pub stderr: String,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself; 0 means it succeeded.
    Exit(i32),
    /// By a signal.
    Signal(i32),
}

/// A process could not be run to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
    /// This caller runs none.
    #[error("no processes are run here")]
    Refused,
    /// The program is missing.
    #[error("there is no program `{program}`")]
    NoProgram {
        /// As it was asked for.
        program: String,
    },
    /// Nothing here runs containers.
    #[error("neither {} is installed", CONTAINER_RUNTIMES.join(" nor "))]
    NoContainerRuntime,
    /// The program is there but cannot be started.
    #[error("cannot start `{program}`: {message}")]
    Start {
        /// As it was asked for.
        program: String,
        /// What the operating system says.
        message: String,
    },
    /// It was ended because it took too long.
    #[error("`{program}` did not end within {limit_s} s")]
    TimedOut {
        /// As it was asked for.
        program: String,
        /// The limit.
        limit_s: u64,
    },
    /// It was ended because it wrote too much.
    #[error("`{program}` wrote more than {limit} bytes")]
    TooMuch {
        /// As it was asked for.
        program: String,
        /// The limit.
        limit: u64,
    },
    /// Its scratch directory, or a pipe to it, failed.
    #[error("cannot talk to `{program}`: {message}")]
    Pipe {
        /// As it was asked for.
        program: String,
        /// What the operating system says.
        message: String,
    },
}

impl Process {
    /// A program, without anything else.
    pub fn new(program: Program, directory: Option<PathBuf>) -> Self {
        Self { program, args: Vec::new(), env: Vec::new(), stdin: Vec::new(), directory, scratch: Vec::new() }
    }
}

impl Finished {
    /// Did it succeed?
    pub fn succeeded(&self) -> bool {
        self.ending == Ending::Exit(0)
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::ContainerRuntime => f.write_str(CONTAINER_RUNTIMES[0]),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => write!(f, "signal {number}"),
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("program", &self.program)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl fmt::Debug for ScratchFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScratchFile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").field("ending", &self.ending).finish_non_exhaustive()
    }
}
