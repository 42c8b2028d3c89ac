//! Why a chart cannot be rendered.

use krm::yaml::{EmitError, ParseError};

use crate::load::LoadError;
use crate::merge::MergeError;
use crate::outside::{Ending, ProcessError};
use crate::resources::ResourceError;

/// A chart cannot be rendered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HelmError {
    /// It is not enabled.
    #[error("charts are rendered by helm, which is not enabled")]
    NotEnabled,
    /// No program to run.
    #[error("the command to run helm is empty")]
    NoCommand,
    /// A chart without a name.
    #[error("the chart has no `name`")]
    NoName,
    /// A word that is none of those that `valuesMerge` knows.
    #[error("`valuesMerge` must be merge, override or replace, this is `{found}`")]
    ValuesMerge {
        /// What it is.
        found: String,
    },
    /// A name that is also a path.
    #[error("the name `{name}` of the chart holds a slash")]
    NameWithSlash {
        /// The name.
        name: String,
    },
    /// A file of values cannot be read.
    #[error("cannot read the values for the chart `{chart}`")]
    Values {
        /// The chart.
        chart: String,
        /// Why.
        #[source]
        source: LoadError,
    },
    /// Nothing is in a file of values that others are merged with.
    #[error("the values file of the chart `{chart}` is empty, so `valuesInline` cannot be merged with it")]
    NoValues {
        /// The chart.
        chart: String,
    },
    /// A file of values is no YAML.
    #[error("the values for the chart `{chart}` are not YAML")]
    ValuesText {
        /// The chart.
        chart: String,
        /// Why.
        #[source]
        source: ParseError,
    },
    /// The two kinds of values do not fit.
    #[error("`valuesInline` does not fit the values file of the chart `{chart}`")]
    Merge {
        /// The chart.
        chart: String,
        /// Why.
        #[source]
        source: MergeError,
    },
    /// Values that cannot be written.
    #[error("cannot write the values for the chart `{chart}`")]
    Write {
        /// The chart.
        chart: String,
        /// Why.
        #[source]
        source: EmitError,
    },
    /// It is not here, and nothing says where it is.
    #[error("there is no chart at `{path}`, and no `repo` to pull it from")]
    NoChart {
        /// Where it was looked for.
        path: String,
    },
    /// helm could not be run.
    #[error("cannot run helm")]
    Run(#[from] ProcessError),
    /// helm failed.
    #[error("`{command}` ended with {ending}{}", Said(said))]
    Failed {
        /// `helm template`
        command: String,
        /// How.
        ending: Ending,
        /// What it said.
        said: String,
    },
    /// A helm of another time.
    #[error("helm 3 or 4 is needed, `{command}` says `{found}`")]
    Version {
        /// The command.
        command: String,
        /// What it says.
        found: String,
    },
    /// What helm printed are no resources.
    #[error("what helm makes of the chart `{chart}` cannot be used")]
    Output {
        /// The chart.
        chart: String,
        /// Why.
        #[source]
        source: ResourceError,
    },
    /// What helm printed is no text.
    #[error("what helm makes of the chart `{chart}` is not UTF-8 text")]
    NotText {
        /// The chart.
        chart: String,
    },
}

struct Said<'a>(&'a str);

impl std::fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {}", self.0) }
    }
}

impl HelmError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotEnabled => {
                "build with `--enable-helm`, or render the chart with `helm template` and name the file in `resources`"
            }
            Self::NoCommand => "give one with `--helm-command`",
            Self::Run(ProcessError::NoProgram { .. }) => {
                "install helm 3 or 4, or say where it is with `--helm-command`"
            }
            Self::NoValues { .. } => "write `{}` into it, or use `valuesMerge: replace`",
            Self::NoChart { .. } => {
                "charts lie in `charts/NAME` beside the kustomization, or where `helmGlobals.chartHome` says"
            }
            Self::NameWithSlash { .. } => "say where the chart lies with `helmGlobals.chartHome`",
            Self::Failed { command, .. } if command.ends_with(" pull") => {
                "a chart that is not in the chart home is pulled from its repo; pull it once and commit it to build without a network"
            }
            Self::Values { source: LoadError::OutsideRoot { .. }, .. } => {
                "move the chart into the kustomization's directory, or build with `--load-restrictor LoadRestrictionsNone`"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}
