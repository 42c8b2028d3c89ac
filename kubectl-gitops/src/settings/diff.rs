//! What `diff` and `apply` were asked to do besides planning.

use std::path::PathBuf;

/// How differences are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffSettings {
    /// The program of KUBECTL_EXTERNAL_DIFF with its arguments; none where a form was asked for.
    pub external: Option<String>,
    /// `--unified`: as `diff -u` has it.
    pub unified: bool,
    /// `--against`: a commit in place of the cluster.
    pub against: Option<String>,
}

/// Plans that are kept until they are applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanFiles {
    /// `--plan-out`: write it there, and nothing to the cluster.
    pub out: Option<PathBuf>,
    /// `--plan`: do what it says, or nothing.
    pub carry_out: Option<PathBuf>,
}
