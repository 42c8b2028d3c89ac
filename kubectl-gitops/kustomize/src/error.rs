//! What can go wrong in a build: the problem, where it is, the directories that led there, and what to do about it.
//!
//! Each room has its own enum of problems; here they meet. Must not decide how an error is printed beyond
//! [`BuildError::report`], which every caller may use.

use std::error::Error as _;
use std::fmt::{self, Write as _};

use krm::yaml::{EmitError, ParseError};
use krm::{Mark, Node, Origin};

use crate::draft::{AbsorbError, Conflict};
use crate::generate::GenerateError;
use crate::helm::HelmError;
use crate::kustomization::{DecodeError, KustomizationError, locate};
use crate::load::{Around, LoadError};
use crate::plugin::PluginError;
use crate::provenance::ProvenanceError;
use crate::reference::ReferenceError;
use crate::resources::ResourceError;
use crate::schema::{SchemaError, UnknownVersion};
use crate::sort::SortError;
use crate::tables::{CrdError, TablesError};
use crate::transform::TransformError;
use crate::vars::VarsError;

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
    /// A chart cannot be rendered.
    #[error(transparent)]
    Helm(#[from] HelmError),
    /// A transformer cannot do what it is told.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// A file of `crds` is of no use.
    #[error(transparent)]
    Crd(#[from] CrdError),
    /// A user's schema is of no use.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A version of the built-in schema that there is not.
    #[error(transparent)]
    SchemaVersion(#[from] UnknownVersion),
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
    /// A var cannot be used.
    #[error(transparent)]
    Vars(#[from] VarsError),
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

    /// The same, with the line that its field has in `root`, which is what `file` holds.
    #[must_use]
    pub(crate) fn located(mut self, file: &str, root: &Node) -> Self {
        if self.0.place.file == file
            && let Some((field, mark)) = locate(root, &self.0.place.field)
        {
            self.0.place = Place { mark, field, ..std::mem::take(&mut self.0.place) };
        }
        self
    }

    /// What stands around a path that leads nowhere.
    pub fn around(&self) -> Option<&Around> {
        let error = match &self.problem {
            Problem::Load(error) | Problem::Generate(GenerateError::Load(error)) => Some(error),
            Problem::Transform(error) => error.not_loaded(),
            Problem::Plugin(error) => error.not_loaded(),
            _ => None,
        };
        error?.around()
    }

    /// What to do about it, where something can be said.
    pub fn hint(&self) -> Option<String> {
        match &self.problem {
            // kustomize writes the keys of generated data bare, whatever the user does.
            Problem::Emit { source: EmitError::KeyNotString { .. }, .. } if self.place.file.contains("Generator[") => {
                Some("choose another key: one that is generated cannot be quoted".to_owned())
            }
            problem => hint(problem),
        }
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
        let mut text = shown(&self.headline());
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
        if let Some(around) = self.around() {
            // Its own lines.
            let _infallible = write!(text, "\n  {around}");
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
    let _infallible = write!(text, "\n  {label}: {}", shown(content));
}

/// Names come from files, and files from strangers: what would steer a terminal is escaped, and a line of theirs cannot pass
/// for one of ours.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for sign in text.trim_end().chars() {
        match sign {
            '\n' => shown.push_str("\n    "),
            '\t' => shown.push(sign),
            _ if sign.is_control() => shown.extend(sign.escape_default()),
            _ => shown.push(sign),
        }
    }
    shown
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
        Problem::Absorb(error) => error.hint(),
        Problem::Conflict(conflict) => Some(conflict.hint().to_owned()),
        Problem::Kustomization(error) => error.hint(),
        Problem::Resource(error) => error.hint(),
        Problem::Transform(error) => error.hint(),
        Problem::Helm(error) => error.hint(),
        Problem::Generate(error) => error.hint(),
        Problem::Vars(error) => error.hint(),
        Problem::Crd(error) => error.hint(),
        Problem::Tables(_) => Some("give both the same `create`, or remove one".to_owned()),
        Problem::Plugin(error) => error.hint(),
        Problem::Provenance(_) => Some("remove that annotation: the build writes it".to_owned()),
        Problem::Parse(error) => error.problem.hint().map(str::to_owned),
        Problem::Decode(error) => error.hint(),
        Problem::Reference(error) => Some(error.problem.hint().to_owned()),
        Problem::Sort(error) => Some(error.hint().to_owned()),
        Problem::Emit { source, .. } => source.hint().map(str::to_owned),
        Problem::Schema(_) => {
            Some("`openapi.path` takes a Swagger document, as `kubectl get --raw /openapi/v2` prints it".to_owned())
        }
        Problem::SchemaVersion(_) => Some("remove it, or name a file of your own with `path`".to_owned()),
    }
}
