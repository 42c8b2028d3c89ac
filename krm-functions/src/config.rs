//! Typed functionConfigs. Owns their frame (`apiVersion`, `kind`, `metadata`, `spec`) and how one is read; must not know what any
//! function is configured with.
//!
//! This is the place for `serde_yaml`: a configuration of our own wants strict types, not the fidelity of manifests.

use krm::Node;
use krm::yaml::to_json;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::registry::ConfigError;

/// A functionConfig around its `spec`. Fields that it does not have are refused with their path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Frame<S> {
    #[serde(rename = "apiVersion")]
    _api_version: Option<String>,
    #[serde(rename = "kind")]
    _kind: Option<String>,
    #[serde(rename = "metadata")]
    _metadata: Option<IgnoredAny>,
    #[serde(default = "Option::default")]
    spec: Option<S>,
}

/// The `spec` of the functionConfig of `kind`; the default where there is no functionConfig or no `spec`.
///
/// # Errors
/// It has an unknown field, a value of another type, or lacks a required one.
pub fn read<S: DeserializeOwned + Default>(kind: &'static str, config: Option<&Node>) -> Result<S, ConfigError> {
    let Some(config) = config else { return Ok(S::default()) };
    // JSON is YAML in which every string is quoted: nothing is resolved by other rules than the manifest's.
    let text = value_of(kind, config)?.to_string();
    let frame: Frame<S> =
        serde_yaml::from_str(&text).map_err(|error| ConfigError::Invalid { kind, problem: without_value(&error) })?;
    Ok(frame.spec.unwrap_or_default())
}

/// The functionConfig as JSON has it. What is null is not there, as in Kubernetes' own objects.
///
/// # Errors
/// It has no JSON form.
pub fn value_of(kind: &'static str, config: &Node) -> Result<Value, ConfigError> {
    let mut value = to_json(config)
        .map_err(|error| ConfigError::Invalid { kind, problem: format!("it has no JSON form: {error}") })?;
    drop_nulls(&mut value);
    Ok(value)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// The path stays. Line and column go: they count in our own rendering of the configuration, which nobody else sees. Values go:
/// they may be secrets.
fn without_value(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    let text = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
    for deed in ["invalid type: ", "invalid value: "] {
        if let Some(at) = text.find(deed).map(|at| at + deed.len())
            && let Some(end) = text.rfind(", expected ").filter(|end| *end >= at)
        {
            let found = &text[at..end];
            let what = found.find(['"', '`']).map_or(found, |quote| &found[..quote]);
            return format!("{}{}{}", &text[..at], what.trim_end(), &text[end..]);
        }
    }
    match (text.find("unknown variant `"), text.rfind("`, expected ")) {
        (Some(at), Some(end)) if end > at => format!("{}unknown variant, {}", &text[..at], &text[end + 3..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use krm::yaml::{Limits, parse_documents};

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase", default)]
    struct Spec {
        text: String,
        count: u8,
        on: bool,
        mode: Mode,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Mode {
        #[default]
        Flux,
    }

    fn read_text(spec: &str) -> Result<Spec, String> {
        let text = format!("apiVersion: kubectl-gitops.dev/v1alpha1\nkind: Thing\nspec: {spec}\n");
        let node = parse_documents(&text, "", &Limits::default()).unwrap().remove(0).root;
        read("Thing", Some(&node)).map_err(|error| error.to_string())
    }

    #[test]
    fn values_keep_the_type_that_kubernetes_tools_see() {
        let spec = |text: &str, count| Spec { text: text.to_owned(), count, ..Spec::default() };
        for (text, expected) in [
            ("{text: 'yes', count: 0o17}", spec("yes", 15)),
            ("{text: 2024-01-02}", spec("2024-01-02T00:00:00Z", 0)),
            ("{text: \"0x1f\\n~\"}", spec("0x1f\n~", 0)),
            ("{text: null}", Spec::default()),
            ("", Spec::default()),
        ] {
            assert_eq!(read_text(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_path_and_never_shown() {
        for (text, expected) in [
            ("{on: hunter2}", "spec.on: invalid type: string, expected a boolean"),
            ("{on: 'a, expected `b` at line 3'}", "spec.on: invalid type: string, expected a boolean"),
            ("{count: 4711}", "spec.count: invalid value: integer, expected u8"),
            ("{mode: hunter2}", "spec.mode: unknown variant, expected `flux`"),
            ("{tetx: hunter2}", "spec: unknown field `tetx`, expected one of `text`, `count`, `on`, `mode`"),
        ] {
            let expected = format!("the functionConfig of Thing is not usable: {expected}");
            assert_eq!(read_text(text), Err(expected), "{text}");
        }
    }
}
