//! From decisions to a [`Plan`]. Owns what depends on several actions at once: dependencies, waves, objects inside what is
//! deleted, and the guards of the whole set.

use std::collections::{BTreeMap, BTreeSet};

use krm::{GroupKind, ObjectKey, Text};
use serde_json::Value;

use super::action::{Action, Deed, Plan, Wave};
use super::apply::{Context, Set};
use super::desired::Desired;
use super::live::Live;
use super::observed::{Observed, Scope};
use super::reason::{Class, Reason, Refusal, Warning};
use super::{depends, order, prune, wishes};

/// Deletions that never need consent by number.
const PRUNES_FREE: usize = 10;

impl Set {
    /// What the desired objects bring.
    pub(super) fn of(desired: &[&Desired]) -> Self {
        let mut set = Self::default();
        for object in desired {
            match (object.key.group.as_str(), object.key.kind.as_str()) {
                ("", "Namespace") => {
                    set.namespaces.insert(object.key.name.clone(), object.key.clone());
                }
                ("apiextensions.k8s.io", "CustomResourceDefinition") => {
                    if let Some((kind, scope)) = defines(&object.manifest.open()) {
                        let definition = super::apply::Definition { key: object.key.clone(), scope };
                        set.definitions.insert(kind, definition);
                    }
                }
                ("apiregistration.k8s.io", "APIService") => {
                    if let Some(group) = brings(&object.manifest.open()) {
                        set.services.insert(group, object.key.clone());
                    }
                }
                ("autoscaling", "HorizontalPodAutoscaler") => {
                    set.scaled.extend(scale_target(&object.manifest.open(), &object.key.namespace));
                }
                _ => {}
            }
        }
        set
    }
}

/// The kind that a CustomResourceDefinition defines.
pub(super) fn defines(definition: &Value) -> Option<(GroupKind, Scope)> {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str);
    let kind = GroupKind::new(text("/spec/group")?, text("/spec/names/kind")?);
    let scope = if text("/spec/scope") == Some("Cluster") { Scope::Cluster } else { Scope::Namespaced };
    Some((kind, scope))
}

/// The group that an APIService brings, where others serve it than the API server itself.
fn brings(service: &Value) -> Option<Text> {
    service.pointer("/spec/service")?.as_object()?;
    service.pointer("/spec/group")?.as_str().map(Text::from)
}

/// The object that a HorizontalPodAutoscaler scales.
pub fn scale_target(autoscaler: &Value, namespace: &str) -> Option<ObjectKey> {
    let target = autoscaler.pointer("/spec/scaleTargetRef")?;
    let text = |field: &str| target.get(field).and_then(Value::as_str);
    let group = text("apiVersion").and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
    Some(ObjectKey::new(group, text("kind")?, namespace, text("name")?))
}

/// Explicit and implied dependencies within the set, as indexes. Refuses what cannot be satisfied.
fn dependencies(actions: &mut [Action], rest: &[Action], context: Context<'_>) -> Vec<Vec<usize>> {
    let leaving: BTreeSet<&ObjectKey> =
        rest.iter().filter(|action| matches!(action.deed, Deed::Prune { .. })).map(|action| &action.key).collect();
    let places: BTreeMap<ObjectKey, usize> =
        actions.iter().enumerate().map(|(index, action)| (action.key.clone(), index)).collect();
    let mut edges = vec![Vec::new(); actions.len()];
    for index in 0..actions.len() {
        let Some(body) = actions[index].body.clone() else { continue };
        let mut found = BTreeSet::new();
        match depends::read(&body.manifest) {
            Err(part) => refuse(&mut actions[index], Reason::DependencyMalformed { part }),
            Ok(keys) => {
                for dependency in keys {
                    if let Some(&place) = places.get(&dependency) {
                        found.insert(place);
                    } else if leaving.contains(&dependency) || *context.observation.get(&dependency) == Observed::Absent
                    {
                        refuse(&mut actions[index], Reason::DependencyMissing { dependency });
                    }
                }
            }
        }
        found.extend(implied(&actions[index].key, context.set, &places).filter(|&place| place != index));
        edges[index] = found.into_iter().collect();
    }
    edges
}

/// Its namespace, the definition of its kind, and who serves its group.
fn implied<'a>(
    key: &'a ObjectKey,
    set: &'a Set,
    places: &'a BTreeMap<ObjectKey, usize>,
) -> impl Iterator<Item = usize> + 'a {
    let namespace = set.namespaces.get(&key.namespace);
    let definition = set.definitions.get(&key.group_kind()).map(|definition| &definition.key);
    let service = set.services.get(&key.group);
    namespace.into_iter().chain(definition).chain(service).filter_map(|key| places.get(key).copied())
}

/// A refusal keeps the first reason.
pub(super) fn refuse(action: &mut Action, reason: Reason) {
    if action.deed != Deed::Refuse {
        action.deed = Deed::Refuse;
        action.reason = reason;
    }
}

/// Operators bring their definitions themselves: a kind of a group that is not there at all may come with a workload that this
/// run starts or changes, or that an earlier one has started. Of a group that is there, or where nothing starts, it is a mistake.
pub(super) fn expect_kinds(actions: &mut [Action], context: Context<'_>) {
    let starts = |action: &Action| {
        let runs = matches!(
            (action.key.group.as_str(), action.key.kind.as_str()),
            ("", "Pod")
                | ("apps", "Deployment" | "StatefulSet" | "DaemonSet")
                | ("batch", "Job")
                | ("helm.cattle.io", _)
        );
        runs && matches!(action.deed, Deed::Create | Deed::Update { .. } | Deed::Recreate { .. } | Deed::ApplyBlind)
    };
    let started = actions.iter().any(starts);
    for action in actions.iter_mut().filter(|action| action.deed == Deed::Refuse) {
        let was_expected = || context.inventory.entries.contains_key(&action.key);
        if let Reason::KindUnknown { kind } = &action.reason
            && context.observation.groups_absent.contains(&kind.group)
            && (started || was_expected())
        {
            (action.deed, action.reason) = (Deed::ApplyBlind, Reason::KindExpected { kind: kind.clone() });
        }
    }
}

/// What stands in a namespace or is of a kind that is deleted and created again can only be judged after that.
pub(super) fn blind(actions: &mut [Action], set: &Set) {
    let reborn: BTreeSet<ObjectKey> =
        actions.iter().filter(|a| matches!(a.deed, Deed::Recreate { .. })).map(|a| a.key.clone()).collect();
    for action in actions.iter_mut().filter(|action| action.deed.applies()) {
        let namespace = set.namespaces.get(&action.key.namespace).filter(|key| reborn.contains(*key));
        let definition = set.definitions.get(&action.key.group_kind()).filter(|d| reborn.contains(&d.key));
        if namespace.is_some() {
            (action.deed, action.reason) = (Deed::ApplyBlind, Reason::NamespaceGoingAway);
        } else if let Some(definition) = definition {
            (action.deed, action.reason) =
                (Deed::ApplyBlind, Reason::KindArrives { definition: definition.key.clone() });
        }
    }
}

/// A namespace or a definition is not deleted while anything stays that is in it or of it: desired, kept, or another's.
pub(super) fn keep_what_holds(actions: &mut [Action], context: Context<'_>) {
    let stays = |action: &Action| match action.deed {
        Deed::Prune { .. } => false,
        Deed::Forget => !matches!(action.reason, Reason::Gone | Reason::KindGone | Reason::SameObject { .. }),
        _ => true,
    };
    let staying: Vec<ObjectKey> = actions.iter().filter(|a| stays(a)).map(|a| a.key.clone()).collect();
    for action in actions.iter_mut().filter(|action| matches!(action.deed, Deed::Prune { .. })) {
        let is_namespace = action.key.group.is_empty() && action.key.kind == "Namespace";
        if is_namespace {
            let held: Vec<ObjectKey> = staying.iter().filter(|key| key.namespace == action.key.name).cloned().collect();
            if !held.is_empty() {
                (action.deed, action.reason) = (Deed::Keep, Reason::NamespaceInUse { found: prune::list(&held) });
            }
            continue;
        }
        let is_definition = action.key.kind == "CustomResourceDefinition";
        let live = context.observation.get(&action.key).live().filter(|_| is_definition);
        if let Some((kind, _)) = live.map(Live::object).and_then(defines) {
            let held: Vec<ObjectKey> = staying.iter().filter(|key| key.group_kind() == kind).cloned().collect();
            if !held.is_empty() {
                (action.deed, action.reason) = (Deed::Keep, Reason::DefinitionInUse { found: prune::list(&held) });
            }
        }
    }
}

/// Orders everything and cuts it into waves.
pub(super) fn assemble(mut applies: Vec<Action>, rest: Vec<Action>, context: Context<'_>) -> Plan {
    let edges = dependencies(&mut applies, &rest, context);
    let keys: Vec<ObjectKey> = applies.iter().map(|action| action.key.clone()).collect();
    let levels = match order::levels(&keys.iter().collect::<Vec<_>>(), &edges) {
        Ok(levels) => levels,
        Err(cycle) => {
            for action in applies.iter_mut().filter(|action| cycle.contains(&action.key)) {
                refuse(action, Reason::DependencyCycle { cycle: cycle.clone() });
            }
            keys.iter().map(order::rank).collect()
        }
    };
    let mut plan = Plan::default();
    place_applies(&mut plan, applies, &edges, &levels);
    place_prunes(&mut plan, rest, context);
    plan
}

/// Applies in the order of level, rank and key; what is refused or kept goes to the end.
fn place_applies(plan: &mut Plan, applies: Vec<Action>, edges: &[Vec<usize>], levels: &[usize]) {
    let mut sequence: Vec<usize> = (0..applies.len()).collect();
    sequence.sort_by_key(|&index| {
        let action = &applies[index];
        (!action.deed.applies(), levels[index], order::rank(&action.key), action.key.clone())
    });
    let mut places = vec![0; applies.len()];
    for (place, &index) in sequence.iter().enumerate() {
        places[index] = place;
    }
    plan.actions = in_places(applies, places.clone());
    for (place, &index) in sequence.iter().enumerate() {
        let action = &mut plan.actions[place];
        action.after = edges[index].iter().map(|&edge| places[edge]).collect();
        action.after.sort_unstable();
        if action.deed.applies() {
            wave(&mut plan.waves, order::name(levels[index]), levels[index], place);
        }
    }
    mark_ready(plan);
}

/// Each action at its place. They are large and many: nothing is copied.
fn in_places(mut actions: Vec<Action>, mut places: Vec<usize>) -> Vec<Action> {
    for index in 0..actions.len() {
        while places[index] != index {
            let place = places[index];
            actions.swap(index, place);
            places.swap(index, place);
        }
    }
    actions
}

/// Appends to the wave of this level; levels come in order.
fn wave(waves: &mut Vec<Wave>, name: &'static str, level: usize, place: usize) {
    if waves.last().is_none_or(|last| last.level != level) {
        waves.push(Wave { name, level, actions: Vec::new(), ready: Vec::new() });
    }
    waves.last_mut().expect("a wave was just made sure of").actions.push(place);
}

/// What others depend on must be ready, not only applied, before the next wave.
fn mark_ready(plan: &mut Plan) {
    let needed: BTreeSet<usize> = plan
        .actions
        .iter()
        .filter(|action| action.deed.applies())
        .flat_map(|action| action.after.iter().copied())
        .collect();
    for wave in &mut plan.waves {
        wave.ready = wave.actions.iter().copied().filter(|index| needed.contains(index)).collect();
    }
}

/// Prunes in reverse order of what they were applied in, by rank and by the dependencies that the live objects name. What is
/// in a namespace, of a definition or depends on an object has to be gone before that object.
fn place_prunes(plan: &mut Plan, rest: Vec<Action>, context: Context<'_>) {
    let (prunes, mut others): (Vec<Action>, Vec<Action>) =
        rest.into_iter().partition(|action| matches!(action.deed, Deed::Prune { .. } | Deed::Detach { .. }));
    let edges = prune_edges(&prunes, context);
    let (levels, edges) = prune_levels(plan, &prunes, edges);
    let mut sequence: Vec<usize> = (0..prunes.len()).collect();
    sequence.sort_by_key(|&index| {
        let key = &prunes[index].key;
        (std::cmp::Reverse((levels[index], order::rank(key))), key.clone())
    });
    let first = plan.actions.len();
    let mut places = vec![0; prunes.len()];
    for (offset, &index) in sequence.iter().enumerate() {
        places[index] = offset;
    }
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); prunes.len()];
    for (index, dependencies) in edges.iter().enumerate() {
        for &dependency in dependencies {
            before[dependency].push(first + places[index]);
        }
    }
    plan.actions.reserve_exact(prunes.len() + others.len());
    for (mut action, index) in in_places(prunes, places).into_iter().zip(sequence) {
        action.after = std::mem::take(&mut before[index]);
        action.after.sort_unstable();
        wave(&mut plan.prunes, order::name(levels[index]), levels[index], plan.actions.len());
        plan.actions.push(action);
    }
    others.sort_by(|a, b| a.key.cmp(&b.key));
    plan.actions.extend(others);
}

/// Explicit and implied dependencies among what is deleted.
struct PruneEdges {
    explicit: Vec<Vec<usize>>,
    implied: Vec<Vec<usize>>,
}

fn prune_edges(prunes: &[Action], context: Context<'_>) -> PruneEdges {
    let places: BTreeMap<&ObjectKey, usize> =
        prunes.iter().enumerate().map(|(index, action)| (&action.key, index)).collect();
    let live = |key: &ObjectKey| context.observation.get(key).live();
    let definitions: BTreeMap<GroupKind, usize> = prunes
        .iter()
        .enumerate()
        .filter(|(_, action)| action.key.kind == "CustomResourceDefinition")
        .filter_map(|(index, action)| Some((defines(live(&action.key)?.object())?.0, index)))
        .collect();
    let services: BTreeMap<Text, usize> = prunes
        .iter()
        .enumerate()
        .filter(|(_, action)| action.key.kind == "APIService")
        .filter_map(|(index, action)| Some((brings(live(&action.key)?.object())?, index)))
        .collect();
    let explicit = |(index, action): (usize, &Action)| {
        let named = live(&action.key).and_then(|object| depends::read(object).ok()).unwrap_or_default();
        named.iter().filter_map(|key| places.get(key).copied()).filter(|&place| place != index).collect()
    };
    let implied = |action: &Action| {
        let namespace = ObjectKey::new("", "Namespace", "", action.key.namespace.clone());
        let definition = definitions.get(&action.key.group_kind());
        let service = services.get(&action.key.group);
        places.get(&namespace).into_iter().chain(definition).chain(service).copied().collect()
    };
    PruneEdges {
        explicit: prunes.iter().enumerate().map(explicit).collect(),
        implied: prunes.iter().map(implied).collect(),
    }
}

/// Levels, and the edges they obey.
fn prune_levels(plan: &mut Plan, prunes: &[Action], edges: PruneEdges) -> (Vec<usize>, Vec<Vec<usize>>) {
    let keys: Vec<&ObjectKey> = prunes.iter().map(|action| &action.key).collect();
    let PruneEdges { explicit, implied } = edges;
    let both = explicit.iter().zip(&implied).map(|(explicit, implied)| [explicit.as_slice(), implied].concat());
    let both: Vec<Vec<usize>> = both
        .map(|mut edges| {
            edges.sort_unstable();
            edges.dedup();
            edges
        })
        .collect();
    match order::levels(&keys, &both) {
        Ok(levels) => (levels, both),
        Err(cycle) => {
            // A cycle among objects that go away anyway must not keep them. What implies itself has none.
            let text = "the depends-on annotations of deleted objects form a cycle and are ignored".to_owned();
            plan.warnings.push(Warning { key: cycle.into_iter().next(), text });
            let levels =
                order::levels(&keys, &implied).unwrap_or_else(|_| keys.iter().map(|k| order::rank(k)).collect());
            (levels, implied)
        }
    }
}

/// The guards of the whole set, and what is refused.
pub(super) fn refusal(plan: &Plan, desired: &[&Desired], context: Context<'_>) -> Option<Refusal> {
    let refused = plan.actions.iter().filter(|action| action.deed == Deed::Refuse);
    let classes: Vec<Class> = refused.map(|action| action.reason.class()).collect();
    if let Some(class) = classes.iter().min() {
        return Some(Refusal::Objects { refused: classes.len(), class: *class });
    }
    if context.policy.delete_all {
        return None;
    }
    let members = context.inventory.entries.len() + plan.strays.len();
    if desired.is_empty() && members > 0 && !context.policy.allow.empty {
        return Some(Refusal::EmptySet { members });
    }
    let prunes = plan.actions.iter().filter(|action| matches!(action.deed, Deed::Prune { .. })).count();
    let consent = desired.iter().filter_map(|object| wishes::allowed_prunes(&object.manifest)).max();
    let consent = context.policy.allow.prunes.max(consent).unwrap_or(0);
    let too_many = prunes > PRUNES_FREE && prunes * 2 > members && prunes > consent;
    let allowed_empty = desired.is_empty() && context.policy.allow.empty;
    (too_many && !allowed_empty).then_some(Refusal::TooManyPrunes { prunes, members })
}

/// What the user should know though nothing stops.
pub(super) fn warnings(plan: &Plan) -> Vec<Warning> {
    let worth = |action: &&Action| match action.deed {
        Deed::Keep => !matches!(
            action.reason,
            Reason::Protected { .. } | Reason::PruneOff | Reason::ReconcileDisabled | Reason::CreateOnly
        ),
        Deed::Forget => !matches!(action.reason, Reason::Gone | Reason::KindGone | Reason::SameObject { .. }),
        _ => false,
    };
    let text = |action: &Action| match action.reason.hint() {
        Some(hint) if action.deed == Deed::Keep => format!("kept: {} ({hint})", action.reason),
        None if action.deed == Deed::Keep => format!("kept: {}", action.reason),
        Some(_) | None => format!("forgotten: {}", action.reason),
    };
    plan.actions
        .iter()
        .filter(worth)
        .map(|action| Warning { key: Some(action.key.clone()), text: text(action) })
        .collect()
}
