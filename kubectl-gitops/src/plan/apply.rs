//! What to do with one desired object. Owns that decision and its order; must not know waves or other actions.

use std::collections::BTreeMap;
use std::sync::Arc;

use krm::{GroupKind, ObjectKey, Text};
use serde_json::Value;

use super::action::{Body, Deed, Verdict};
use super::desired::{Desired, is_secret};
use super::live::Live;
use super::manifest::Manifest;
use super::observed::{NamespaceState, Observation, Observed, Scope};
use super::owner::{self, Standing};
use super::policy::{Adopt, Policy};
use super::reason::Reason;
use super::wishes::{self, Treatment};
use super::{adopt, conflict, ignored, immutable, secret, values};
use crate::health;
use crate::inventory::marks::Marked as _;
use crate::inventory::{Entry, Inventory, RootRef, State, digest, given, marks};

/// Everything that a decision about one object looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) observation: &'a Observation,
    pub(super) policy: &'a Policy,
    pub(super) set: &'a Set,
}

/// What the desired set brings, beside each object.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// CustomResourceDefinitions by the kind they define.
    pub(super) definitions: BTreeMap<GroupKind, Definition>,
    /// APIServices by the group that they bring.
    pub(super) services: BTreeMap<Text, ObjectKey>,
    /// Namespaces in the set.
    pub(super) namespaces: BTreeMap<Text, ObjectKey>,
    /// Objects that a HorizontalPodAutoscaler of the set scales.
    pub(super) scaled: std::collections::BTreeSet<ObjectKey>,
}

/// A CustomResourceDefinition of the set.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) key: ObjectKey,
    pub(super) scope: Scope,
}

/// A verdict with what goes with it.
#[derive(Debug, Clone)]
pub(super) struct Decided {
    pub(super) verdict: Verdict,
    pub(super) body: Body,
    pub(super) adopted: bool,
    /// A namespace that `--create-namespace` has to create.
    pub(super) creates_namespace: Option<Text>,
}

pub(super) fn refuse(reason: Reason) -> Verdict {
    Verdict { deed: Deed::Refuse, reason }
}

const fn verdict(deed: Deed, reason: Reason) -> Verdict {
    Verdict { deed, reason }
}

/// Decides about one desired object.
pub(super) fn decide(packed: &Desired, context: Context<'_>) -> Decided {
    let desired = &Desired { manifest: packed.manifest.open().into(), ..packed.clone() };
    let observed = context.observation.get(&desired.key);
    let entry = context.inventory.entries.get(&desired.key);
    let was_adopted = observed.live().is_some() && entry.is_some_and(|entry| entry.adopted);
    let mut body = body(desired, observed.live(), was_adopted, context);
    let mut creates_namespace = None;
    let verdict = match (malformed(desired, context), observed) {
        (Some(reason), _) => refuse(reason),
        _ if wishes::treatment(&body.manifest, observed.live()) == Treatment::Ignore => {
            verdict(Deed::Keep, Reason::ReconcileDisabled)
        }
        (None, Observed::Unreadable { reason }) => refuse(Reason::Unreadable { why: reason.clone() }),
        (None, Observed::NotServed) => not_served(desired, context),
        (None, Observed::Absent) => absent(desired, &body, context, &mut creates_namespace),
        (None, Observed::Present(live)) => present(desired, &body, live, context),
    };
    let adopts = matches!(verdict.reason, Reason::Adopted { .. });
    if adopts && !was_adopted {
        body = self::body(desired, observed.live(), true, context);
    }
    let adopted = adopts || was_adopted;
    let as_desired = Arc::ptr_eq(&body.manifest.open(), &desired.manifest.open());
    body.manifest = if as_desired { packed.manifest.packed() } else { body.manifest.packed() };
    Decided { verdict, body, adopted, creates_namespace }
}

/// What is wrong with it, whatever the cluster holds.
fn malformed(desired: &Desired, context: Context<'_>) -> Option<Reason> {
    if desired.key.name.is_empty() {
        return Some(Reason::Nameless);
    }
    if owner::is_inventory(&desired.key, Some(&desired.manifest), context.inventory) {
        return Some(Reason::Inventory);
    }
    if let Some(reason) = values::misfit(&desired.key, &desired.manifest.open()) {
        return Some(reason);
    }
    if let Err(part) = given::pointers(&desired.manifest.open()) {
        return Some(Reason::NoField { part });
    }
    if let Some((annotation, error)) = health::misfit(&desired.manifest.open()) {
        return Some(Reason::NoExpression { annotation, error });
    }
    let kind = desired.key.group_kind();
    let defined = || context.set.definitions.get(&kind).map(|definition| definition.scope);
    match context.observation.scopes.get(&kind).copied().or_else(defined) {
        Some(Scope::Namespaced) if desired.key.namespace.is_empty() => Some(Reason::NeedsNamespace),
        Some(Scope::Cluster) if !desired.key.namespace.is_empty() => Some(Reason::HasNamespace),
        Some(_) | None => None,
    }
}

fn not_served(desired: &Desired, context: Context<'_>) -> Verdict {
    let kind = desired.key.group_kind();
    let definition = context.set.definitions.get(&kind).map(|definition| &definition.key);
    match definition.or_else(|| context.set.services.get(&kind.group)) {
        Some(definition) => verdict(Deed::ApplyBlind, Reason::KindArrives { definition: definition.clone() }),
        None => refuse(Reason::KindUnknown { kind }),
    }
}

fn absent(desired: &Desired, body: &Body, context: Context<'_>, creates: &mut Option<Text>) -> Verdict {
    let entry = context.inventory.entries.get(&desired.key);
    let namespace = &desired.key.namespace;
    let in_set = context.set.namespaces.contains_key(namespace);
    match context.observation.namespaces.get(namespace) {
        Some(NamespaceState::Terminating) if in_set => {
            return verdict(Deed::ApplyBlind, Reason::NamespaceGoingAway);
        }
        Some(NamespaceState::Terminating) => {
            return refuse(Reason::NamespaceTerminating { namespace: namespace.clone() });
        }
        Some(NamespaceState::Absent) if in_set || namespace.is_empty() => {}
        Some(NamespaceState::Absent) if context.policy.create_namespace => *creates = Some(namespace.clone()),
        Some(NamespaceState::Absent) => return refuse(Reason::NamespaceMissing { namespace: namespace.clone() }),
        Some(NamespaceState::Active) | None => {}
    }
    if entry.is_some_and(|entry| job_is_done(desired, body, entry, context.policy)) {
        return verdict(Deed::Unchanged, Reason::JobDone);
    }
    let existed = entry.is_some_and(|entry| entry.state == State::Owned);
    verdict(Deed::Create, if existed { Reason::Vanished } else { Reason::New })
}

/// A Job with a ttl that was applied as it stands and is gone has run: it is not run again. (One that was deleted by hand
/// cannot be told apart; `--full` runs it again.)
fn job_is_done(desired: &Desired, body: &Body, entry: &Entry, policy: &Policy) -> bool {
    !policy.full
        && entry.state == State::Owned
        && entry.desired_hash.is_some()
        && entry.desired_hash == body.desired_hash
        && goes_by_itself(&desired.key, &body.manifest.open())
}

/// Is it a Job with a ttl, which is deleted when it has run?
pub fn goes_by_itself(key: &ObjectKey, manifest: &Value) -> bool {
    let ttl = manifest.pointer("/spec/ttlSecondsAfterFinished");
    key.group == "batch" && key.kind == "Job" && ttl.is_some_and(Value::is_number)
}

fn present(desired: &Desired, body: &Body, live: &Live, context: Context<'_>) -> Verdict {
    let entry = context.inventory.entries.get(&desired.key);
    let standing = owner::standing(live, entry, context.inventory, context.observation);
    let create_only = wishes::treatment(&body.manifest, None::<&Live>) == Treatment::CreateOnly;
    let terminating = live.deletion_timestamp().is_some();
    if create_only && !terminating {
        let ours = standing == Standing::Ours;
        return verdict(if ours { Deed::Unchanged } else { Deed::Keep }, Reason::CreateOnly);
    }
    let title = match title(&standing, live, body, context) {
        Ok(title) => title,
        Err(reason) => return refuse(reason),
    };
    if terminating {
        return verdict(recreate(&body.manifest.open(), live, true), Reason::GoingAway);
    }
    let reason = match title {
        Title::Adopted(from) => Reason::Adopted { from },
        Title::Moved(from) => Reason::Moved { from },
        Title::Ours => match why_send(body, live, &standing, entry, context.policy) {
            Some(reason) => reason,
            None => return verdict(Deed::Unchanged, Reason::Same),
        },
    };
    send(desired, body, live, reason, context.policy)
}

fn recreate(manifest: &Value, live: &Live, terminating: bool) -> Deed {
    Deed::Recreate {
        uid: live.uid().to_owned(),
        resource_version: live.resource_version().to_owned(),
        terminating,
        unmarked: live.owner() != marks::annotation(manifest, marks::OWNER_ANNOTATION),
    }
}

/// By what right we write to an object.
enum Title {
    /// It is a member.
    Ours,
    /// It was nobody's: the managers it is taken over from.
    Adopted(Vec<String>),
    /// It was another set's: that set's root.
    Moved(String),
}

fn title(standing: &Standing, live: &Live, body: &Body, context: Context<'_>) -> Result<Title, Reason> {
    let policy = context.policy;
    let adopted = || Ok(Title::Adopted(adopt::deciding_managers(live)));
    let not_adopted = || Err(Reason::NotAdopted { managers: adopt::deciding_managers(live) });
    match standing {
        Standing::Ours | Standing::Unmarked => Ok(Title::Ours),
        Standing::Foreign(reason) => Err(reason.clone()),
        Standing::OtherInventory { gone: true, .. } if policy.adopt == Adopt::All => adopted(),
        Standing::OtherInventory { owner, gone: false } if may_move(owner, body, context) => {
            Ok(Title::Moved(owner.clone()))
        }
        Standing::OtherInventory { owner, gone } => Err(Reason::OtherInventory { owner: owner.clone(), gone: *gone }),
        Standing::Free => match policy.adopt {
            Adopt::All => adopted(),
            Adopt::Auto if adopt::is_adoptable(live) => adopted(),
            Adopt::Auto | Adopt::Never => not_adopted(),
        },
    }
}

/// Did the user name the set that owns it, by flag or by annotation in Git?
fn may_move(owner: &str, body: &Body, context: Context<'_>) -> bool {
    let home = &context.inventory.root.namespace;
    let is_owner = |wish: &str| {
        let (namespace, name) = wish.split_once('/').unwrap_or((home, wish));
        RootRef::of_set(namespace, name).to_string() == owner
    };
    let named = context.policy.take_from.iter().any(|wish| is_owner(wish));
    named || wishes::takes_from(&body.manifest).any(is_owner)
}

/// The skip rule: why an object of ours has to be sent, or nothing.
fn why_send(body: &Body, live: &Live, standing: &Standing, entry: Option<&Entry>, policy: &Policy) -> Option<Reason> {
    if policy.full || policy.refresh {
        return Some(Reason::FullRun);
    }
    if *standing == Standing::Unmarked {
        return Some(Reason::Unmarked);
    }
    let Some(entry) = entry.filter(|entry| entry.state == State::Owned && entry.uid.as_deref() == Some(live.uid()))
    else {
        return Some(Reason::Unconfirmed);
    };
    if is_secret(&live.key()) {
        // A copy, so that not every Secret of a set is held unpacked.
        return (!secret::is_same(&body.manifest.open(), &live.clone())).then_some(Reason::Changed);
    }
    if entry.desired_hash.is_none() || entry.live_digest.is_none() {
        return Some(Reason::Unconfirmed);
    }
    // That somebody took a field that the set gives away changes what is sent, but not what is wanted.
    if entry.desired_hash != body.desired_hash && (body.whole_hash.is_none() || entry.desired_hash != body.whole_hash) {
        return Some(Reason::Changed);
    }
    if entry.live_digest != live.digest() {
        return Some(Reason::Drifted { by: conflict::drifted_by(&body.manifest.open(), live) });
    }
    None
}

/// An update, once it is clear that one is needed and allowed.
pub(super) fn send(desired: &Desired, body: &Body, live: &Live, reason: Reason, policy: &Policy) -> Verdict {
    if let Some(field) = immutable::changed(&desired.key, &body.manifest.open(), live.object()) {
        return on_immutable(&desired.key, &body.manifest.open(), live, field);
    }
    let adopting = matches!(reason, Reason::Adopted { .. });
    let force = match conflict::outlook(&body.manifest.open(), live) {
        conflict::Outlook::Clear => false,
        conflict::Outlook::Drift { .. } => true,
        conflict::Outlook::Conflict(_) if policy.force_conflicts => true,
        conflict::Outlook::Conflict(reason) => return refuse(reason),
    };
    let deed = Deed::Update {
        uid: live.uid().to_owned(),
        resource_version: live.resource_version().to_owned(),
        force,
        takeover: adopting && adopt::needs_hand_over(live),
    };
    verdict(deed, reason)
}

/// An immutable field changes: delete and create again where the manifest says so.
pub(super) fn on_immutable(key: &ObjectKey, manifest: &Value, live: &Live, field: String) -> Verdict {
    let recreatable = !immutable::is_never_recreated(key);
    if recreatable && wishes::may_recreate(manifest) {
        verdict(recreate(manifest, live, false), Reason::ImmutableRecreate { field })
    } else {
        refuse(Reason::Immutable { field, recreatable })
    }
}

/// What is sent. An adopted object says so itself, for the day the inventory is lost. Fields that the cluster writes stay out,
/// or both would write them for ever: `spec.replicas` of a workload that is scaled by a HorizontalPodAutoscaler, while another
/// manager owns it (while nobody else does, leaving it out would reset it), and the rules of an aggregated ClusterRole.
fn body(desired: &Desired, live: Option<&Live>, adopted: bool, context: Context<'_>) -> Body {
    let scaled = context.observation.scaled.contains(&desired.key) || context.set.scaled.contains(&desired.key);
    let owned_by_other = scaled && live.is_some_and(others_own_replicas);
    let mut manifest = desired.manifest.clone();
    if owned_by_other && let Some(spec) = manifest.make_mut().get_mut("spec").and_then(Value::as_object_mut) {
        spec.shift_remove("replicas");
    }
    if is_aggregated(desired)
        && let Some(role) = manifest.make_mut().as_object_mut()
    {
        role.shift_remove("rules");
    }
    if adopted {
        marks::set_metadata(manifest.make_mut(), "annotations", marks::ADOPTED_ANNOTATION, "true");
    }
    let hash = |manifest: &Manifest| (!desired.is_secret()).then(|| digest::desired_hash(&manifest.open()));
    let mut whole_hash = None;
    if let Some(live) = live
        && manifest.annotation(marks::IGNORE_FIELDS_ANNOTATION).is_some()
    {
        whole_hash = hash(&manifest);
        ignored::leave_out(manifest.make_mut(), live);
    }
    let desired_hash = hash(&manifest);
    Body { gvk: desired.gvk.clone(), manifest, origin: desired.origin.clone(), desired_hash, whole_hash }
}

/// Its rules are gathered from other roles by a controller.
fn is_aggregated(desired: &Desired) -> bool {
    desired.key.group == "rbac.authorization.k8s.io"
        && desired.key.kind == "ClusterRole"
        && desired.manifest.open().pointer("/aggregationRule/clusterRoleSelectors").is_some_and(Value::is_array)
}

fn others_own_replicas(live: &Live) -> bool {
    live.managers().iter().any(|manager| !manager.is_ours() && manager.fields.pointer("/f:spec/f:replicas").is_some())
}
