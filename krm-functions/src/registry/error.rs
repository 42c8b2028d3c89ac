//! Why a `functionConfig` configures nothing. No message holds a value of the configuration.

use super::{FUNCTION_ANNOTATION, GROUP};
use crate::schema::Problem;

/// A `functionConfig` that means no function, or not what the function understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Neither a name nor a functionConfig.
    #[error("no function is named: give its name or a functionConfig; there are {known}")]
    Unnamed {
        /// The names that exist.
        known: String,
    },
    /// A ConfigMap that does not say which function it configures.
    #[error(
        "a ConfigMap as functionConfig does not say which function it configures: name the function as an argument, or in the \
         ConfigMap's annotation `{FUNCTION_ANNOTATION}`; there are {known}"
    )]
    ConfigMapUnnamed {
        /// The names that exist.
        known: String,
    },
    /// A name that no function has.
    #[error("there is no function `{name}`; there are {known}")]
    UnknownName {
        /// The name.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A kind that no function has.
    #[error("no function has a functionConfig of kind `{kind}` in `{api_version}`; the kinds of {GROUP} are {known}")]
    UnknownKind {
        /// `kind`
        kind: String,
        /// `apiVersion`
        api_version: String,
        /// The kinds that exist.
        known: String,
    },
    /// The function was named, and the functionConfig is that of something else.
    #[error("{name} is configured by a {kind} of {GROUP} or by a ConfigMap, the functionConfig is {found}")]
    OtherKind {
        /// Name of the function.
        name: &'static str,
        /// Kind of its functionConfig.
        kind: &'static str,
        /// What came.
        found: String,
    },
    /// Something that the schema does not say.
    #[error("the functionConfig of {kind} is not usable: {problem}")]
    Invalid {
        /// Kind of the functionConfig.
        kind: &'static str,
        /// The field's path and what is wrong with it.
        problem: String,
    },
    /// Unknown fields, values of another type, missing values: all of them.
    #[error("the functionConfig of {kind} is not usable: {}", joined(problems))]
    Problems {
        /// Kind of the functionConfig.
        kind: &'static str,
        /// Everything that is wrong.
        problems: Vec<Problem>,
    },
}

impl ConfigError {
    /// Everything that is wrong, each with the path of its field where one is to blame.
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Problems { problems, .. } => problems.clone(),
            other => vec![Problem::new("", other.to_string())],
        }
    }
}

fn joined(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
