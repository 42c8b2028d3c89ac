//! Why a var cannot be used.

use crate::fieldpath::PathError;
use crate::fieldspec::FieldError;

/// A var, or a field that holds one, is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum VarsError {
    /// Two have one name.
    #[error("var `{name}` is declared twice: {}", Both(first, second))]
    Twice {
        /// The name.
        name: String,
        /// Where it is declared first.
        first: String,
        /// Where it is declared again.
        second: String,
    },
    /// Its path cannot be read.
    #[error("`{path}`, which var `{name}` reads, is no path of a field")]
    Path {
        /// Its name.
        name: String,
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: PathError,
    },
    /// Several resources are meant.
    #[error("var `{name}` reads from `{object}`, which could be {}", matches.join(" or "))]
    Ambiguous {
        /// Its name.
        name: String,
        /// What it reads from.
        object: String,
        /// What that could be.
        matches: Vec<String>,
    },
    /// No resource is meant.
    #[error(
        "var `{name}` reads from `{object}` of {api_version}, which no resource is called where the var is declared"
    )]
    NoObject {
        /// Its name.
        name: String,
        /// What it reads from.
        object: String,
        /// And its type.
        api_version: String,
        /// What it may have meant.
        candidates: Vec<String>,
    },
    /// The field is not there.
    #[error("var `{name}` cannot read `{path}` of `{id}`")]
    NoField {
        /// Its name.
        name: String,
        /// The resource.
        id: String,
        /// The path.
        path: String,
        /// Why.
        #[source]
        source: PathError,
    },
    /// The field holds a number or a boolean that kustomize does not read.
    #[error("var `{name}` cannot read `{path}` of `{id}`, which is not {expected}")]
    NotReadable {
        /// Its name.
        name: String,
        /// The resource.
        id: String,
        /// The path.
        path: String,
        /// What it should be.
        expected: &'static str,
    },
    /// Values of values.
    #[error("the vars put more than {megabytes} MB into the resources, the last of them into `{id}`")]
    TooLarge {
        /// The resource.
        id: String,
        /// The limit.
        megabytes: usize,
    },
    /// A field in which vars are replaced holds something else than texts.
    #[error("cannot replace vars in `{id}`")]
    Field {
        /// The resource.
        id: String,
        /// Which field, and why.
        #[source]
        source: FieldError,
    },
}

struct Both<'a>(&'a str, &'a str);

impl std::fmt::Display for Both<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(first, second) = self;
        if first == second { write!(f, "{first} comes in two ways") } else { write!(f, "{first}, and {second}") }
    }
}

impl VarsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Twice { .. } => Some("declare it once, in a kustomization that all who use it come from".to_owned()),
            Self::Ambiguous { .. } => Some("add a `namespace` to `objref`".to_owned()),
            Self::NoObject { candidates, .. } if !candidates.is_empty() => Some(format!(
                "in the whole build there is {}; `apiVersion`, `kind` and `name` must be equal to those in its file",
                candidates.join(", ")
            )),
            Self::NoObject { .. } => {
                Some("`objref` names a resource of this kustomization or one below, by the name in its file".to_owned())
            }
            Self::NotReadable { .. } => Some("write it in decimal digits, or as a text in quotes".to_owned()),
            Self::TooLarge { .. } => Some("put the text into a ConfigMap, and name that where it is needed".to_owned()),
            Self::Path { .. } | Self::NoField { .. } | Self::Field { .. } => None,
        }
    }
}
