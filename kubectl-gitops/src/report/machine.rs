//! The report for programs: one JSON or YAML document, a stream of JSON lines, or names. Owns the forms; adds no facts.

use krm::ObjectKey;
use serde_json::{Value, json};

use super::model::{Op, Report, SCHEMA};
use crate::error::{CliError, Code, Result};

/// One JSON document.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| CliError::new(Code::Bug, error))?;
    text.push('\n');
    Ok(text)
}

/// The same document as YAML.
pub(super) fn to_yaml(value: &impl serde::Serialize) -> Result<String> {
    let value = serde_json::to_value(value).map_err(|error| CliError::new(Code::Bug, error))?;
    let mut text = String::new();
    krm::yaml::emit_build(&krm::yaml::from_json(&value), &mut text).map_err(|error| CliError::new(Code::Bug, error))?;
    Ok(text)
}

/// The first line of every stream: readers refuse a major version that they do not know.
pub(super) fn stream_head() -> String {
    line(&json!({ "type": "version", "schema": SCHEMA, "kubectlGitops": env!("CARGO_PKG_VERSION") }))
}

/// One line of a stream.
pub(super) fn line(value: &Value) -> String {
    format!("{value}\n")
}

/// The last lines of a stream: each action (unless they were streamed), then the summary without them.
pub(super) fn stream_tail(report: &Report, with_actions: bool) -> Result<String> {
    let mut summary = serde_json::to_value(report).map_err(|error| CliError::new(Code::Bug, error))?;
    let mut text = String::new();
    if let Some(map) = summary.as_object_mut() {
        let actions = map.shift_remove("actions");
        for action in actions.as_ref().and_then(Value::as_array).into_iter().flatten().filter(|_| with_actions) {
            text.push_str(&line(&typed("action", action)));
        }
    }
    text.push_str(&line(&typed("summary", &summary)));
    Ok(text)
}

/// `value` with its type in front.
pub(super) fn typed(kind: &str, value: &Value) -> Value {
    let mut map = serde_json::Map::new();
    map.insert("type".to_owned(), kind.into());
    map.extend(value.as_object().cloned().unwrap_or_default());
    Value::Object(map)
}

/// kubectl's form, one object per line: `deployment.apps/web`.
pub(super) fn names(report: &Report) -> String {
    let told = |op: Op| !matches!(op, Op::Keep | Op::Forget | Op::Refuse | Op::Skip | Op::Fail);
    report.actions.iter().filter(|line| told(line.op)).map(|line| kubectl_name(&line.object.0) + "\n").collect()
}

/// The same for what would change.
pub(super) fn changed_names(report: &Report) -> String {
    let changed = report.actions.iter().filter(|line| line.op.changes());
    changed.map(|line| kubectl_name(&line.object.0) + "\n").collect()
}

/// `deployment.apps/web`, `configmap/a`
pub(super) fn kubectl_name(key: &ObjectKey) -> String {
    let kind = key.kind.to_lowercase();
    if key.group.is_empty() { format!("{kind}/{}", key.name) } else { format!("{kind}.{}/{}", key.group, key.name) }
}
