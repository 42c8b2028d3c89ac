//! Values of labels, annotations, ConfigMaps and Secrets that an API server cannot store. Owns finding them before anything is written: the server
//! answers some of them with an internal error that says nothing, and only after other objects were applied.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krm::ObjectKey;
use serde_json::Value;

use super::path;
use super::reason::Reason;

/// The first such value.
pub(super) fn misfit(key: &ObjectKey, manifest: &Value) -> Option<Reason> {
    let fields: &[(&str, &str)] = match (key.group.as_str(), key.kind.as_str()) {
        ("", "ConfigMap") => &[("data", TEXT), ("binaryData", BASE64)],
        ("", "Secret") => &[("data", BASE64), ("stringData", TEXT)],
        _ => &[],
    };
    let first = |values: &Value, field: &str, wanted: &str| {
        let (name, _) = values.as_object()?.iter().find(|(_, value)| !fits(value, wanted))?;
        Some(Reason::Misfit { field: path::member(field, name), wanted: wanted.to_owned() })
    };
    let metadata = ["labels", "annotations"]
        .into_iter()
        .find_map(|field| first(manifest.get("metadata")?.get(field)?, &path::member("metadata", field), TEXT));
    metadata.or_else(|| fields.iter().find_map(|(field, wanted)| first(manifest.get(field)?, field, wanted)))
}

const TEXT: &str = "text (in quotes)";
const BASE64: &str = "base64";

/// Null is as good as absent. Line breaks in base64 are what folded YAML makes of it, and servers allow them.
fn fits(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) if wanted == BASE64 => {
            let joined: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            STANDARD.decode(joined).is_ok()
        }
        Value::Null | Value::String(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_no_server_stores() {
        for (kind, manifest, expected) in [
            ("ConfigMap", json!({"data": {"a": "1", "b": null}}), None),
            ("ConfigMap", json!({"data": {"port": 80}}), Some("data.port must be text (in quotes)")),
            ("ConfigMap", json!({"data": {"tls.crt": true}}), Some("data[tls.crt] must be text (in quotes)")),
            ("ConfigMap", json!({"binaryData": {"a": "%"}}), Some("binaryData.a must be base64")),
            ("Secret", json!({"data": {"a": "aHVu\ndGVyMg==\n"}}), None),
            ("Secret", json!({"data": {"a": "hunter2"}}), Some("data.a must be base64")),
            ("Secret", json!({"data": {"a": 1}}), Some("data.a must be base64")),
            ("Secret", json!({"stringData": {"a": 1}}), Some("stringData.a must be text (in quotes)")),
            ("Pod", json!({"data": {"a": 1}}), None),
            (
                "Pod",
                json!({"metadata": {"labels": {"app": "x"}, "annotations": {"example.com/on": true}}}),
                Some("metadata.annotations[example.com/on] must be text (in quotes)"),
            ),
            (
                "Pod",
                json!({"metadata": {"labels": {"release": 7}, "annotations": null}}),
                Some("metadata.labels.release must be text (in quotes)"),
            ),
        ] {
            let found = misfit(&ObjectKey::new("", kind, "n", "x"), &manifest).map(|reason| reason.to_string());
            assert_eq!(found.as_deref(), expected, "{kind} {manifest}");
        }
        let other = ObjectKey::new("x.io", "Secret", "n", "x");
        assert_eq!(misfit(&other, &json!({"data": {"a": 1}})), None);
    }
}
