//! `replicas`. Owns finding the workload by any name it ever had.

use krm::{Node, Scalar, Tag};

use super::{TransformError, selects};
use crate::draft::{Draft, DraftSet};
use crate::fieldspec::{Create, Spec, apply, set_scalar};
use crate::kustomization::Replica;

/// Nothing of that name has replicas.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {} is called `{name}`", kinds.join(", "))]
pub struct NoWorkload {
    /// The name.
    pub name: String,
    /// The kinds that have replicas.
    pub kinds: Vec<String>,
    /// What there is of these kinds.
    pub candidates: Vec<String>,
}

impl NoWorkload {
    pub(super) fn hint(&self) -> Option<String> {
        (!self.candidates.is_empty()).then(|| format!("there is {}", self.candidates.join(", ")))
    }
}

/// Sets the replica count of a workload.
///
/// # Errors
/// There is no such workload, or what should be its replica count is a list or a map.
pub fn set(drafts: &mut DraftSet, replica: &Replica, specs: &[Spec]) -> Result<(), TransformError> {
    let mut found = false;
    for spec in specs {
        for draft in drafts.iter_mut().filter(|draft| is_meant(draft, &replica.name, spec)) {
            found = true;
            if selects(spec, draft) {
                let count = || Scalar::new(replica.count.to_string(), Tag::Int);
                apply(spec, Create::Scalar(Tag::Int), &mut draft.node, &mut |at: &mut Node| {
                    set_scalar(at, count()).map(drop)
                })
                .map_err(|source| TransformError::Field { id: draft.id().to_string(), source })?;
            }
        }
    }
    if found { Ok(()) } else { Err(missing(drafts, replica, specs).into()) }
}

fn is_meant(draft: &Draft, name: &str, spec: &Spec) -> bool {
    let matches = |id: krm::ResId| id.name == name && spec.selects(&id.gvk.group, &id.gvk.version, &id.gvk.kind);
    let ever_called = draft.name() == name || draft.history().iter().any(|former| former.name == name);
    !draft.is_empty() && ever_called && (draft.former_ids().any(matches) || matches(draft.id()))
}

fn missing(drafts: &DraftSet, replica: &Replica, specs: &[Spec]) -> NoWorkload {
    let of_kind = drafts.iter().filter(|draft| specs.iter().any(|spec| selects(spec, draft)));
    NoWorkload {
        name: replica.name.clone(),
        kinds: specs.iter().map(|spec| spec.kind().to_owned()).collect(),
        candidates: of_kind.take(CANDIDATES_MAX).map(|draft| format!("{} `{}`", draft.kind(), draft.name())).collect(),
    }
}

/// More than these help nobody.
const CANDIDATES_MAX: usize = 5;
