//! Why a patch cannot be merged, and where.

use std::fmt;

/// A place in an object, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", Path(path))]
pub struct MergeError {
    /// Steps from the deepest to the top, as they were walked back.
    path: Vec<String>,
    /// What is wrong.
    pub problem: MergeProblem,
}

/// What is wrong with a patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeProblem {
    /// The object has one kind of value, the patch another.
    #[error("the object has {target} there, the patch {patch}")]
    KindsDiffer {
        /// What the object has.
        target: &'static str,
        /// What the patch has.
        patch: &'static str,
    },
    /// `$patch` with a word that means nothing.
    #[error("unknown directive `$patch: {word}`, known are delete, replace and merge")]
    UnknownDirective {
        /// The word.
        word: String,
    },
    /// A map has a field without a name.
    #[error("a field with an empty name cannot be merged")]
    EmptyKey,
    /// A list that merges by keys holds an item that has none.
    #[error("every item of this list must be a map with `{key}`, one is {found}")]
    ItemWithoutKeys {
        /// The list's first merge key; empty for a list of scalars.
        key: String,
        /// What the item is.
        found: &'static str,
    },
}

struct Path<'a>(&'a [String]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the object itself");
        }
        for (index, step) in self.0.iter().rev().enumerate() {
            if index > 0 && !step.starts_with('[') {
                f.write_str(".")?;
            }
            f.write_str(step)?;
        }
        Ok(())
    }
}

impl MergeError {
    pub(super) fn new(problem: MergeProblem) -> Self {
        Self { path: Vec::new(), problem }
    }

    pub(super) fn under(mut self, step: &str) -> Self {
        self.path.push(step.to_owned());
        self
    }

    /// The field, as `spec.template.spec.containers[name=web].image`; empty for the object itself.
    pub fn path(&self) -> String {
        if self.path.is_empty() { String::new() } else { Path(&self.path).to_string() }
    }
}
