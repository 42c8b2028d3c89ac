//! Fields that a set gives away: `kubectl-gitops.dev/ignore-fields` names them by JSON pointers. Owns what may be given away and where it
//! is in an object; must not know what follows from that.

use serde_json::Value;

use super::marks::{self, annotation};

/// Nobody gives these away: they make the object what it is.
const IDENTITY: [&str; 4] = ["apiVersion", "kind", "metadata", "status"];

/// The pointers of an object's annotation, taken apart.
///
/// # Errors
/// The part that is none.
pub fn pointers(object: &Value) -> Result<Vec<Vec<String>>, String> {
    let text = annotation(object, marks::IGNORE_FIELDS_ANNOTATION).unwrap_or_default();
    let parts = text.split([',', '\n']).map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| pointer(part).ok_or_else(|| part.to_owned())).collect()
}

fn pointer(text: &str) -> Option<Vec<String>> {
    let steps: Vec<String> =
        text.strip_prefix('/')?.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let (first, rest) = steps.split_first()?;
    let marks = first == "metadata" && matches!(rest.first().map(String::as_str), Some("labels" | "annotations"));
    let whole =
        steps.iter().any(String::is_empty) || (IDENTITY.contains(&first.as_str()) && !(marks && rest.len() == 2));
    let ours = rest.get(1).is_some_and(|name| marks && name.starts_with(marks::PREFIX));
    (!whole && !ours).then_some(steps)
}

/// One step of a pointer.
pub fn child<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

/// What an object has in the fields that it gives away, one for each; none where it has no such field.
pub(super) fn values(object: &Value) -> Vec<Option<&Value>> {
    let all = pointers(object).unwrap_or_default();
    let found = |steps: &Vec<String>| steps.iter().try_fold(object, |value, step| child(value, step));
    all.iter().map(found).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(ignored: &str) -> Value {
        json!({"metadata": {"annotations": {marks::IGNORE_FIELDS_ANNOTATION: ignored, "a/b": "x"}}, "spec": {"list": [1, 2]}})
    }

    #[test]
    fn what_makes_an_object_cannot_be_given_away() {
        for text in [
            "/metadata/name",
            "/kind",
            "/metadata",
            "/metadata/labels",
            "/status/x",
            "spec",
            "/",
            "/spec//x",
            "/metadata/annotations/kubectl-gitops.dev~1owner",
            "/metadata/labels/kubectl-gitops.dev~1inventory",
        ] {
            assert_eq!(pointers(&object(text)), Err(text.to_owned()));
        }
        assert_eq!(pointers(&object("/spec/replicas,\n/spec/paused\n")).unwrap().len(), 2);
        assert_eq!(pointers(&json!({})).unwrap().len(), 0);
    }

    #[test]
    fn values_are_found_by_their_pointers() {
        let object = object("/metadata/annotations/a~1b, /spec/list/1, /spec/none");
        assert_eq!(values(&object), [Some(&json!("x")), Some(&json!(2)), None]);
    }
}
