//! The plan as a value. Owns [`Plan`], [`Action`], [`Deed`] and [`Wave`]; must not decide anything.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;

use krm::{Gvk, ObjectKey, Origin};

use super::manifest::Manifest;
use super::reason::{Class, Reason, Refusal, Warning};
use crate::inventory::{Claim, ClaimApply, ClaimPrune, Digest, Inventory, Settled, State};

/// What is done with one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Server-side apply with `metadata.resourceVersion: "1"`: never touches what exists.
    Create,
    /// Server-side apply with this uid and resourceVersion: never touches anything but what was judged.
    Update {
        /// The judged object.
        uid: String,
        /// At which ownership was judged.
        resource_version: String,
        /// Take fields from other managers.
        force: bool,
        /// First hand the fields of the managers it is adopted from over to us ([`super::adopt::handed_over`]), so that
        /// fields that left Git go away with the apply.
        takeover: bool,
    },
    /// It is as desired: no request.
    Unchanged,
    /// Delete (unless it is already terminating), wait until it is gone, create.
    Recreate {
        /// The judged object.
        uid: String,
        /// At which ownership was judged.
        resource_version: String,
        /// It is being deleted already: only wait.
        terminating: bool,
        /// It does not carry our marks: they are put on it first, because only what carries them is ever deleted.
        unmarked: bool,
    },
    /// Its kind arrives in an earlier wave: after that wave, discover, GET and ask [`super::recheck`].
    ApplyBlind,
    /// Delete with uid and resourceVersion preconditions, then observe that it is gone.
    Prune {
        /// The judged object.
        uid: String,
        /// At which ownership was judged.
        resource_version: String,
        /// It is being deleted already: only observe.
        terminating: bool,
    },
    /// Remove our label and annotations by a merge patch with this uid and resourceVersion; then its entry leaves.
    Detach {
        /// The judged object.
        uid: String,
        /// At which ownership was judged.
        resource_version: String,
    },
    /// No request: its entry leaves the inventory, because it is gone or not ours, or the user disowned it.
    Forget,
    /// No request: its entry stays as it is.
    Keep,
    /// No request and no run: see [`Plan::refusal`].
    Refuse,
}

impl Deed {
    /// Does it send a mutating request.
    pub const fn mutates(&self) -> bool {
        match self {
            Self::Create
            | Self::Update { .. }
            | Self::Recreate { .. }
            | Self::ApplyBlind
            | Self::Prune { .. }
            | Self::Detach { .. } => true,
            Self::Unchanged | Self::Forget | Self::Keep | Self::Refuse => false,
        }
    }

    /// Is the object desired by this deed, so that it must be in the inventory's union before.
    pub const fn applies(&self) -> bool {
        match self {
            Self::Create | Self::Update { .. } | Self::Recreate { .. } | Self::ApplyBlind | Self::Unchanged => true,
            Self::Prune { .. } | Self::Detach { .. } | Self::Forget | Self::Keep | Self::Refuse => false,
        }
    }

    /// The stable word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update { .. } => "update",
            Self::Unchanged => "unchanged",
            Self::Recreate { .. } => "recreate",
            Self::ApplyBlind => "apply-blind",
            Self::Prune { .. } => "prune",
            Self::Detach { .. } => "detach",
            Self::Forget => "forget",
            Self::Keep => "keep",
            Self::Refuse => "refuse",
        }
    }
}

/// A deed with its reason: what [`super::recheck`] and [`super::prune_recheck`] answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What to do.
    pub deed: Deed,
    /// Why.
    pub reason: Reason,
}

/// The one action on one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The object.
    pub key: ObjectKey,
    /// What is done with it.
    pub deed: Deed,
    /// Why.
    pub reason: Reason,
    /// What is sent; none where nothing is desired under the key.
    pub body: Option<Body>,
    /// It existed before us: the entry remembers that.
    pub adopted: bool,
    /// The object that was seen under the key, if one was.
    pub seen: Option<Seen>,
    /// Indexes in [`Plan::actions`] of what must have succeeded before: explicit dependencies, its Namespace, its
    /// CustomResourceDefinition. If one fails, this one is skipped and names it. For a prune: what must be gone before, or
    /// this one is kept.
    pub after: Vec<usize>,
}

/// The object that a plan was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its uid.
    pub uid: String,
    /// The API version it was read in.
    pub version: String,
    /// Our owner annotation was on it.
    pub ours: bool,
}

/// What is sent for one desired object.
#[derive(Clone, PartialEq)]
pub struct Body {
    /// Type, with the version to send it in.
    pub gvk: Gvk,
    /// The manifest without guards; uid and resourceVersion come from the deed.
    pub manifest: Manifest,
    /// Where it came from.
    pub origin: Origin,
    /// Hash for the entry; none for Secrets.
    pub desired_hash: Option<Digest>,
    /// What that would be if nobody had taken the fields that the set gives away; only of what gives some away.
    pub whole_hash: Option<Digest>,
}

/// The manifest stays out: it may be a Secret's.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("gvk", &self.gvk.to_string()).finish_non_exhaustive()
    }
}

/// Actions that may run at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// For people: `namespaces`, `definitions`, `workloads`, ….
    pub name: &'static str,
    /// Its place in the order of all waves; gaps are waves without actions.
    pub level: usize,
    /// Indexes in [`Plan::actions`], in the plan's order.
    pub actions: Vec<usize>,
    /// Those of them that must be *ready* (established, healthy) before the next wave starts, because something in a later
    /// wave depends on them; all others only have to be applied.
    pub ready: Vec<usize>,
}

/// Everything the executor does, and everything it needs to know.
///
/// P1 every key of desired ∪ inventory has exactly one action; P2 no pruned key is desired; P3 a prune carries a uid and
/// the ownership was ours; P4 the order is total and independent of the input's order; P5 same inputs, same plan; P6 no
/// desired objects against a non-empty inventory is refused unless deletion was asked for; P7 the executor needs no fact
/// outside the plan. [`super::check`] states P1 to P6 as code.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// One per key: first what is applied in wave order, then prunes in theirs, then the rest.
    pub actions: Vec<Action>,
    /// Applies, in order.
    pub waves: Vec<Wave>,
    /// Prunes, in order; run only after every apply succeeded. All of a wave is observed absent before the next starts.
    pub prunes: Vec<Wave>,
    /// Listed members with our marks that the inventory lacked (left by a run that was thought dead): indexes of their
    /// actions. They enter the union before anything is written.
    pub strays: Vec<usize>,
    /// Namespaces to create before the first wave (`--create-namespace`): bare, without our marks, never members.
    pub namespaces: Vec<krm::Text>,
    /// What the user should know though nothing stops.
    pub warnings: Vec<Warning>,
    /// Why nothing at all is done.
    pub refusal: Option<Refusal>,
    /// ConfigMaps and Secrets that get another content: workloads of others that use them are to roll.
    pub reload: BTreeSet<ObjectKey>,
}

/// How many actions of each deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// To create, including those whose kind arrives in the run.
    pub create: usize,
    /// To update.
    pub update: usize,
    /// To delete and create again.
    pub recreate: usize,
    /// As desired.
    pub unchanged: usize,
    /// To delete.
    pub prune: usize,
    /// To forget or detach.
    pub forget: usize,
    /// Kept though not desired, or left alone.
    pub keep: usize,
    /// Refused.
    pub refuse: usize,
}

impl Plan {
    /// The counts.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for action in &self.actions {
            *match action.deed {
                Deed::Create | Deed::ApplyBlind => &mut counts.create,
                Deed::Update { .. } => &mut counts.update,
                Deed::Recreate { .. } => &mut counts.recreate,
                Deed::Unchanged => &mut counts.unchanged,
                Deed::Prune { .. } => &mut counts.prune,
                Deed::Detach { .. } | Deed::Forget => &mut counts.forget,
                Deed::Keep => &mut counts.keep,
                Deed::Refuse => &mut counts.refuse,
            } += 1;
        }
        counts
    }

    /// No object is touched and no entry leaves. (The root may still need settling: [`crate::inventory::Inventory::is_settled`].)
    pub fn is_noop(&self) -> bool {
        self.refusal.is_none()
            && self.strays.is_empty()
            && self.actions.iter().all(|action| matches!(action.deed, Deed::Unchanged | Deed::Keep))
    }

    /// Existing objects that would be written: to be read again, as of now, before anything is claimed for their sake.
    pub fn rests_on(&self) -> BTreeSet<ObjectKey> {
        let writes = |deed: &Deed| {
            matches!(deed, Deed::Update { .. } | Deed::Recreate { .. } | Deed::Prune { .. } | Deed::Detach { .. })
        };
        self.actions.iter().filter(|action| writes(&action.deed)).map(|action| action.key.clone()).collect()
    }

    /// Puts a later verdict in the place of an earlier one, for showing: what a dry run said. Waves are left as they are: a
    /// plan that was revised is not executed.
    pub fn revise(&mut self, key: &ObjectKey, verdict: Verdict) {
        let Some(action) = self.actions.iter_mut().find(|action| action.key == *key) else { return };
        (action.deed, action.reason) = (verdict.deed, verdict.reason);
        let refused = self.actions.iter().filter(|action| action.deed == Deed::Refuse);
        let classes: Vec<Class> = refused.map(|action| action.reason.class()).collect();
        if let Some(class) = classes.iter().min() {
            self.refusal = Some(Refusal::Objects { refused: classes.len(), class: *class });
        }
    }

    /// The action on `key`.
    pub fn action(&self, key: &ObjectKey) -> Option<&Action> {
        self.actions.iter().find(|action| action.key == *key)
    }

    /// What must be stored before the first write (I1): everything that is applied, deleted, or found to be ours.
    pub fn claim(&self) -> Claim {
        let mut claim = Claim { reload: self.reload.clone(), ..Claim::default() };
        for (index, action) in self.actions.iter().enumerate() {
            let seen_prune = || {
                action.seen.as_ref().map(|seen| ClaimPrune {
                    key: action.key.clone(),
                    version: seen.version.clone(),
                    uid: seen.uid.clone(),
                })
            };
            match &action.deed {
                deed if deed.applies() => claim.applies.extend(action.body.as_ref().map(|body| ClaimApply {
                    key: action.key.clone(),
                    version: body.gvk.version.to_string(),
                    creates: matches!(deed, Deed::Create | Deed::Recreate { .. } | Deed::ApplyBlind),
                    adopted: action.adopted,
                })),
                Deed::Prune { .. } | Deed::Detach { .. } => claim.prunes.extend(seen_prune()),
                _ if self.strays.contains(&index) => claim.keeps.extend(seen_prune()),
                _ => {}
            }
        }
        claim
    }

    /// What planning itself observed: entries that leave without a request, and members that are as desired though no
    /// finished apply is on record. The executor adds what it observes, and settles both.
    pub fn observed(&self, inventory: &Inventory) -> BTreeMap<ObjectKey, Settled> {
        self.actions.iter().filter_map(|action| Some((action.key.clone(), observed(action, inventory)?))).collect()
    }
}

fn observed(action: &Action, inventory: &Inventory) -> Option<Settled> {
    match (&action.deed, &action.reason) {
        (Deed::Forget, Reason::Gone | Reason::KindGone | Reason::Replaced | Reason::SameObject { .. }) => {
            Some(Settled::Gone)
        }
        (Deed::Forget, _) => Some(Settled::OwnedElsewhere),
        (Deed::Unchanged, Reason::CreateOnly) => {
            let owned = inventory.entries.get(&action.key).is_some_and(|entry| entry.state == State::Owned);
            let seen = action.seen.as_ref().filter(|_| !owned)?;
            Some(Settled::Applied {
                version: seen.version.clone(),
                uid: seen.uid.clone(),
                adopted: action.adopted,
                desired_hash: None,
                live_digest: None,
            })
        }
        _ => None,
    }
}
