//! Second looks, when the cluster moved between planning and writing. Owns the decisions that the executor asks for after a
//! 409, a 422 or the arrival of a kind; must not count attempts.

use krm::ObjectKey;

use super::action::{Action, Deed, Verdict};
use super::apply::{self, Context, Set};
use super::desired::Desired;
use std::sync::Arc;

use super::live::Live;
use super::observed::{Observation, Observed};
use super::policy::Policy;
use super::reason::Reason;
use super::{conflict, prune};
use crate::inventory::Inventory;

/// Decides about a desired object again, from what a GET just answered: after a 409 (somebody created, changed or replaced
/// it), and for [`Deed::ApplyBlind`] once its kind is served.
///
/// The answer is never [`Deed::Unchanged`] by digest alone after a lost reply: our own request may be the change.
pub fn recheck(action: &Action, now: &Observed, inventory: &Inventory, policy: &Policy) -> Verdict {
    let Some(desired) = desired_again(action) else { return leave(action) };
    let (set, observation) = (Set::default(), sight(&action.key, now));
    let context = Context { inventory, observation: &observation, policy, set: &set };
    apply::decide(&desired, context).verdict
}

/// After a 409 that names field managers: decide again, now knowing that an unforced apply does not pass. `fields` are the
/// fields the server named.
pub fn on_conflict(
    action: &Action,
    now: &Observed,
    fields: &[String],
    inventory: &Inventory,
    policy: &Policy,
) -> Verdict {
    let mut verdict = recheck(action, now, inventory, policy);
    let (Deed::Update { force, .. }, Some(live)) = (&mut verdict.deed, now.live()) else { return verdict };
    if *force || policy.force_conflicts {
        *force = true;
        return verdict;
    }
    // The prediction saw nothing, the server did. Without knowing whose field it is, any other applier is asked first.
    let others = live.managers();
    let applier = others.iter().find(|m| !m.is_ours() && m.subresource != "status" && !conflict::is_drift(m));
    if let Some(manager) = applier {
        return apply::refuse(Reason::Conflict { manager: manager.name.to_owned(), fields: fields.to_vec() });
    }
    *force = true;
    verdict
}

/// After a 422 whose causes say that a field is immutable.
pub fn on_immutable(action: &Action, live: &Live, field: &str) -> Verdict {
    let manifest = action.body.as_ref().map_or_else(Arc::default, |body| body.manifest.open());
    apply::on_immutable(&action.key, &manifest, live, field.to_owned())
}

/// Decides about a deletion again, from what a GET just answered. What stands in a namespace or is of a definition was judged
/// by the plan and is not judged again: only whose the object is, and what it says of itself.
pub fn prune_recheck(action: &Action, now: &Observed, inventory: &Inventory, policy: &Policy) -> Verdict {
    let mut policy = policy.clone();
    if matches!(action.deed, Deed::Prune { .. }) {
        policy.allow.namespaces = true;
        policy.allow.crds = true;
        policy.allow.volumes = true;
    }
    let (set, observation) = (Set::default(), sight(&action.key, now));
    let context = Context { inventory, observation: &observation, policy: &policy, set: &set };
    let verdict = prune::decide(&action.key, inventory.entries.get(&action.key), now, context);
    match (&verdict.deed, &action.seen) {
        // The plan judged one object, and only that one goes. Another one that is ours as well stays a member: the next run
        // judges it.
        (Deed::Prune { uid, .. } | Deed::Detach { uid, .. }, Some(seen)) if seen.uid != *uid => {
            Verdict { deed: Deed::Keep, reason: Reason::Stray }
        }
        _ => verdict,
    }
}

fn desired_again(action: &Action) -> Option<Desired> {
    let body = action.body.as_ref()?;
    Some(Desired {
        key: action.key.clone(),
        gvk: body.gvk.clone(),
        manifest: body.manifest.clone(),
        origin: body.origin.clone(),
    })
}

fn leave(action: &Action) -> Verdict {
    Verdict { deed: action.deed.clone(), reason: action.reason.clone() }
}

fn sight(key: &ObjectKey, now: &Observed) -> Observation {
    Observation { objects: [(key.clone(), now.clone())].into(), ..Observation::default() }
}
