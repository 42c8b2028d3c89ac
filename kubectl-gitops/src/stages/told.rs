//! What the stages did, as data. Never holds a value of a Secret: findings do not.

use std::path::PathBuf;

use krm::{ObjectKey, Origin};
use krm_functions::{ContentHash, Finding, Severity};

use crate::source::FunctionRun;

/// What all stages did.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The functions that ran while it was built, in order.
    pub functions: Vec<FunctionRun>,
    /// The directory that was built.
    pub root: Option<PathBuf>,
    /// The stages that ran, in order.
    pub stages: Vec<StageTold>,
    /// Those of them that take hashes of contents, as they were configured.
    pub hashes: Vec<ContentHash>,
    /// The objects that came out, in the order of the output.
    pub objects: Vec<(ObjectKey, Origin)>,
}

/// What one stage did.
#[derive(Debug, Clone)]
pub struct StageTold {
    /// As on the command line of `krm-functions`: `content-hash`.
    pub name: &'static str,
    /// By whose configuration it ran.
    pub by: String,
    /// What it did and saw.
    pub findings: Vec<Finding>,
}

impl Told {
    /// What somebody should look at.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let findings = self.stages.iter().flat_map(|stage| &stage.findings);
        findings.filter(|finding| finding.severity != Severity::Info).map(sentence)
    }
}

/// `Secret/shop/db: data.password: …`
pub(super) fn sentence(finding: &Finding) -> String {
    match (finding.object.kind.is_empty(), finding.field.is_empty()) {
        (true, _) => finding.message.clone(),
        (false, true) => format!("{}: {}", finding.object, finding.message),
        (false, false) => format!("{}: {}: {}", finding.object, finding.field, finding.message),
    }
}
