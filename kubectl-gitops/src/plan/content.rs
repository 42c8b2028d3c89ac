//! Which ConfigMaps and Secrets get another content, so that pods that use them have an old one. Owns that comparison; labels and
//! annotations are no content. What is created is no change: nothing could use it before.

use std::collections::BTreeMap;

use krm::ObjectKey;
use serde_json::Value;

use super::action::{Action, Deed};
use super::live::Live;
use super::observed::{Observation, Observed};
use super::{is_secret, secret};

/// Is it a ConfigMap or Secret?
pub fn is_config(key: &ObjectKey) -> bool {
    is_secret(key) || (key.group.is_empty() && key.kind == "ConfigMap")
}

/// Does this action change what pods read?
pub(super) fn changes_content(action: &Action, observation: &Observation) -> bool {
    let takeover = match &action.deed {
        Deed::Update { takeover, .. } => *takeover,
        Deed::Recreate { terminating, .. } => !terminating,
        _ => return false,
    };
    let (Some(body), Observed::Present(live)) = (&action.body, observation.get(&action.key)) else { return false };
    is_config(&action.key) && differs(&body.manifest.open(), live, takeover)
}

/// A value that is other than it will be, or one that goes. What others wrote beside ours stays, and is no difference.
fn differs(manifest: &Value, live: &Live, takeover: bool) -> bool {
    let (wanted, actual) = (content(manifest), content(live.object()));
    let ours = live.our_fields();
    let owned = |(field, key): &(&'static str, String)| {
        ours.as_ref()
            .is_some_and(|ours| ours.fields.get(format!("f:{field}")).and_then(|f| f.get(format!("f:{key}"))).is_some())
    };
    wanted.iter().any(|(place, value)| actual.get(place) != Some(value))
        || actual.keys().any(|place| !wanted.contains_key(place) && (takeover || owned(place)))
}

type Content = BTreeMap<(&'static str, String), Vec<u8>>;

/// By field and key.
fn content(object: &Value) -> Content {
    if object.get("kind").is_some_and(|kind| kind == "Secret") {
        return secret::data(object).into_iter().map(|(key, value)| (("data", key), value)).collect();
    }
    let mut all = Content::new();
    for field in ["data", "binaryData"] {
        let members = object.get(field).and_then(Value::as_object).into_iter().flatten();
        // Base64 is broken into lines by builds, never by the API server.
        let text = |value: &Value| match value.as_str() {
            Some(text) if field == "binaryData" => text.split_whitespace().collect::<String>().into_bytes(),
            Some(text) => text.as_bytes().to_vec(),
            None => value.to_string().into_bytes(),
        };
        all.extend(members.map(|(key, value)| ((field, key.clone()), text(value))));
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(kind: &str, data: &Value, ours: &Value) -> Live {
        Live::new(json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "namespace": "n", "uid": "u",
            "resourceVersion": "1", "labels": {"x": "y"}, "managedFields": [{"manager": "kubectl-gitops", "operation": "Apply",
            "apiVersion": "v1", "fieldsV1": {"f:data": ours}}]}, "data": data}))
        .unwrap()
    }

    #[test]
    fn only_what_pods_read_is_content() {
        let ours = json!({"f:a": {}});
        // Live data, wanted data, taken over, changed.
        let cases = [
            (json!({"a": "eA=="}), json!({"a": "eA=="}), false, false),
            (json!({"a": "eA=="}), json!({"a": "eQ=="}), false, true),
            (json!({"a": "eA=="}), json!({"a": "eA==", "b": "eA=="}), false, true),
            (json!({"a": "eA==", "b": "eA=="}), json!({"b": "eA=="}), false, true),
            (json!({"a": "eA==", "theirs": "eA=="}), json!({"a": "eA=="}), false, false),
            (json!({"a": "eA==", "kubectl": "eA=="}), json!({"a": "eA=="}), true, true),
            (json!({}), json!({}), true, false),
        ];
        for kind in ["Secret", "ConfigMap"] {
            for (data, wanted, takeover, expected) in &cases {
                let manifest =
                    json!({"apiVersion": "v1", "kind": kind, "metadata": {"labels": {"x": "z"}}, "data": wanted});
                let found = differs(&manifest, &live(kind, data, &ours), *takeover);
                assert_eq!(found, *expected, "{kind} {data} {wanted} {takeover}");
            }
        }
    }
}
