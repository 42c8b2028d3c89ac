//! A live object. Owns [`Live`]: what every run asks of every member is at hand, the rest is packed until somebody asks, so
//! that a set of thousands of objects fits into little memory.

use std::fmt;
use std::sync::OnceLock;

use krm::{Gvk, ObjectKey, Text};
use serde_json::Value;

use crate::inventory::Digest;
use crate::inventory::digest::live_digest;
use crate::inventory::marks::{self, Marked};

/// An object as the API server returned it, with a uid and a resourceVersion.
#[derive(Clone)]
pub struct Live {
    head: Box<Head>,
    /// All of it, as JSON.
    text: Box<[u8]>,
    /// The same, once somebody asked for it.
    object: OnceLock<Box<Value>>,
}

/// What is asked of every member in every run.
#[derive(Clone)]
struct Head {
    api_version: Text,
    kind: Text,
    namespace: Text,
    name: Text,
    uid: Text,
    resource_version: Text,
    deletion_timestamp: Text,
    labels: Box<[Mark]>,
    annotations: Box<[Mark]>,
    controller: Option<String>,
    digest: Option<Digest>,
}

/// A label or an annotation; one whose value is long, or no text, is looked up in the object.
#[derive(Clone)]
struct Mark {
    name: Text,
    value: Option<Text>,
}

/// Longer values are not kept twice: what they hold is not what we look for in every object.
const MARK_BYTES_MAX: usize = 256;

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
    #[expect(clippy::needless_pass_by_value, reason = "it is packed here: nobody is to hold it in both forms")]
    pub fn new(object: Value) -> Result<Self, NotStored> {
        let head = Head::of(&object);
        for (field, text) in [("name", &head.name), ("uid", &head.uid), ("resourceVersion", &head.resource_version)] {
            if text.is_empty() {
                return Err(NotStored { field });
            }
        }
        let text = serde_json::to_vec(&object).expect("a JSON value always has a text").into_boxed_slice();
        Ok(Self { head: Box::new(head), text, object: OnceLock::new() })
    }

    /// The whole object. May be a Secret: keep it out of output. What is asked for once is held from then on.
    pub fn object(&self) -> &Value {
        self.object.get_or_init(|| Box::new(self.read()))
    }

    /// The same, not held: for what is asked of many objects.
    pub fn read(&self) -> Value {
        serde_json::from_slice(&self.text).expect("it was written from a value")
    }

    /// `metadata.uid`
    pub fn uid(&self) -> &str {
        &self.head.uid
    }

    /// `metadata.resourceVersion`
    pub fn resource_version(&self) -> &str {
        &self.head.resource_version
    }

    /// Type, with the version it was read in.
    pub fn gvk(&self) -> Gvk {
        Gvk::from_api_version(&self.head.api_version, &self.head.kind)
    }

    /// Its identity.
    pub fn key(&self) -> ObjectKey {
        let gvk = self.gvk();
        ObjectKey::new(gvk.group, gvk.kind, self.head.namespace.clone(), self.head.name.clone())
    }

    /// The inventory id in our owner annotation.
    pub fn owner(&self) -> Option<&str> {
        self.annotation(marks::OWNER_ANNOTATION)
    }

    /// One annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        let found = self.head.annotations.iter().find(|mark| mark.name == name)?;
        found.value.as_deref().or_else(|| marks::annotation(self.object(), name))
    }

    /// One label.
    pub fn label(&self, name: &str) -> Option<&str> {
        let found = self.head.labels.iter().find(|mark| mark.name == name)?;
        found.value.as_deref().or_else(|| marks::label(self.object(), name))
    }

    /// `metadata.deletionTimestamp`: it is going away, whatever else it says.
    pub fn deletion_timestamp(&self) -> Option<&str> {
        Some(self.head.deletion_timestamp.as_str()).filter(|time| !time.is_empty())
    }

    /// Digest of the live values that we own; none if we own nothing of it.
    pub fn digest(&self) -> Option<Digest> {
        self.head.digest
    }

    /// The owner that controls it (`Kind/name`): such an object is made by a controller and never a member.
    pub fn controller_owner(&self) -> Option<&str> {
        self.head.controller.as_deref()
    }

    /// `metadata.finalizers`
    pub fn finalizers(&self) -> Vec<&str> {
        let list = self.object().pointer("/metadata/finalizers").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Who owns fields of it.
    pub fn managers(&self) -> Vec<Manager<'_>> {
        let entries = self.object().pointer("/metadata/managedFields").and_then(Value::as_array);
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

impl Head {
    fn of(object: &Value) -> Self {
        let metadata = object.get("metadata").unwrap_or(&Value::Null);
        let text =
            |value: &Value, field: &str| Text::from(value.get(field).and_then(Value::as_str).unwrap_or_default());
        Self {
            api_version: text(object, "apiVersion"),
            kind: text(object, "kind"),
            namespace: text(metadata, "namespace"),
            name: text(metadata, "name"),
            uid: text(metadata, "uid"),
            resource_version: text(metadata, "resourceVersion"),
            deletion_timestamp: text(metadata, "deletionTimestamp"),
            labels: found_marks(metadata.get("labels")),
            annotations: found_marks(metadata.get("annotations")),
            controller: controller(metadata),
            digest: live_digest(object),
        }
    }
}

fn found_marks(map: Option<&Value>) -> Box<[Mark]> {
    let short = |value: &Value| value.as_str().filter(|text| text.len() <= MARK_BYTES_MAX).map(Text::from);
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.map(|(name, value)| Mark { name: Text::from(name), value: short(value) }).collect()
}

fn controller(metadata: &Value) -> Option<String> {
    let owners = metadata.get("ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|o| o.get("controller").and_then(Value::as_bool) == Some(true))?;
    let text = |field: &str| owner.get(field).and_then(Value::as_str).unwrap_or_default();
    Some(format!("{}/{}", text("kind"), text("name")))
}

impl Marked for Live {
    fn annotation(&self, name: &str) -> Option<&str> {
        Self::annotation(self, name)
    }

    fn label(&self, name: &str) -> Option<&str> {
        Self::label(self, name)
    }
}

impl PartialEq for Live {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text || self.object() == other.object()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_at_hand_is_what_the_object_says() {
        let long = "x".repeat(MARK_BYTES_MAX + 1);
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "n", "name": "a", "uid": "u",
            "resourceVersion": "7", "deletionTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"app": "web"}, "annotations": {"long": long, "odd": 1, marks::OWNER_ANNOTATION: "me"},
            "ownerReferences": [{"kind": "X", "name": "no"}, {"kind": "Set", "name": "b", "controller": true}],
            "managedFields": [{"manager": "kubectl-gitops", "operation": "Apply", "apiVersion": "apps/v1",
                "fieldsV1": {"f:spec": {"f:replicas": {}}}}]}, "spec": {"replicas": 3}});
        let live = Live::new(object.clone()).unwrap();
        assert_eq!((live.uid(), live.resource_version(), live.owner()), ("u", "7", Some("me")));
        assert_eq!(live.key(), ObjectKey::new("apps", "Deployment", "n", "a"));
        assert_eq!(live.deletion_timestamp(), Some("2026-01-01T00:00:00Z"));
        assert_eq!((live.label("app"), live.label("none")), (Some("web"), None));
        assert_eq!((live.annotation("long"), live.annotation("odd")), (Some(long.as_str()), None));
        assert_eq!(live.controller_owner(), Some("Set/b"));
        assert_eq!(live.digest(), live_digest(&object));
        assert!(live.digest().is_some() && live.our_fields().is_some());
        assert_eq!((live.read(), live.object()), (object.clone(), &object));
    }

    #[test]
    fn what_is_no_stored_object_is_none() {
        for (object, field) in [
            (json!(null), "name"),
            (json!({"metadata": {"name": ""}}), "name"),
            (json!({"metadata": {"name": "a", "uid": 5}}), "uid"),
            (json!({"metadata": {"name": "a", "uid": "u"}}), "resourceVersion"),
        ] {
            assert_eq!(Live::new(object).unwrap_err(), NotStored { field });
        }
    }
}
