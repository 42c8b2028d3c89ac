//! What the cluster held when it was read, once; then frozen. Owns [`Observed`], [`Live`] and [`Observation`].
//! "Could not read" is never "absent".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use krm::{GroupKind, Gvk, ObjectKey, Text};
use serde_json::Value;

use crate::inventory::{InventoryId, RootRef, marks};

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

/// An object as the API server returned it, with a uid and a resourceVersion.
#[derive(Clone, PartialEq)]
pub struct Live {
    object: Value,
}

/// The answer lacks what every stored object has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an object without `metadata.{field}` cannot be a stored object")]
pub struct NotStored {
    /// The missing field.
    pub field: &'static str,
}

/// One entry of `metadata.managedFields`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manager<'a> {
    /// The manager's name.
    pub name: &'a str,
    /// Apply, or Update for everything else.
    pub applies: bool,
    /// Empty for the object itself, else `status`, `scale`, ….
    pub subresource: &'a str,
    /// The API version its paths are written in.
    pub api_version: &'a str,
    /// When it last changed something; empty if unknown.
    pub time: &'a str,
    /// The field set.
    pub fields: &'a Value,
}

impl Manager<'_> {
    /// Is it our own apply.
    pub fn is_ours(&self) -> bool {
        self.applies && self.name == marks::FIELD_MANAGER && self.subresource.is_empty()
    }
}

impl Live {
    /// Checks that it is a stored object.
    pub fn new(object: Value) -> Result<Self, NotStored> {
        for field in ["name", "uid", "resourceVersion"] {
            let filled = object.get("metadata").and_then(|m| m.get(field)).and_then(Value::as_str);
            if filled.is_none_or(str::is_empty) {
                return Err(NotStored { field });
            }
        }
        Ok(Self { object })
    }

    /// The whole object. May be a Secret: keep it out of output.
    pub const fn object(&self) -> &Value {
        &self.object
    }

    fn metadata(&self, field: &str) -> &str {
        self.object.get("metadata").and_then(|m| m.get(field)).and_then(Value::as_str).unwrap_or_default()
    }

    /// `metadata.uid`
    pub fn uid(&self) -> &str {
        self.metadata("uid")
    }

    /// `metadata.resourceVersion`
    pub fn resource_version(&self) -> &str {
        self.metadata("resourceVersion")
    }

    /// Type, with the version it was read in.
    pub fn gvk(&self) -> Gvk {
        let text = |field: &str| self.object.get(field).and_then(Value::as_str).unwrap_or_default();
        Gvk::from_api_version(text("apiVersion"), text("kind"))
    }

    /// Its identity.
    pub fn key(&self) -> ObjectKey {
        let gvk = self.gvk();
        ObjectKey::new(gvk.group, gvk.kind, self.metadata("namespace"), self.metadata("name"))
    }

    /// The inventory id in our owner annotation.
    pub fn owner(&self) -> Option<&str> {
        self.annotation(marks::OWNER_ANNOTATION)
    }

    /// One annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        marks::annotation(&self.object, name)
    }

    /// One label.
    pub fn label(&self, name: &str) -> Option<&str> {
        marks::label(&self.object, name)
    }

    /// `metadata.deletionTimestamp`: it is going away, whatever else it says.
    pub fn deletion_timestamp(&self) -> Option<&str> {
        Some(self.metadata("deletionTimestamp")).filter(|time| !time.is_empty())
    }

    /// `metadata.finalizers`
    pub fn finalizers(&self) -> Vec<&str> {
        let list = self.object.pointer("/metadata/finalizers").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The owner that controls it (`Kind/name`): such an object is made by a controller and never a member.
    pub fn controller_owner(&self) -> Option<String> {
        let owners = self.object.pointer("/metadata/ownerReferences")?.as_array()?;
        let owner = owners.iter().find(|o| o.get("controller").and_then(Value::as_bool) == Some(true))?;
        let text = |field: &str| owner.get(field).and_then(Value::as_str).unwrap_or_default();
        Some(format!("{}/{}", text("kind"), text("name")))
    }

    /// Who owns fields of it.
    pub fn managers(&self) -> Vec<Manager<'_>> {
        let entries = self.object.pointer("/metadata/managedFields").and_then(Value::as_array);
        entries.into_iter().flatten().map(manager).collect()
    }

    /// Our own apply entry.
    pub fn our_fields(&self) -> Option<Manager<'_>> {
        self.managers().into_iter().find(Manager::is_ours)
    }
}

fn manager(entry: &Value) -> Manager<'_> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
    Manager {
        name: text("manager"),
        applies: text("operation") == "Apply",
        subresource: text("subresource"),
        api_version: text("apiVersion"),
        time: text("time"),
        fields: entry.get("fieldsV1").unwrap_or(&Value::Null),
    }
}

/// The content stays out: it may be a Secret's.
impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("key", &self.key().to_string())
            .field("uid", &self.uid())
            .field("resource_version", &self.resource_version())
            .finish_non_exhaustive()
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
