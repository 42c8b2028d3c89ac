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
    #[error("the object has {target} there, the patch {patch}{}", InLine(*line))]
    KindsDiffer {
        /// What the object has.
        target: &'static str,
        /// What the patch has.
        patch: &'static str,
        /// Its line in the patch; 0 if unknown.
        line: u32,
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

impl MergeProblem {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::KindsDiffer { .. } => {
                "write the field as the object has it; to put something else there, use a JSON patch with `op: replace`"
            }
            Self::UnknownDirective { .. } => "write `$patch: delete`, `$patch: replace` or `$patch: merge`",
            Self::EmptyKey => "give the field a name",
            Self::ItemWithoutKeys { .. } => {
                "items of this list are told apart by that field: write each as a map that has it"
            }
        }
    }
}

struct InLine(u32);

impl fmt::Display for InLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, ", in line {}", self.0) }
    }
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
