//! The order of the output. Owns the fixed order of kinds that kustomize calls legacy; must not change any resource.

use std::cmp::Ordering;
use std::collections::HashMap;

use krm::{Gvk, ResId};

use crate::draft::DraftSet;
use crate::kustomization::SortOptions;

/// The wanted order makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SortError {
    /// Neither of the two.
    #[error("`sortOptions.order` must be `legacy` or `fifo`, this is `{found}`")]
    Order {
        /// What it is.
        found: String,
    },
    /// Options of the legacy order with another order.
    #[error("`sortOptions.legacySortOptions` is set, but the order is `fifo`")]
    LegacyOptions,
}

impl SortError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Order { .. } => "`fifo` keeps the order in which resources are named, `legacy` sorts them by kind",
            Self::LegacyOptions => "remove `legacySortOptions`, or write `order: legacy`",
        }
    }
}

/// How the caller wants the output ordered where the kustomization does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reorder {
    /// The fixed order of kinds.
    #[default]
    Legacy,
    /// As it was read.
    None,
}

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Orders `set` as the kustomization says, else as the caller does.
///
/// # Errors
/// The kustomization's options make no sense.
pub fn sort(set: &mut DraftSet, options: Option<&SortOptions>, reorder: Reorder) -> Result<(), SortError> {
    let Some(options) = options else {
        if reorder == Reorder::Legacy {
            legacy(set, &FIRST, &LAST);
        }
        return Ok(());
    };
    match (options.order.as_str(), &options.legacy_sort_options) {
        ("fifo", None) => {}
        ("fifo", Some(_)) => return Err(SortError::LegacyOptions),
        ("legacy", None) => legacy(set, &FIRST, &LAST),
        ("legacy", Some(own)) => legacy(set, &own.order_first, &own.order_last),
        (found, _) => return Err(SortError::Order { found: found.to_owned() }),
    }
    Ok(())
}

fn legacy<S: AsRef<str>>(set: &mut DraftSet, first: &[S], last: &[S]) {
    let mut ranks: HashMap<&str, i64> = HashMap::new();
    let position = |index: usize| i64::try_from(index).expect("a list in memory is shorter than 2^63");
    for (index, kind) in first.iter().enumerate() {
        ranks.insert(kind.as_ref(), position(index) - position(first.len()));
    }
    for (index, kind) in last.iter().enumerate() {
        ranks.insert(kind.as_ref(), position(index) + 1);
    }
    let rank = |kind: &str| ranks.get(kind).copied().unwrap_or(0);
    let mut keyed: Vec<(i64, ResId, usize)> = set
        .iter()
        .map(|draft| (rank(draft.kind()), draft.id()))
        .enumerate()
        .map(|(index, (rank, id))| (rank, id, index))
        .collect();
    keyed.sort_by(|(rank_a, a, _), (rank_b, b, _)| rank_a.cmp(rank_b).then_with(|| compare(a, b)));
    let order: Vec<usize> = keyed.into_iter().map(|(.., index)| index).collect();
    set.reorder(&order);
}

fn compare(a: &ResId, b: &ResId) -> Ordering {
    if a.gvk != b.gvk {
        let order = type_text(&a.gvk).cmp(&type_text(&b.gvk));
        let namespaces = a.gvk.kind == "Namespace" && b.gvk.kind == "Namespace";
        let one_is_core = a.gvk.group.is_empty() || b.gvk.group.is_empty();
        // The core Namespace comes before those of other groups, against the order of texts.
        return if namespaces && one_is_core { order.reverse() } else { order };
    }
    name_text(a).cmp(&name_text(b))
}

/// The order in which kustomize walks what it knows about types: the fixed order of kinds, then by name.
pub fn by_type(a: &Gvk, b: &Gvk) -> Ordering {
    rank(&a.kind).cmp(&rank(&b.kind)).then_with(|| type_text(a).cmp(&type_text(b)))
}

/// Below zero for kinds that come first, above for those that come last.
fn rank(kind: &str) -> i64 {
    let place = |index: usize| i64::try_from(index).expect("the lists are short");
    let first = FIRST.iter().position(|known| *known == kind).map(|index| place(index) - place(FIRST.len()));
    let last = || LAST.iter().position(|known| *known == kind).map(|index| place(index) + 1);
    first.or_else(last).unwrap_or(0)
}

/// What stands for an absent group is greater than any group, so core kinds come last.
fn type_text(gvk: &Gvk) -> String {
    let or = |text: &str, absent: &str| if text.is_empty() { absent.to_owned() } else { text.to_owned() };
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

fn name_text(id: &ResId) -> String {
    let namespace = if id.namespace.is_empty() { "~X" } else { id.namespace.as_str() };
    let name = if id.name.is_empty() { "~N" } else { id.name.as_str() };
    format!("{namespace}|{name}")
}
