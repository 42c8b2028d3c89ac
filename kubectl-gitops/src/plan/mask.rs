//! Objects fit for eyes. Owns what is hidden: values of Secrets, what the API server writes for itself, and our own marks.

use serde_json::{Map, Value, json};

use super::desired::is_secret;
use crate::inventory::marks;

/// Fields of `metadata` that say nothing about what is wanted.
const NOISE: [&str; 7] = [
    "managedFields",
    "resourceVersion",
    "uid",
    "generation",
    "creationTimestamp",
    "selfLink",
    "deletionGracePeriodSeconds",
];

/// Annotations that copy the object or number its revisions.
const NOISY_ANNOTATIONS: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"];

/// A value that may be shown, or the size of one that may not.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// As it is.
    Value(Value),
    /// A secret value: only how long it is.
    Masked {
        /// Its length, decoded.
        bytes: usize,
    },
}

/// The object without noise; of a Secret, without values as well: they read `*** (24 bytes)`.
pub fn presentable(key: &krm::ObjectKey, object: &Value) -> Value {
    let mut object = quiet(object);
    if is_secret(key) {
        let data = super::secret::data(&object);
        let masked: Map<String, Value> =
            data.iter().map(|(name, value)| (name.clone(), json!(format!("*** ({} bytes)", value.len())))).collect();
        let top = object.as_object_mut().expect("quiet keeps an object an object");
        top.shift_remove("stringData");
        if !masked.is_empty() {
            top.insert("data".to_owned(), Value::Object(masked));
        }
    }
    object
}

/// An object before and after without noise, to be written to files. Values of a Secret read `***` where they stay, and tell that
/// they change where they do.
pub fn masked_pair(key: &krm::ObjectKey, before: Option<&Value>, after: Option<&Value>) -> [Option<Value>; 2] {
    let sides = [before, after].map(|side| side.map(quiet));
    if !is_secret(key) {
        return sides;
    }
    let held = sides.each_ref().map(|side| side.as_ref().map(super::secret::data).unwrap_or_default());
    let [mut before, mut after] = sides;
    for (side, own, other, word) in
        [(&mut before, &held[0], &held[1], "before"), (&mut after, &held[1], &held[0], "after")]
    {
        let Some(top) = side.as_mut().and_then(Value::as_object_mut) else { continue };
        let masked = |(name, value): (&String, &Vec<u8>)| {
            let changes = other.get(name).is_some_and(|other| other != value);
            (name.clone(), json!(if changes { format!("*** ({word})") } else { "***".to_owned() }))
        };
        let masked: Map<String, Value> = own.iter().map(masked).collect();
        top.shift_remove("stringData");
        top.shift_remove("data");
        if !masked.is_empty() {
            top.insert("data".to_owned(), Value::Object(masked));
        }
    }
    [before, after]
}

/// The object without noise, values of Secrets still in it.
pub(super) fn quiet(object: &Value) -> Value {
    let mut object = if object.is_object() { object.clone() } else { json!({}) };
    let top = object.as_object_mut().expect("it was just made sure of");
    top.shift_remove("status");
    let Some(metadata) = top.get_mut("metadata").and_then(Value::as_object_mut) else { return object };
    for name in NOISE {
        metadata.shift_remove(name);
    }
    for field in ["annotations", "labels"] {
        let Some(entries) = metadata.get_mut(field).and_then(Value::as_object_mut) else { continue };
        entries.retain(|name, _| !is_our_mark(name) && !NOISY_ANNOTATIONS.contains(&name.as_str()));
        if entries.is_empty() {
            metadata.shift_remove(field);
        }
    }
    object
}

/// Marks of membership; annotations by which users tell us something are no marks.
fn is_our_mark(name: &str) -> bool {
    matches!(name, marks::MEMBER_LABEL | marks::OWNER_ANNOTATION | marks::ADOPTED_ANNOTATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use krm::ObjectKey;

    #[test]
    fn what_is_shown_of_a_secret() {
        let secret = json!({"kind": "Secret", "metadata": {"name": "db", "uid": "u", "managedFields": [],
            "annotations": {"kubectl-gitops.dev/owner": "x", "kubectl.kubernetes.io/last-applied-configuration": "hunter2"},
            "labels": {"app": "web"}},
            "data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "topsecret"}, "status": {}});
        let shown = presentable(&ObjectKey::new("", "Secret", "shop", "db"), &secret);
        let expected = json!({"kind": "Secret", "metadata": {"name": "db", "labels": {"app": "web"}},
            "data": {"a": "*** (7 bytes)", "b": "*** (9 bytes)"}});
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_pair_tells_which_values_change() {
        let secret = |data: Value| json!({"kind": "Secret", "metadata": {"name": "db"}, "data": data});
        let key = ObjectKey::new("", "Secret", "shop", "db");
        let (before, after) = (
            secret(json!({"same": "YQ==", "other": "Yg==", "gone": "Yw=="})),
            secret(json!({"same": "YQ==", "other": "ZA==", "new": "ZQ=="})),
        );
        let [old, new] = masked_pair(&key, Some(&before), Some(&after)).map(|side| side.unwrap()["data"].clone());
        assert_eq!(old, json!({"gone": "***", "other": "*** (before)", "same": "***"}));
        assert_eq!(new, json!({"new": "***", "other": "*** (after)", "same": "***"}));
        let [none, alone] = masked_pair(&key, None, Some(&after));
        assert_eq!((none, alone.unwrap()["data"]["other"].clone()), (None, json!("***")));
    }

    #[test]
    fn other_kinds_keep_their_data() {
        let map = json!({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}});
        assert_eq!(presentable(&ObjectKey::new("", "ConfigMap", "shop", "a"), &map), map);
    }
}
