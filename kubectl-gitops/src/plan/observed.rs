//! What the cluster held when it was read, once; then frozen. Owns [`Observed`] and [`Observation`].
//! "Could not read" is never "absent".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use krm::{GroupKind, ObjectKey, Text};
use serde_json::Value;

use super::live::Live;
use crate::inventory::{InventoryId, RootRef};

/// What was seen under one key.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// A GET of this very key answered 404, or a complete LIST of its kind lacked it.
    Absent,
    /// It is there.
    Present(Live),
    /// The API server does not serve the kind (now).
    NotServed,
    /// It could not be read: nothing is known, its entry is frozen.
    Unreadable {
        /// Why, for people.
        reason: String,
    },
}

impl Observed {
    /// The live object, if it was seen.
    pub const fn live(&self) -> Option<&Live> {
        match self {
            Self::Present(live) => Some(live),
            Self::Absent | Self::NotServed | Self::Unreadable { .. } => None,
        }
    }
}

/// Is an object going away, whatever else it says?
pub fn is_terminating(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null())
}

/// Is a kind namespaced?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Objects live in namespaces.
    Namespaced,
    /// Objects have no namespace.
    Cluster,
}

/// What is known of a namespace that is named by some key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamespaceState {
    /// It exists.
    Active,
    /// It is being deleted: nothing can be created in it.
    Terminating,
    /// A GET answered 404.
    Absent,
}

/// What stands in something that is about to be deleted and is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// It was searched completely and nothing foreign is in it.
    None,
    /// At least these.
    Some(Vec<ObjectKey>),
    /// It could not be searched completely: treated as if there were something.
    Unknown {
        /// Why, for people.
        reason: String,
    },
}

/// One read pass over everything a plan needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observation {
    /// Every key of desired ∪ inventory, of the external dependencies that [`super::needs`] names, and listed members that
    /// the inventory lacks. A key that is missing here counts as unreadable.
    pub objects: BTreeMap<ObjectKey, Observed>,
    /// Scope of every served kind that desired or inventory names.
    pub scopes: BTreeMap<GroupKind, Scope>,
    /// Kinds that a complete discovery lacks and that no CustomResourceDefinition or APIService in the cluster defines:
    /// objects of them cannot exist. May be left empty: then entries of unserved kinds are frozen.
    pub kinds_gone: BTreeSet<GroupKind>,
    /// Groups of kinds that a complete discovery lacks, and of which it has nothing else either: whoever brings them is not there.
    pub groups_absent: BTreeSet<Text>,
    /// State of the namespaces that desired objects live in. A missing one is unknown (forbidden to read), not absent.
    pub namespaces: BTreeMap<Text, NamespaceState>,
    /// For each Namespace that leaves the set: what others have in it (controller-owned objects, `kube-root-ca.crt` and
    /// the default ServiceAccount aside).
    pub foreign_content: BTreeMap<ObjectKey, Foreign>,
    /// For each CustomResourceDefinition that leaves the set: instances of it that are not ours.
    pub foreign_instances: BTreeMap<ObjectKey, Foreign>,
    /// Objects that a HorizontalPodAutoscaler in the cluster scales.
    pub scaled: BTreeSet<ObjectKey>,
    /// Versions of what the set uses and does not bring, of those that the inventory names; empty for what is not there.
    pub sources: BTreeMap<ObjectKey, String>,
    /// Other inventories in the cluster, to name them in messages.
    pub roots: BTreeMap<InventoryId, RootRef>,
    /// `roots` is complete: an owner that is not in it is gone.
    pub roots_complete: bool,
}

impl Observation {
    /// What was seen under `key`; a key that nobody read is unreadable, never absent.
    pub fn get(&self, key: &ObjectKey) -> &Observed {
        static UNREAD: LazyLock<Observed> =
            LazyLock::new(|| Observed::Unreadable { reason: "nobody looked for it".to_owned() });
        self.objects.get(key).unwrap_or(&UNREAD)
    }
}
