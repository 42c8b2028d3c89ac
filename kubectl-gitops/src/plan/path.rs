//! Field paths as people read them: `spec.template.spec.containers[name=web].image`. Owns their spelling.

use serde_json::{Map, Value};

/// `path.name`; a name that would not read as one step is bracketed: `metadata.annotations[example.com/x]`.
pub(super) fn member(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match (plain, path.is_empty()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{name}]"),
    }
}

/// `path[name=web]`, `path[containerPort=80,protocol=TCP]`
pub(super) fn item(path: &str, keys: &Map<String, Value>) -> String {
    let pairs: Vec<String> = keys.iter().map(|(name, value)| format!("{name}={}", scalar(value))).collect();
    format!("{path}[{}]", pairs.join(","))
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One step of a field set appended to a path.
pub(super) fn fieldsv1_step(path: &str, step: &str) -> String {
    match step.split_once(':') {
        Some(("f", name)) => member(path, name),
        Some(("k", keys)) => match serde_json::from_str::<Value>(keys) {
            Ok(Value::Object(keys)) => item(path, &keys),
            _ => format!("{path}[{keys}]"),
        },
        Some((_, rest)) => format!("{path}[{rest}]"),
        None => path.to_owned(),
    }
}
