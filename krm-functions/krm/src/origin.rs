//! Where a thing came from. Owns the words for a place in the input; must not read anything.

use std::fmt;

/// Where a resource came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Path of the file as the user would type it, relative to the build's root where it lies below it; or what made the
    /// resource, for generated ones (`secretGenerator in overlays/prod/kustomization.yaml`). Empty if unknown.
    pub file: String,
    /// Index of the document in the file, from 0.
    pub document: usize,
    /// Line at which the document starts, from 1; 0 if unknown.
    pub line: u32,
}

/// `path:line` or `path`; with `document n` (from 1) when the file holds earlier ones.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.document > 0 {
            write!(f, " (document {})", self.document + 1)?;
        }
        Ok(())
    }
}
