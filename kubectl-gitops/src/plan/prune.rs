//! What to do with an object that is not desired. Owns that decision and the guards of single objects; must not know waves.

use krm::ObjectKey;

use super::action::{Deed, Verdict};
use super::apply::Context;
use super::live::Live;
use super::observed::{Foreign, Observed};
use super::owner::{self, Standing};
use super::reason::Reason;
use super::wishes::{self, OnLeave};
use crate::inventory::Entry;

/// Objects listed in one message.
const FOUND_MAX: usize = 3;

const fn verdict(deed: Deed, reason: Reason) -> Verdict {
    Verdict { deed, reason }
}

/// Decides about one key that is not desired. Without an entry it is a stray: listed with our marks, unknown to the root.
pub(super) fn decide(key: &ObjectKey, entry: Option<&Entry>, observed: &Observed, context: Context<'_>) -> Verdict {
    match observed {
        Observed::Absent => verdict(Deed::Forget, Reason::Gone),
        Observed::NotServed if context.observation.kinds_gone.contains(&key.group_kind()) => {
            verdict(Deed::Forget, Reason::KindGone)
        }
        Observed::NotServed => verdict(Deed::Keep, Reason::KindNotServed),
        Observed::Unreadable { reason } => verdict(Deed::Keep, Reason::Unreadable { why: reason.clone() }),
        Observed::Present(live) => present(key, entry, live, context),
    }
}

fn present(key: &ObjectKey, entry: Option<&Entry>, live: &Live, context: Context<'_>) -> Verdict {
    if owner::is_inventory(key, Some(live), context.inventory) {
        return verdict(Deed::Keep, Reason::Inventory);
    }
    if let Some(reason) = not_ours(entry, live, context) {
        return reason;
    }
    let wish = wishes::on_leave(live);
    match wish {
        OnLeave::Detach(annotation) => return verdict(detach(live), Reason::Disowned { annotation }),
        // Nothing is left to remember it when the set itself goes.
        OnLeave::Keep(annotation) if context.policy.delete_all => {
            return verdict(detach(live), Reason::Disowned { annotation });
        }
        OnLeave::Keep(annotation) => return verdict(Deed::Keep, Reason::Protected { annotation }),
        OnLeave::Prune | OnLeave::PruneAnyway => {}
    }
    if context.inventory.rebuilt && !context.policy.delete_all {
        return verdict(Deed::Keep, Reason::Rebuilt);
    }
    if !context.policy.prune && !context.policy.delete_all {
        return verdict(Deed::Keep, Reason::PruneOff);
    }
    if let Some(reason) = guard(key, wish == OnLeave::PruneAnyway, context) {
        return verdict(Deed::Keep, reason);
    }
    let reason = match entry {
        _ if context.policy.delete_all => Reason::SetDeleted,
        Some(_) => Reason::LeftSet,
        None => Reason::Stray,
    };
    let deed = Deed::Prune {
        uid: live.uid().to_owned(),
        resource_version: live.resource_version().to_owned(),
        terminating: live.deletion_timestamp().is_some(),
    };
    verdict(deed, reason)
}

fn detach(live: &Live) -> Deed {
    Deed::Detach { uid: live.uid().to_owned(), resource_version: live.resource_version().to_owned() }
}

/// Is it somebody else's now? Then it is forgotten, never deleted.
fn not_ours(entry: Option<&Entry>, live: &Live, context: Context<'_>) -> Option<Verdict> {
    let forget = |reason: Reason| Some(verdict(Deed::Forget, reason));
    match owner::standing(live, entry, context.inventory, context.observation) {
        Standing::Ours => {}
        Standing::OtherInventory { owner, .. } => return forget(Reason::OwnedElsewhere { owner }),
        Standing::Unmarked | Standing::Free => return forget(Reason::Released),
        Standing::Foreign(reason @ Reason::ControllerOwned { .. }) => return forget(reason),
        // K3s applies it again at its next start; our entry is no reason to fight.
        Standing::Foreign(Reason::K3sAddon { addon }) => {
            return forget(Reason::OwnedElsewhere { owner: format!("K3s addon {addon}") });
        }
        Standing::Foreign(reason) => return forget(Reason::OwnedElsewhere { owner: reason.to_string() }),
    }
    // Our annotation alone can be copied, with a backup or by hand. Another uid than ours is ours only if our own apply made
    // it (an interrupted run that recreated the object).
    let other_uid = entry.is_some_and(|entry| entry.uid.as_deref().is_some_and(|uid| uid != live.uid()));
    if other_uid && live.our_fields().is_none() {
        return forget(Reason::Replaced);
    }
    None
}

/// Objects whose deletion destroys more than themselves.
fn guard(key: &ObjectKey, consented: bool, context: Context<'_>) -> Option<Reason> {
    let allow = &context.policy.allow;
    match (key.group.as_str(), key.kind.as_str()) {
        ("", "Namespace") if is_system_namespace(&key.name) => Some(Reason::SystemNamespace),
        ("", "Namespace") if !allow.namespaces && !consented => {
            foreign(context.observation.foreign_content.get(key)).map(|found| Reason::NamespaceInUse { found })
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") if !allow.crds && !consented => {
            foreign(context.observation.foreign_instances.get(key)).map(|found| Reason::DefinitionInUse { found })
        }
        ("", "PersistentVolumeClaim" | "PersistentVolume") if !allow.volumes && !consented => Some(Reason::Volume),
        _ => None,
    }
}

/// Namespaces that the cluster itself lives in.
pub(super) fn is_system_namespace(name: &str) -> bool {
    name == "default" || name.starts_with("kube-")
}

/// What stands in the way, in words. What was not searched does.
fn foreign(foreign: Option<&Foreign>) -> Option<String> {
    match foreign {
        Some(Foreign::None) => None,
        Some(Foreign::Some(keys)) => Some(list(keys)),
        Some(Foreign::Unknown { reason }) => Some(format!("what could not be searched: {reason}")),
        None => Some("what was not searched".to_owned()),
    }
}

/// A few names and how many more.
pub(super) fn list(keys: &[ObjectKey]) -> String {
    let mut names: Vec<String> = keys.iter().take(FOUND_MAX).map(ObjectKey::short).collect();
    if keys.len() > FOUND_MAX {
        names.push(format!("{} more", keys.len() - FOUND_MAX));
    }
    names.join(", ")
}
