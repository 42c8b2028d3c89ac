//! Why a function cannot be run, or what is wrong with what it did.

use krm::ResId;
use krm::yaml::{EmitError, ParseError};

use crate::draft::Conflict;
use crate::kustomization::DecodeError;
use crate::load::LoadError;
use crate::outside::{Ending, ProcessError};
use crate::resources::ResourceError;

/// A function cannot be run, or did something wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FunctionError {
    /// The annotation is no YAML.
    #[error("`{field}` is not YAML")]
    SpecificationText {
        /// The annotation.
        field: &'static str,
        /// Why.
        #[source]
        source: ParseError,
    },
    /// The annotation says something unknown.
    #[error("`{field}` does not specify a function")]
    Specification {
        /// The annotation.
        field: &'static str,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// A mount is not allowed.
    #[error("it must not mount `{path}`: {why}")]
    Mount {
        /// As written.
        path: String,
        /// Why not.
        why: &'static str,
    },
    /// It wants the network.
    #[error("it needs the network, which is not enabled")]
    NetworkNotEnabled,
    /// The kustomization is the whole machine.
    #[error("no function is run in `/`")]
    RootDirectory,
    /// What it would work on cannot be written.
    #[error("cannot write `{id}` for a function")]
    Write {
        /// The object.
        id: ResId,
        /// Why.
        #[source]
        source: EmitError,
    },
    /// Its process could not be run.
    #[error("cannot run the function")]
    Run(#[from] ProcessError),
    /// It failed.
    #[error("the function ended with {ending}{}", Said(said))]
    Failed {
        /// How its process ended.
        ending: Ending,
        /// The end of what it wrote to standard error.
        said: String,
    },
    /// What it wrote is no YAML, or no UTF-8.
    #[error("the function's answer cannot be used")]
    Reply(#[from] ReplyProblem),
    /// What a plugin wants to read as its arguments.
    #[error("cannot read its arguments")]
    Arguments(#[from] ArgumentsProblem),
    /// It has no function, and no program of its kind is installed.
    #[error("it names no function, and no plugin `{path}` is installed")]
    NoPlugin {
        /// Where it would be.
        path: String,
    },
}

/// What is wrong with what a function wrote.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplyProblem {
    /// It is no text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// It is no YAML.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// An item is no map, or `items` is no list.
    #[error("{what} must be {expected}, this is {found}")]
    Shape {
        /// What.
        what: String,
        /// What belongs there.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A field became something else.
    #[error("`{field}` of `{id}` was {was} and came back as {is}")]
    Became {
        /// The object as it went.
        id: ResId,
        /// The field.
        field: String,
        /// What it was.
        was: &'static str,
        /// What it is.
        is: &'static str,
    },
    /// The two names of one annotation disagree.
    #[error("the old and the new annotation for an item's {what} disagree")]
    Mismatch {
        /// `path`, `index` or `id`.
        what: &'static str,
    },
    /// An item is no resource.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// Two items are one.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// An item cannot be written.
    #[error(transparent)]
    Write(#[from] EmitError),
    /// An annotation that should say yes or no.
    #[error("the annotation `{annotation}` must be true or false, this is `{found}`")]
    NotABoolean {
        /// Its name.
        annotation: &'static str,
        /// What it says.
        found: String,
    },
}

/// What is wrong with a plugin's arguments.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ArgumentsProblem {
    /// A quote has no end.
    #[error("a quote in `argsOneLiner` is not closed")]
    OpenQuote,
    /// A field is no text.
    #[error("`{field}` must be a string, this is {found}")]
    NotAString {
        /// The field.
        field: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

struct Said<'a>(&'a str);

impl std::fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {}", self.0) }
    }
}

impl FunctionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NetworkNotEnabled => "build with `--network`",
            Self::Run(ProcessError::NoContainerRuntime) => {
                "install one of them, or use the function as a program (`exec`) with `--enable-exec`"
            }
            Self::Run(ProcessError::NoProgram { .. }) => {
                "a path with a slash starts at the kustomization's directory; a name alone is looked up on the PATH"
            }
            Self::NoPlugin { .. } => "a function is named in the annotation `config.kubernetes.io/function`",
            _ => return None,
        };
        Some(text.to_owned())
    }
}
