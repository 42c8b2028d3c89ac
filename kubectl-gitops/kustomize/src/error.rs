//! What can go wrong in a build: the problem, where it is, the directories that led there, and what to do about it.
//!
//! Each room has its own enum of problems; here they meet. Must not decide how an error is printed beyond
//! [`BuildError::report`], which every caller may use.

use std::error::Error as _;
use std::fmt::{self, Write as _};

use krm::yaml::{EmitError, ParseError};
use krm::{Mark, Origin};

use crate::draft::{AbsorbError, Conflict};
use crate::generate::GenerateError;
use crate::kustomization::{DecodeError, KustomizationError};
use crate::load::LoadError;
use crate::plugin::PluginError;
use crate::provenance::ProvenanceError;
use crate::reference::ReferenceError;
use crate::resources::ResourceError;
use crate::sort::SortError;
use crate::tables::TablesError;
use crate::transform::TransformError;

/// A build failed. Boxed, so that what can fail stays cheap to return.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildError(Box<Failure>);

/// Why, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What is wrong.
    pub problem: Problem,
    /// Where.
    pub place: Place,
    /// The directories that led there, outermost first, as seen from the one that is being built.
    pub trail: Vec<String>,
}

/// A place in the input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file, as seen from the directory that is being built; empty if it is not in one.
    pub file: String,
    /// Line and column, both 0 if unknown.
    pub mark: Mark,
    /// The field, as `patches[0].path`; empty if it is not in one.
    pub field: String,
}

/// What went wrong, in the words of the room where it did.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    /// A file or a base cannot be reached.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Text that is not YAML.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A kustomization's field has the wrong content.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A kustomization as a whole is wrong.
    #[error(transparent)]
    Kustomization(#[from] KustomizationError),
    /// A document that is no resource.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// Two resources are called the same.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// A generated resource does not fit what is there.
    #[error(transparent)]
    Absorb(#[from] AbsorbError),
    /// A generator's configuration is wrong.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A transformer cannot do what it is told.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// Two tables of fields disagree.
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// A reference to a renamed resource cannot be fixed.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A plugin cannot be configured, or fails.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// A file or an object in a list of plugins cannot be annotated with where it came from.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// The wanted order makes no sense.
    #[error(transparent)]
    Sort(#[from] SortError),
    /// A resource cannot be written.
    #[error("cannot write `{id}`")]
    Emit {
        /// What it is called.
        id: String,
        /// Why.
        #[source]
        source: EmitError,
    },
}

impl BuildError {
    /// A problem at a place, no trail yet.
    pub fn new(problem: impl Into<Problem>, place: Place) -> Self {
        Self(Box::new(Failure { problem: problem.into(), place, trail: Vec::new() }))
    }

    /// The same, reached through `directory`.
    #[must_use]
    pub fn through(mut self, directory: String) -> Self {
        self.0.trail.insert(0, directory);
        self
    }

    /// The same, at `place` if it has none of its own.
    #[must_use]
    pub fn or_at(mut self, place: &Place) -> Self {
        if self.0.place == Place::default() {
            self.0.place.clone_from(place);
        }
        self
    }

    /// What to do about it, where something can be said.
    pub fn hint(&self) -> Option<String> {
        hint(&self.problem)
    }

    /// The problem without the place, which is told apart.
    fn headline(&self) -> String {
        match &self.problem {
            Problem::Parse(error) | Problem::Resource(ResourceError::Parse(error)) => error.problem.to_string(),
            problem => problem.to_string(),
        }
    }

    /// The whole story in lines: the problem, its causes, where it is, how it was reached, what to do.
    pub fn report(&self) -> String {
        let mut text = self.headline();
        let mut cause = self.problem.source();
        while let Some(error) = cause {
            line(&mut text, "because", &error.to_string());
            cause = error.source();
        }
        if !self.place.file.is_empty() || !self.place.field.is_empty() {
            line(&mut text, "at", &self.place.to_string());
        }
        if !self.trail.is_empty() {
            line(&mut text, "reached through", &self.trail.join(" -> "));
        }
        if let Some(hint) = self.hint() {
            line(&mut text, "hint", &hint);
        }
        text.push('\n');
        text
    }
}

fn line(text: &mut String, label: &str, content: &str) {
    // Writing to a String cannot fail.
    let _infallible = write!(text, "\n  {label}: {content}");
}

impl std::ops::Deref for BuildError {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl Place {
    /// A file, nothing more is known.
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// Where a resource starts.
    pub fn origin(origin: &Origin) -> Self {
        let column = u32::from(origin.line > 0);
        Self { file: origin.file.clone(), mark: Mark { line: origin.line, column }, field: String::new() }
    }

    /// A field of a file.
    pub fn field(file: impl Into<String>, field: impl Into<String>, mark: Mark) -> Self {
        Self { file: file.into(), mark, field: field.into() }
    }
}

/// `file:line:column, field`
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.mark.line > 0 {
            write!(f, ":{}:{}", self.mark.line, self.mark.column)?;
        }
        match (self.file.is_empty(), self.field.is_empty()) {
            (_, true) => Ok(()),
            (true, false) => write!(f, "`{}`", self.field),
            (false, false) => write!(f, ", `{}`", self.field),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headline = self.headline();
        if self.place.file.is_empty() { f.write_str(&headline) } else { write!(f, "{}: {headline}", self.place) }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.problem.source()
    }
}

fn hint(problem: &Problem) -> Option<String> {
    match problem {
        Problem::Load(error) => error.hint(),
        Problem::Absorb(AbsorbError::NothingThere { candidates, .. }) => Some(nothing_there(candidates)),
        Problem::Conflict(_) => Some(
            "remove one of them, or give one another name or namespace; none and `default` are the same namespace"
                .to_owned(),
        ),
        Problem::Kustomization(error) => error.hint(),
        Problem::Resource(error) => error.hint(),
        Problem::Transform(error) => error.hint(),
        Problem::Generate(error) => error.hint(),
        Problem::Tables(_) => Some("give both the same `create`, or remove one".to_owned()),
        Problem::Plugin(error) => error.hint(),
        Problem::Parse(_)
        | Problem::Decode(_)
        | Problem::Absorb(_)
        | Problem::Reference(_)
        | Problem::Provenance(_)
        | Problem::Sort(_)
        | Problem::Emit { .. } => None,
    }
}

fn nothing_there(candidates: &[String]) -> String {
    if candidates.is_empty() {
        "a generator with `merge` or `replace` needs a resource of that name and namespace below it".to_owned()
    } else {
        format!(
            "there is {}; name and namespace must be those it has before this kustomization changes them",
            candidates.join(", ")
        )
    }
}
