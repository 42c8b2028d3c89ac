//! A ConfigMap as functionConfig: what `kpt fn eval … -- key=value` passes. Owns how its texts become a typed configuration;
//! must not know functions.

use krm::yaml::{Limits, parse_documents};
use krm::{Entry, Mapping, Node};

use crate::schema::{Problem, Schema};

/// Most levels of a dotted key.
const DEPTH_MAX: usize = 16;
/// What a ConfigMap may have.
const FIELDS: [&str; 5] = ["apiVersion", "kind", "metadata", "data", "immutable"];

/// How a function reads the data of a ConfigMap as its `spec`.
pub type FromData = fn(&Mapping) -> Node;

/// Is it a ConfigMap?
pub fn is_config_map(config: &Node) -> bool {
    config.api_version() == "v1" && config.kind() == "ConfigMap"
}

/// The data of a ConfigMap, all of it texts.
///
/// # Errors
/// It has something else than data, or data that are no texts.
pub fn data_of(config: &Node) -> Result<Mapping, Vec<Problem>> {
    let mut problems = Vec::new();
    for (key, value) in config.as_map().into_iter().flat_map(Mapping::iter) {
        if !FIELDS.contains(&key) && !value.is_null() {
            problems.push(Problem::new(key, "a ConfigMap as functionConfig has `data` only"));
        }
    }
    let data = match config.get("data") {
        Some(Node::Map(map)) => map.clone(),
        None => Mapping::default(),
        Some(node) if node.is_null() => Mapping::default(),
        Some(other) => {
            problems.push(Problem::new("data", format!("must be a map, this is {}", other.kind_name())));
            Mapping::default()
        }
    };
    for (key, value) in data.iter() {
        if value.kind_name() != "a string" {
            problems
                .push(Problem::new(format!("data.{key}"), format!("must be a string, this is {}", value.kind_name())));
        }
    }
    if problems.is_empty() { Ok(data) } else { Err(problems) }
}

/// The `spec` that data mean: a key is a field's path with dots, a text is what the field's schema says: a text, or else YAML.
///
/// # Errors
/// A value is no YAML where it must be, or a field is given twice.
pub fn spec_of(data: &Mapping, schema: &Schema) -> Result<Node, Vec<Problem>> {
    let mut spec = Node::map();
    let mut problems = Vec::new();
    for (key, value) in data.iter() {
        let path: Vec<&str> = key.split('.').collect();
        let text = value.as_str().unwrap_or_default();
        let placed = value_of(&path, text, schema).and_then(|value| place(&mut spec, &path, value));
        if let Err(message) = placed {
            problems.push(Problem::new(format!("data.{key}"), message));
        }
    }
    if problems.is_empty() { Ok(spec) } else { Err(problems) }
}

fn value_of(path: &[&str], text: &str, schema: &Schema) -> Result<Node, &'static str> {
    let whole: Vec<&str> = std::iter::once("spec").chain(path.iter().copied()).collect();
    // What nobody knows stays a text: the check of the whole tells it.
    let Some(field) = schema.of_field(&whole) else { return Ok(Node::string(text)) };
    let may_be_text = schema.allows(field, "string");
    if may_be_text && !schema.allows(field, "object") && !schema.allows(field, "array") {
        return Ok(Node::string(text));
    }
    let Ok(mut documents) = parse_documents(text, "", &Limits::default()) else {
        return if may_be_text { Ok(Node::string(text)) } else { Err("is not YAML") };
    };
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) if may_be_text && matches!(document.root, Node::Scalar(_)) => Ok(Node::string(text)),
        (Some(document), true) => Ok(document.root),
        _ if may_be_text => Ok(Node::string(text)),
        (None, _) => Err("is empty"),
        (Some(_), false) => Err("is more than one YAML document"),
    }
}

fn place(spec: &mut Node, path: &[&str], value: Node) -> Result<(), &'static str> {
    if path.len() > DEPTH_MAX {
        return Err("has too many dots");
    }
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    let mut node = spec;
    for name in parents {
        let map = node.as_map_mut().ok_or("is below a field that has a value of its own")?;
        node = map.entry_or_insert_with(name, Node::map);
    }
    let map = node.as_map_mut().ok_or("is below a field that has a value of its own")?;
    if map.contains_key(last) {
        return Err("is given twice");
    }
    map.set(*last, value);
    Ok(())
}

/// A functionConfig of `kind` with the ConfigMap's metadata and this `spec`.
pub fn typed(api_version: &str, kind: &str, config: &Node, spec: Node) -> Node {
    let mut entries = vec![entry("apiVersion", Node::string(api_version)), entry("kind", Node::string(kind))];
    entries.extend(config.get("metadata").map(|metadata| entry("metadata", metadata.clone())));
    entries.push(entry("spec", spec));
    Node::Map(Mapping { entries, ..Mapping::default() })
}

fn entry(key: &'static str, value: Node) -> Entry {
    Entry { key: krm::Scalar::string(key), value }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"type": "object", "properties": {"spec": {"type": "object", "properties": {
      "name": {"type": "string"}, "on": {"type": "boolean"}, "count": {"type": "integer"},
      "either": {"oneOf": [{"type": "string"}, {"type": "array"}]},
      "list": {"type": "array"}, "deep": {"type": "object", "properties": {"on": {"type": "boolean"}}},
      "vars": {"type": "object", "additionalProperties": {"type": "string"}}
    }}}}"#;

    fn spec(data: &[(&str, &str)]) -> Result<String, Vec<String>> {
        let data: Mapping = data.iter().map(|(key, value)| (*key, Node::string(*value))).collect();
        let told = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        spec_of(&data, &Schema::ours(SCHEMA)).map_err(told).map(|node| krm::yaml::to_json(&node).unwrap().to_string())
    }

    #[test]
    fn texts_become_what_the_schema_says() {
        let found = spec(&[
            ("name", "0644"),
            ("on", "true"),
            ("count", "3"),
            ("list", "[a, 1]"),
            ("deep.on", "false"),
            ("vars.a", "1"),
            ("vars.b", "true"),
            ("other", "1"),
        ]);
        let expected = r#"{"name":"0644","on":true,"count":3,"list":["a",1],"deep":{"on":false},"vars":{"a":"1","b":"true"},"other":"1"}"#;
        assert_eq!(found.unwrap(), expected);
        assert_eq!(spec(&[("either", "a: [")]).unwrap(), r#"{"either":"a: ["}"#);
        assert_eq!(spec(&[("either", "12")]).unwrap(), r#"{"either":"12"}"#);
        assert_eq!(spec(&[("either", "[a]")]).unwrap(), r#"{"either":["a"]}"#);
    }

    #[test]
    fn what_cannot_be_a_value_is_named_and_not_shown() {
        let refused = |data: &[(&str, &str)]| spec(data).unwrap_err();
        assert_eq!(refused(&[("list", "[hunter2")]), ["data.list: is not YAML"]);
        assert_eq!(refused(&[("count", "")]), ["data.count: is empty"]);
        assert_eq!(refused(&[("on", "a\n---\nb")]), ["data.on: is more than one YAML document"]);
        assert_eq!(
            refused(&[("name", "x"), ("name.y", "z")]),
            ["data.name.y: is below a field that has a value of its own"]
        );
        assert_eq!(refused(&[("deep.on", "true"), ("deep", "{}")]), ["data.deep: is given twice"]);
    }
}
