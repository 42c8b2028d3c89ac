//! What `diff` was asked to do besides planning.

/// How differences are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffSettings {
    /// The program of KUBECTL_EXTERNAL_DIFF with its arguments; none where a form was asked for.
    pub external: Option<String>,
    /// `--against`: a commit in place of the cluster.
    pub against: Option<String>,
}
