//! What can be wrong with YAML text, and where.

use crate::Mark;

/// Text that is refused, and the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}:{}{}: {problem}", mark.line, mark.column, DocumentNumber(*document))]
pub struct ParseError {
    /// Name of the source.
    pub file: String,
    /// Index of the document, from 0.
    pub document: usize,
    /// Line and column, from 1.
    pub mark: Mark,
    /// What is wrong.
    pub problem: ParseProblem,
}

struct DocumentNumber(usize);

impl std::fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, " (document {})", self.0 + 1) }
    }
}

impl ParseError {
    pub(crate) fn new(file: &str, document: usize, mark: Mark, problem: ParseProblem) -> Self {
        Self { file: file.to_owned(), document, mark, problem }
    }
}

/// What is wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseProblem {
    /// Placeholder while the parser is being written.
    #[error("the parser is unfinished")]
    Unfinished,
}

/// A tree that a profile cannot write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// Placeholder while the emitter is being written.
    #[error("the emitter is unfinished")]
    Unfinished,
}
