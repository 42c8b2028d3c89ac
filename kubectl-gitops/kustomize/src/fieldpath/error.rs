//! Why a path leads nowhere.

/// A path cannot be gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", At(step))]
pub struct PathError {
    /// The path up to the step that could not be taken.
    pub step: String,
    /// Why not.
    pub problem: PathProblem,
}

struct At<'a>(&'a str);

impl std::fmt::Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "at `{}`: ", self.0) }
    }
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathProblem {
    /// A field of something that has none.
    #[error("a field is looked for in {found}")]
    NotAMap {
        /// What it is.
        found: &'static str,
    },
    /// An item of something that has none.
    #[error("an item is looked for in {found}")]
    NotAList {
        /// What it is.
        found: &'static str,
    },
    /// Nothing is there.
    #[error("there is nothing{}", OfThese(candidates))]
    Missing {
        /// What there is instead, nearest first.
        candidates: Vec<String>,
    },
    /// What is there is empty.
    #[error("there is {found}, which is no value")]
    Empty {
        /// What is there.
        found: &'static str,
    },
    /// An item beyond the end.
    #[error("the list has {length} items, so none has the index {index}")]
    BeyondEnd {
        /// The index.
        index: usize,
        /// How many there are.
        length: usize,
    },
    /// The last item of a list without any.
    #[error("the list is empty, so it has no last item")]
    NoLastItem,
    /// A number below 0.
    #[error("an index cannot be negative")]
    Negative,
    /// `*` where one value is read.
    #[error("`*` means many values, only one can be read")]
    ManyValues,
    /// Brackets without `=`.
    #[error("an item is chosen as `[field=value]`")]
    BadItem,
    /// A step without a name.
    #[error("a step is empty")]
    NoName,
    /// The value in brackets is no regular expression.
    #[error("`{pattern}` is no regular expression: {problem}")]
    Pattern {
        /// The value.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An item that is made so that the pattern finds it, and it does not.
    #[error("no item matches `{pattern}`, and one with exactly this value would not either")]
    NeverMatches {
        /// The pattern.
        pattern: String,
    },
    /// The way leads into a text that is no YAML.
    #[error("the field is a text that holds neither YAML nor JSON: {problem}")]
    NotStructured {
        /// What is wrong with it.
        problem: String,
    },
    /// The way leads into an empty text.
    #[error("the field is an empty text")]
    EmptyText,
    /// More steps than any object has levels.
    #[error("a path has at most {max} steps")]
    TooManySteps {
        /// How many.
        max: usize,
    },
}

struct OfThese<'a>(&'a [String]);

impl std::fmt::Display for OfThese<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ", only {}", self.0.join(", ")) }
    }
}
