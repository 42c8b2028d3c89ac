//! Whether a schema of ours says only what is checked. Owns the list of keywords.

use regex::Regex;
use serde_json::Value;

use super::Schema;

/// Keywords that tell people something and check nothing.
const SPOKEN: &[&str] = &["$schema", "$defs", "title", "description", "default", "examples", "deprecated"];
/// Keywords that are checked. A test refuses schemas with any other.
const CHECKED: &[&str] = &[
    "$ref",
    "type",
    "const",
    "enum",
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "items",
    "minItems",
    "maxItems",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "oneOf",
    "anyOf",
    "allOf",
];
/// What is wrong with a schema itself: keywords that nobody checks, references to nowhere, patterns that are none.
pub(crate) fn unsupported(schema: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), &schema.root)];
    while let Some((path, value)) = open.pop() {
        let Some(map) = value.as_object() else { continue };
        for (key, value) in map {
            let at = format!("{path}/{key}");
            match (key.as_str(), value) {
                ("properties" | "$defs", Value::Object(all)) => {
                    open.extend(all.iter().map(|(name, schema)| (format!("{at}/{name}"), schema)));
                }
                ("items" | "additionalProperties" | "propertyNames", schema) => open.push((at, schema)),
                ("oneOf" | "anyOf" | "allOf", Value::Array(all)) => {
                    open.extend(all.iter().enumerate().map(|(index, schema)| (format!("{at}/{index}"), schema)));
                }
                ("pattern", Value::String(pattern)) if Regex::new(pattern).is_err() => found.push(at),
                ("$ref", Value::String(target)) => {
                    let name = target.strip_prefix("#/$defs/").unwrap_or_default();
                    if schema.root["$defs"].get(name).is_none() {
                        found.push(at);
                    }
                }
                (key, _) if SPOKEN.contains(&key) || CHECKED.contains(&key) => {}
                _ => found.push(at),
            }
        }
    }
    found
}
