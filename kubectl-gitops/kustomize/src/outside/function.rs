//! What the engine asks of a caller that has functions in itself. Owns the shape of the question; must not know which functions
//! there are, nor what they do.

use std::fmt;
use std::path::Path;

/// What a configuration says about its function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionName<'a> {
    /// `apiVersion` of the configuration.
    pub api_version: &'a str,
    /// `kind` of the configuration.
    pub kind: &'a str,
    /// The image that it names, if it names one.
    pub image: Option<&'a str>,
}

/// A function to run.
///
/// The list and the variables may hold secrets: `Debug` leaves them out.
#[derive(Clone, Copy)]
pub struct FunctionCall<'a> {
    /// What a process would read: a ResourceList.
    pub list: &'a str,
    /// What the function may read of the tree.
    pub tree: &'a dyn TreeFiles,
    /// The variables that the caller of the build gave for functions, as `NAME=value`.
    pub env: &'a [String],
}

/// Files for a function: those in and below the directory of the kustomization that names it.
pub trait TreeFiles {
    /// Content of the file at a path relative to that directory.
    ///
    /// # Errors
    /// Why it cannot be had, without the path and without any content.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The directory, absolute: for messages, and for what must be found beside it.
    fn directory(&self) -> &Path;
}

impl fmt::Debug for FunctionCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionCall").field("directory", &self.tree.directory()).finish_non_exhaustive()
    }
}
