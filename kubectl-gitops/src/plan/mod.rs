//! What is to be done, decided before anything is written. Owns [`plan`] and every decision in it. Pure: desired objects,
//! the inventory, one observation and the policy in; a [`Plan`] out. Must not know a client, files, clocks or terminals.

mod action;
pub mod adopt;
mod apply;
mod assemble;
mod check;
mod conflict;
mod content;
mod depends;
mod desired;
pub mod diff;
mod drift;
mod expect;
mod identity;
mod ignored;
mod immutable;
mod live;
mod manifest;
mod mask;
mod needs;
mod observed;
mod order;
mod owner;
mod path;
mod policy;
mod prune;
mod reason;
mod recheck;
mod restart;
pub mod scope;
mod secret;
mod unchanged;
mod values;
mod wishes;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use krm::{ObjectKey, Text};

pub use action::{Action, Body, Counts, Deed, Plan, Seen, Verdict, Wave};
pub use apply::goes_by_itself;
pub use assemble::scale_target;
pub use check::{Violation, check};
pub use content::is_config;
pub use desired::{Desired, is_secret};
pub use diff::{Change, Diff, Drift};
pub use drift::drift;
pub use expect::expected;
pub use immutable::{changed as changed_immutable, may_be_recreated};
pub use live::{Live, Manager, NotStored};
pub use manifest::Manifest;
pub use mask::{Shown, masked_pair, presentable};
pub use needs::{Needs, needs};
pub use observed::{Foreign, NamespaceState, Observation, Observed, Scope, is_terminating};
pub use policy::{Adopt, Allow, Policy};
pub use reason::{Class, Reason, Refusal, Warning};
pub use recheck::{on_conflict, on_immutable, prune_recheck, recheck};
pub use restart::{Restart, restart, restart_by_recreation, restart_of_others};
pub use unchanged::first_changed;

use crate::inventory::{Entry, Inventory};
use apply::{Context, Set};

/// Decides everything. A plan with a [`Plan::refusal`] must not be executed; its actions say what would be done or what is
/// wrong with each object.
///
/// # Panics
///
/// If the plan violates its own laws, which would be a bug: [`check`] runs on every plan, in release as well, because the
/// next step deletes objects.
pub fn plan(desired: &[Desired], inventory: &Inventory, observation: &Observation, policy: &Policy) -> Plan {
    let (objects, duplicates) = distinct(desired);
    let set = Set::of(&objects);
    let context = Context { inventory, observation, policy, set: &set };

    let mut namespaces: BTreeSet<Text> = BTreeSet::new();
    let mut applies: Vec<Action> = objects.iter().map(|object| decide(object, context, &mut namespaces)).collect();
    for action in &mut applies {
        if let Some(other) = duplicates.get(&action.key) {
            assemble::refuse(action, Reason::Duplicate { other: other.clone() });
        }
    }
    assemble::expect_kinds(&mut applies, context);
    assemble::blind(&mut applies, &set);

    let (undesired, strays) = undesired(&objects, context);
    let split = applies.len();
    let mut actions = applies;
    actions.extend(undesired);
    same_objects(&mut actions, split);
    assemble::keep_what_holds(&mut actions, context);
    let mut rest = actions.split_off(split);
    // A stray that is nothing to keep or delete is nobody's business.
    rest.retain(|action| action.deed != Deed::Forget || inventory.entries.contains_key(&action.key));

    let mut plan = assemble::assemble(actions, rest, context);
    let is_stray = |(index, action): (usize, &Action)| strays.contains(&action.key).then_some(index);
    plan.strays = plan.actions.iter().enumerate().filter_map(is_stray).collect();
    plan.namespaces = namespaces.into_iter().collect();
    if policy.reload {
        let changed = plan.actions.iter().filter(|action| content::changes_content(action, observation));
        plan.reload = changed.map(|action| action.key.clone()).collect();
    }
    plan.refusal = assemble::refusal(&plan, &objects, context);
    let warnings = assemble::warnings(&plan);
    plan.warnings.extend(warnings);
    plan.warnings.sort();
    if let Err(violation) = check(&plan, desired, inventory, policy) {
        panic!("the plan breaks its own law: {violation}");
    }
    plan
}

/// The desired objects in order of their keys, and for each key that comes twice where else it comes from. Which of the two
/// is looked at does not depend on the order of the input.
fn distinct(desired: &[Desired]) -> (Vec<&Desired>, BTreeMap<ObjectKey, String>) {
    let mut sorted: Vec<&Desired> = desired.iter().collect();
    sorted.sort_by_cached_key(|object| {
        let origin = &object.origin;
        (object.key.clone(), object.gvk.version.clone(), origin.file.clone(), origin.document, origin.line)
    });
    let mut duplicates = BTreeMap::new();
    sorted.dedup_by(|later, earlier| {
        let same = later.key == earlier.key;
        if same {
            duplicates.insert(later.key.clone(), later.origin.to_string());
        }
        same
    });
    (sorted, duplicates)
}

fn decide(object: &Desired, context: Context<'_>, namespaces: &mut BTreeSet<Text>) -> Action {
    let decided = apply::decide(object, context);
    namespaces.extend(decided.creates_namespace);
    Action {
        key: object.key.clone(),
        deed: decided.verdict.deed,
        reason: decided.verdict.reason,
        seen: seen(context.observation.get(&object.key), context.inventory),
        body: Some(decided.body),
        adopted: decided.adopted,
        after: Vec::new(),
    }
}

fn seen(observed: &Observed, inventory: &Inventory) -> Option<Seen> {
    let live = observed.live()?;
    Some(Seen {
        uid: live.uid().to_owned(),
        version: live.gvk().version.to_string(),
        ours: live.owner() == Some(inventory.id.to_string().as_str()),
    })
}

/// Actions on members that are not desired, and the keys of those among them that the root lacked: listed with our owner
/// annotation and our own apply, without a controller. A zombie's create must not leak.
fn undesired(objects: &[&Desired], context: Context<'_>) -> (Vec<Action>, BTreeSet<ObjectKey>) {
    let desired: BTreeSet<&ObjectKey> = objects.iter().map(|object| &object.key).collect();
    let (inventory, observation) = (context.inventory, context.observation);
    let members = inventory.entries.iter().filter(|(key, _)| !desired.contains(key));
    let mut actions: Vec<Action> =
        members.map(|(key, entry)| undesired_action(key, Some(entry), observation.get(key), context)).collect();
    let mut strays = BTreeSet::new();
    for (key, observed) in &observation.objects {
        if desired.contains(key) || inventory.entries.contains_key(key) || !is_stray(observed, inventory) {
            continue;
        }
        strays.insert(key.clone());
        actions.push(undesired_action(key, None, observed, context));
    }
    (actions, strays)
}

fn is_stray(observed: &Observed, inventory: &Inventory) -> bool {
    observed.live().is_some_and(|live| {
        live.owner() == Some(inventory.id.to_string().as_str())
            && live.our_fields().is_some()
            && live.controller_owner().is_none()
    })
}

fn undesired_action(key: &ObjectKey, entry: Option<&Entry>, observed: &Observed, context: Context<'_>) -> Action {
    let verdict = prune::decide(key, entry, observed, context);
    Action {
        key: key.clone(),
        deed: verdict.deed,
        reason: verdict.reason,
        seen: seen(observed, context.inventory),
        body: None,
        adopted: entry.is_some_and(|entry| entry.adopted),
        after: Vec::new(),
    }
}

/// One object can be served under two API groups. Deleting it under the one that left the set would delete the desired one.
fn same_objects(actions: &mut [Action], split: usize) {
    let (applies, rest) = actions.split_at_mut(split);
    let uid = |action: &Action| action.seen.as_ref().map(|seen| seen.uid.clone());
    let leaving: BTreeSet<String> = rest.iter().filter_map(uid).collect();
    let desired: BTreeMap<String, ObjectKey> = applies
        .iter()
        .filter_map(|action| Some((uid(action).filter(|uid| leaving.contains(uid))?, action.key.clone())))
        .collect();
    for action in rest {
        if let Some(key) = uid(action).and_then(|uid| desired.get(&uid)) {
            (action.deed, action.reason) = (Deed::Forget, Reason::SameObject { key: key.clone() });
        }
    }
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
