//! The laws of a plan as code. Owns [`check`], which runs on every plan, in tests and in release.

use std::collections::{BTreeMap, BTreeSet};

use krm::ObjectKey;

use super::action::{Deed, Plan};
use super::desired::Desired;
use super::policy::Policy;
use crate::inventory::Inventory;

/// A broken law. Never seen by users unless we have a bug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// P1
    #[error("P1: {key} has {count} actions instead of one")]
    NotOneAction {
        /// The key.
        key: ObjectKey,
        /// Its actions.
        count: usize,
    },
    /// P1: a key that is neither desired nor a member nor a stray.
    #[error("P1: {key} has an action and is nobody's")]
    Uncalled {
        /// The key.
        key: ObjectKey,
    },
    /// P2
    #[error("P2: {key} is desired and would be deleted")]
    PrunesDesired {
        /// The key.
        key: ObjectKey,
    },
    /// P3
    #[error("P3: {key} would be deleted without proof of ownership")]
    PrunesForeign {
        /// The key.
        key: ObjectKey,
    },
    /// P3: a write without what it needs.
    #[error("P3: {key} would be written without a uid, a resourceVersion or a body")]
    Unguarded {
        /// The key.
        key: ObjectKey,
    },
    /// P4: waves and actions disagree.
    #[error("P4: {key} is not in exactly one wave of its kind")]
    Misplaced {
        /// The key.
        key: ObjectKey,
    },
    /// P4: something runs before what it depends on.
    #[error("P4: {key} comes before what it depends on")]
    TooEarly {
        /// The key.
        key: ObjectKey,
    },
    /// P6
    #[error("P6: an empty set would empty the inventory")]
    Empties,
}

/// Checks P1 to P4 and P6. (P5, same inputs same plan, is a property over two plans: a test.)
pub fn check(plan: &Plan, desired: &[Desired], inventory: &Inventory, policy: &Policy) -> Result<(), Violation> {
    let wanted: BTreeSet<&ObjectKey> = desired.iter().map(|object| &object.key).collect();
    one_action_each(plan, &wanted, inventory)?;
    writes_are_guarded(plan, &wanted)?;
    waves_hold_everything(plan)?;
    let refuses = plan.refusal.is_some() || policy.delete_all || policy.allow.empty;
    if desired.is_empty() && !inventory.entries.is_empty() && !refuses {
        return Err(Violation::Empties);
    }
    Ok(())
}

fn one_action_each(plan: &Plan, wanted: &BTreeSet<&ObjectKey>, inventory: &Inventory) -> Result<(), Violation> {
    let mut counts: BTreeMap<&ObjectKey, usize> = BTreeMap::new();
    for action in &plan.actions {
        *counts.entry(&action.key).or_default() += 1;
    }
    for key in wanted.iter().copied().chain(inventory.entries.keys()) {
        let count = counts.get(key).copied().unwrap_or(0);
        if count != 1 {
            return Err(Violation::NotOneAction { key: key.clone(), count });
        }
    }
    let stray: BTreeSet<&ObjectKey> =
        plan.strays.iter().filter_map(|&index| plan.actions.get(index)).map(|action| &action.key).collect();
    for (key, count) in counts {
        if count != 1 {
            return Err(Violation::NotOneAction { key: key.clone(), count });
        }
        if !wanted.contains(key) && !inventory.entries.contains_key(key) && !stray.contains(key) {
            return Err(Violation::Uncalled { key: key.clone() });
        }
    }
    Ok(())
}

fn writes_are_guarded(plan: &Plan, wanted: &BTreeSet<&ObjectKey>) -> Result<(), Violation> {
    for action in &plan.actions {
        let key = || action.key.clone();
        let (uid, resource_version) = match &action.deed {
            Deed::Update { uid, resource_version, .. }
            | Deed::Recreate { uid, resource_version, .. }
            | Deed::Prune { uid, resource_version, .. }
            | Deed::Detach { uid, resource_version } => (uid.as_str(), resource_version.as_str()),
            Deed::Create | Deed::ApplyBlind | Deed::Unchanged | Deed::Forget | Deed::Keep | Deed::Refuse => ("-", "-"),
        };
        let applies_without_body = action.deed.applies() && action.body.is_none();
        if uid.is_empty() || resource_version.is_empty() || applies_without_body {
            return Err(Violation::Unguarded { key: key() });
        }
        if matches!(action.deed, Deed::Prune { .. } | Deed::Detach { .. }) {
            if wanted.contains(&action.key) {
                return Err(Violation::PrunesDesired { key: key() });
            }
            if !action.seen.as_ref().is_some_and(|seen| seen.ours && seen.uid == uid) {
                return Err(Violation::PrunesForeign { key: key() });
            }
        }
    }
    Ok(())
}

fn waves_hold_everything(plan: &Plan) -> Result<(), Violation> {
    let mut levels: Vec<Option<usize>> = vec![None; plan.actions.len()];
    let mut pruned: Vec<usize> = vec![0; plan.actions.len()];
    for (number, wave) in plan.waves.iter().enumerate() {
        for &index in &wave.actions {
            if levels[index].replace(number).is_some() {
                return Err(Violation::Misplaced { key: plan.actions[index].key.clone() });
            }
        }
    }
    for &index in plan.prunes.iter().flat_map(|wave| &wave.actions) {
        pruned[index] += 1;
    }
    for (index, action) in plan.actions.iter().enumerate() {
        let prunes = matches!(action.deed, Deed::Prune { .. } | Deed::Detach { .. });
        if action.deed.applies() != levels[index].is_some() || pruned[index] != usize::from(prunes) {
            return Err(Violation::Misplaced { key: action.key.clone() });
        }
        let too_early = |&dependency: &usize| match (levels[index], levels.get(dependency)) {
            (Some(own), Some(Some(other))) => *other >= own,
            (_, None) => true,
            (None, Some(_)) | (Some(_), Some(None)) => false,
        };
        if action.after.iter().any(too_early) && plan.refusal.is_none() {
            return Err(Violation::TooEarly { key: action.key.clone() });
        }
    }
    Ok(())
}
