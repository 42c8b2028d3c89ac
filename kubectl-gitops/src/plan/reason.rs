//! Why a plan does what it does. Owns [`Reason`], [`Refusal`], [`Warning`], their stable codes and their words. Must not
//! hold values of fields: a reason is printed, and the object may be a Secret.

use std::fmt;

use krm::{GroupKind, ObjectKey, Text};

/// Why this deed. Printed as it is; [`Reason::code`] is the stable form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It does not exist.
    New,
    /// It was a member and somebody deleted it.
    Vanished,
    /// The manifest changed.
    Changed,
    /// The live object differs from what we applied.
    Drifted {
        /// Managers that changed fields since, if managedFields tell.
        by: Vec<String>,
    },
    /// No finished apply is on record (an interrupted run, a rebuilt inventory).
    Unconfirmed,
    /// Our marks were removed from a member.
    Unmarked,
    /// It existed before us and is taken over.
    Adopted {
        /// Whose fields are taken over.
        from: Vec<String>,
    },
    /// It belonged to another set, which the user named for it.
    Moved {
        /// That set's root.
        from: String,
    },
    /// Everything is applied in this run.
    FullRun,
    /// Nothing changed.
    Same,
    /// It is being deleted; it is created again afterwards.
    GoingAway,
    /// Its namespace is being deleted and created again.
    NamespaceGoingAway,
    /// An immutable field changes and its annotation allows recreation.
    ImmutableRecreate {
        /// The field.
        field: String,
    },
    /// Its kind is defined by another object of the set.
    KindArrives {
        /// The definition.
        definition: ObjectKey,
    },
    /// Nothing serves its kind yet, and something that this run starts may bring it.
    KindExpected {
        /// The kind.
        kind: GroupKind,
    },
    /// A Job that succeeded and was removed by its ttl does not run again until its manifest changes.
    JobDone,
    /// It exists and its annotation says create only.
    CreateOnly,
    /// Its annotation says that it is left alone.
    ReconcileDisabled,

    /// It is no longer in the set.
    LeftSet,
    /// An interrupted run created it, and it is not in the set.
    Stray,
    /// The whole set is deleted.
    SetDeleted,
    /// It is gone already.
    Gone,
    /// Its kind is gone, and its objects with it.
    KindGone,
    /// Another object has its name now.
    Replaced,
    /// It is the object of a desired key under another API group.
    SameObject {
        /// The desired key.
        key: ObjectKey,
    },
    /// Somebody else owns it now.
    OwnedElsewhere {
        /// The inventory, by its root where known.
        owner: String,
    },
    /// Our owner annotation is no longer on it: it is not ours to delete.
    Released,
    /// A controller owns it now.
    ControllerOwned {
        /// The controller's object.
        owner: String,
    },
    /// Its annotation says that it is handed over when it leaves the set.
    Disowned {
        /// The annotation.
        annotation: &'static str,
    },

    /// An annotation keeps it.
    Protected {
        /// The annotation.
        annotation: &'static str,
    },
    /// Pruning is off in this run.
    PruneOff,
    /// The inventory was rebuilt in this run.
    Rebuilt,
    /// A namespace that others use.
    NamespaceInUse {
        /// What was found, or why it could not be searched.
        found: String,
    },
    /// A definition whose objects others use.
    DefinitionInUse {
        /// What was found, or why it could not be searched.
        found: String,
    },
    /// It holds data.
    Volume,
    /// A namespace of the cluster itself.
    SystemNamespace,
    /// It could not be read; its entry is frozen.
    Unreadable {
        /// Why.
        why: String,
    },
    /// Its kind is not served now; its entry is frozen.
    KindNotServed,

    /// Another inventory owns it.
    OtherInventory {
        /// By its root where known, else by its id.
        owner: String,
        /// Its root no longer exists.
        gone: bool,
    },
    /// Another tool owns it.
    OtherTool {
        /// The tool and its name for the owner: `Helm release shop/web`.
        tool: String,
    },
    /// K3s writes it at each start.
    K3sAddon {
        /// The addon.
        addon: String,
    },
    /// It exists, and the policy does not adopt it.
    NotAdopted {
        /// Who manages it.
        managers: Vec<String>,
    },
    /// Another manager applies the same fields with other values.
    Conflict {
        /// The manager.
        manager: String,
        /// The fields.
        fields: Vec<String>,
    },
    /// An immutable field changes.
    Immutable {
        /// The field.
        field: String,
        /// Recreation could be allowed by annotation (never for claims, definitions and namespaces).
        recreatable: bool,
    },
    /// The API server refuses it, as its dry run says.
    Rejected {
        /// The server's words; those about a Secret are hidden before they get here.
        message: String,
    },
    /// Nothing serves its kind and nothing in the set defines it.
    KindUnknown {
        /// The kind.
        kind: GroupKind,
    },
    /// Its namespace does not exist.
    NamespaceMissing {
        /// The namespace.
        namespace: Text,
    },
    /// Its namespace is being deleted and is not in the set.
    NamespaceTerminating {
        /// The namespace.
        namespace: Text,
    },
    /// Its kind lives in namespaces and it names none.
    NeedsNamespace,
    /// Its kind has no namespaces and it names one.
    HasNamespace,
    /// It has no name.
    Nameless,
    /// A value that cannot be stored. The value itself stays out: it may be a secret.
    Misfit {
        /// Where.
        field: String,
        /// What belongs there.
        wanted: String,
    },
    /// Its annotation names what is no field, or none that can be given away.
    NoField {
        /// The part.
        part: String,
    },
    /// An annotation that says what healthy means holds no expression.
    NoExpression {
        /// The annotation.
        annotation: &'static str,
        /// What is wrong with it.
        error: String,
    },
    /// Two objects of the set are the same.
    Duplicate {
        /// Where the other one comes from.
        other: String,
    },
    /// It is the inventory itself.
    Inventory,
    /// A dependency it names is neither in the set nor in the cluster.
    DependencyMissing {
        /// The dependency.
        dependency: ObjectKey,
    },
    /// Its depends-on annotation cannot be read.
    DependencyMalformed {
        /// The part.
        part: String,
    },
    /// It depends on itself by way of these.
    DependencyCycle {
        /// The cycle, first object repeated last.
        cycle: Vec<ObjectKey>,
    },
}

/// What kind of refusal it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The input is wrong: exit 2.
    Input,
    /// The cluster could not be read: exit 6.
    Unreachable,
    /// A guard or another owner: exit 3.
    Guard,
}

/// Why nothing at all is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Some objects are refused; their actions say why.
    Objects {
        /// How many.
        refused: usize,
        /// The gravest class among them.
        class: Class,
    },
    /// The set is empty and the inventory is not.
    EmptySet {
        /// Members that would be deleted.
        members: usize,
    },
    /// Most of the set would be deleted.
    TooManyPrunes {
        /// Deletions.
        prunes: usize,
        /// Members.
        members: usize,
    },
}

impl Refusal {
    /// Its class.
    pub const fn class(&self) -> Class {
        match self {
            Self::Objects { class, .. } => *class,
            Self::EmptySet { .. } | Self::TooManyPrunes { .. } => Class::Guard,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Objects { .. } => None,
            Self::EmptySet { .. } => {
                Some("to delete everything, use `kubectl gitops delete NAME`, or pass `--allow-empty` once".to_owned())
            }
            Self::TooManyPrunes { prunes, .. } => Some(format!(
                "if this is wanted, run once with `--allow-prune={prunes}`, or put `kubectl-gitops.dev/allow-prune: \"{prunes}\"` on an object of the set"
            )),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Objects { refused: 1, .. } => f.write_str("1 object is refused"),
            Self::Objects { refused, .. } => write!(f, "{refused} objects are refused"),
            Self::EmptySet { members } => {
                write!(f, "the set is empty, this run would delete all {members} objects of its inventory")
            }
            Self::TooManyPrunes { prunes, members } => {
                write!(f, "this run would delete {prunes} of {members} objects")
            }
        }
    }
}

/// What the user should know though nothing stops.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The object, if it is about one.
    pub key: Option<ObjectKey>,
    /// One sentence without a full stop.
    pub text: String,
}
