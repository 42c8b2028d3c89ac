//! What a build needs from beyond its tree of files: the engine asks, its caller acts.
//!
//! Owns the questions, as a trait, and the answers' types. Must not know how a question is answered: no network, no process,
//! no disk. Every method has a default that refuses, so a caller allows what it means to allow and nothing else.

mod error;
mod function;
mod process;
mod sealed;

use std::path::PathBuf;

pub use error::{Cause, OutsideError};
pub use function::{FunctionCall, FunctionName, TreeFiles};
pub use process::{CONTAINER_RUNTIMES, Ending, Finished, Process, ProcessError, Program, ScratchFile, Word};

pub use sealed::{Purpose, SealedFile};

use crate::load::RepositoryRequest;

/// Acts for the engine where it must not act itself. A build asks for each file and each repository once.
pub trait Outside: Sync {
    /// Content of the file at an `http` or `https` URL.
    ///
    /// # Errors
    /// The server did not give it, or this caller does not fetch files.
    fn fetch_file(&self, url: &str) -> Result<Vec<u8>, OutsideError> {
        let _ = url;
        Err(OutsideError::refused("fetch files from the network"))
    }

    /// A tree with what `request` names checked out. It must stay until the build has ended.
    ///
    /// # Errors
    /// It cannot be had, or this caller does not fetch repositories.
    fn fetch_repository(&self, request: &RepositoryRequest) -> Result<Checkout, OutsideError> {
        let _ = request;
        Err(OutsideError::refused("fetch Git repositories"))
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// It cannot be run, or this caller runs none. A program that fails is no error.
    fn run(&self, process: &Process) -> Result<Finished, ProcessError> {
        let _ = process;
        Err(ProcessError::Refused)
    }

    /// The plain text of a file, if it is encrypted and this caller opens such files.
    ///
    /// # Errors
    /// It is encrypted and cannot be opened.
    fn open_file(&self, file: &SealedFile<'_>) -> Result<Option<Vec<u8>>, OutsideError> {
        let _ = file;
        Ok(None)
    }

    /// Does the caller have this function in itself, so that it need not be run as a process?
    fn has_function(&self, function: &FunctionName<'_>) -> bool {
        let _ = function;
        false
    }

    /// Runs a function that the caller has: its list in, the answer as a process would write it.
    ///
    /// # Errors
    /// The caller has none. A function that fails is no error.
    fn call_function(&self, call: &FunctionCall<'_>) -> Result<Finished, ProcessError> {
        let _ = call;
        Err(ProcessError::Refused)
    }
}

/// A repository's content at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Its top directory: an absolute path in the same [`Files`](crate::Files) that the build reads from. Nothing outside of
    /// it is read for a kustomization inside of it.
    pub top: PathBuf,
}

/// Refuses everything: a build whose input must all be in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nowhere;

impl Outside for Nowhere {}

#[cfg(test)]
mod tests;
