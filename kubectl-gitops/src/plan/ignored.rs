//! Fields that the set gives away: they are set when the object is created; once somebody else owns one, it is left out of what is
//! applied, and whatever happens to it is no drift. While nobody else does, leaving it out would remove it.

use serde_json::Value;

use super::live::{Live, Manager};
use crate::inventory::digest::fieldsv1_child;
use crate::inventory::given::{child, pointers};

/// Takes those out of the manifest that somebody else owns now.
pub(super) fn leave_out(manifest: &mut Value, live: &Live) {
    let managers = live.managers();
    let others: Vec<&Manager<'_>> =
        managers.iter().filter(|manager| !manager.is_ours() && manager.subresource != "status").collect();
    for steps in pointers(manifest).unwrap_or_default() {
        if others.iter().any(|other| owns(other.fields, manifest, &steps)) {
            remove(manifest, &steps);
        }
    }
}

/// Does a field set hold the field, or anything below it?
fn owns(fields: &Value, value: &Value, steps: &[String]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    let Some(child) = child(value, step) else { return false };
    let Some(map) = fields.as_object() else { return false };
    // A list that belongs to somebody as a whole, or a map.
    if map.is_empty() {
        return true;
    }
    map.iter().any(|(name, below)| {
        let same = match value {
            Value::Object(_) => name.strip_prefix("f:") == Some(step),
            // The item of the list that this name of the field set means.
            _ => fieldsv1_child(value, name).is_some_and(|found| std::ptr::eq(found, child)),
        };
        same && owns(below, child, rest)
    })
}

fn remove(manifest: &mut Value, steps: &[String]) {
    let Some((last, parents)) = steps.split_last() else { return };
    let parent = parents.iter().try_fold(manifest, |value, step| match value {
        Value::Object(map) => map.get_mut(step),
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    });
    // An item of a list is named by its place: without it the others would have other names.
    if let Some(Value::Object(map)) = parent {
        map.shift_remove(last);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inventory::marks;

    fn wanted(ignored: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "annotations": {marks::IGNORE_FIELDS_ANNOTATION: ignored, "a/b": "x"}},
            "spec": {"replicas": 2, "paused": false, "template": {"spec": {"containers": [
                {"name": "web", "image": "web:1"}, {"name": "side", "image": "side:1"}]}}}})
    }

    fn live(manager: &str, operation: &str, fields: &Value) -> Live {
        Live::new(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "uid": "u",
            "resourceVersion": "1", "managedFields": [{"manager": manager, "operation": operation, "fieldsV1": fields}]}}))
        .unwrap()
    }

    #[test]
    fn what_somebody_else_owns_is_left_out_and_nothing_else() {
        let image =
            json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"side\"}": {"f:image": {}}}}}}});
        let replicas = json!({"f:spec": {"f:replicas": {}}});
        let annotation = json!({"f:metadata": {"f:annotations": {"f:a/b": {}}}});
        for (ignored, manager, operation, fields, removed) in [
            ("/spec/replicas", "kubectl", "Update", &replicas, Some("/spec/replicas")),
            ("/spec/replicas", "operator", "Apply", &replicas, Some("/spec/replicas")),
            ("/spec/replicas", marks::FIELD_MANAGER, "Apply", &replicas, None),
            ("/spec/paused, /spec/replicas", "x", "Update", &replicas, Some("/spec/replicas")),
            ("/spec/paused", "x", "Update", &replicas, None),
            (
                "/spec/template/spec/containers/1/image",
                "x",
                "Update",
                &image,
                Some("/spec/template/spec/containers/1/image"),
            ),
            ("/spec/template/spec/containers/0/image", "x", "Update", &image, None),
            ("/spec/template/spec/containers", "x", "Update", &image, Some("/spec/template/spec/containers")),
            ("/metadata/annotations/a~1b", "x", "Update", &annotation, Some("/metadata/annotations/a~1b")),
            ("/spec/none", "x", "Update", &replicas, None),
        ] {
            let mut manifest = wanted(ignored);
            leave_out(&mut manifest, &live(manager, operation, fields));
            let mut expected = wanted(ignored);
            if let Some(path) = removed {
                remove(&mut expected, &pointers(&wanted(path)).unwrap()[0]);
                assert_eq!(manifest.pointer(path), None, "{ignored}");
            }
            assert_eq!(manifest, expected, "{ignored} {manager}");
        }
    }
}
