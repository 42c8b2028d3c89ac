//! The schema of each function and the type that reads its configuration say the same.

use std::collections::BTreeSet;

use krm::yaml::{Limits, from_json, parse_documents};
use serde_json::{Map, Value, json};

use super::*;
use crate::schema::lint::unsupported;

/// A schema somewhere in a function's schema, and how a whole configuration is made around a value of it.
struct Spot<'s> {
    schema: &'s Value,
    around: Box<dyn Fn(Value) -> Value + 's>,
    path: String,
}

fn example(schema: &Schema, of: &Value) -> Value {
    let of = schema.resolve(of);
    let first = |key: &str| of.get(key).and_then(Value::as_array).and_then(|all| all.first());
    if let Some(value) =
        of.get("const").or_else(|| first("examples")).or_else(|| of.get("default")).or_else(|| first("enum"))
    {
        return value.clone();
    }
    if let Some(choice) = first("oneOf").or_else(|| first("anyOf"))
        && of.get("type").is_none()
    {
        return example(schema, choice);
    }
    let word = match of.get("type") {
        Some(Value::Array(words)) => words[0].as_str(),
        Some(word) => word.as_str(),
        None => None,
    };
    match word {
        Some("object") => {
            let mut map = Map::new();
            fill(schema, of, &mut map);
            if let Some(choice) = first("oneOf").or_else(|| first("anyOf")) {
                fill(schema, &json!({"required": choice["required"], "properties": of["properties"]}), &mut map);
            }
            Value::Object(map)
        }
        Some("array") => match of.get("items") {
            Some(item) if of["minItems"].as_u64() > Some(0) => json!([example(schema, item)]),
            _ => json!([]),
        },
        Some("boolean") => json!(true),
        Some("integer" | "number") => of.get("minimum").cloned().unwrap_or(json!(1)),
        _ => json!("x"),
    }
}

fn fill(schema: &Schema, of: &Value, map: &mut Map<String, Value>) {
    for name in of["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if let Some(field) = of["properties"].get(name) {
            map.insert(name.to_owned(), example(schema, field));
        }
    }
}

/// Every schema of an object or of one of its fields, with the way to it.
fn spots(schema: &Schema) -> Vec<Spot<'_>> {
    let mut open = vec![Spot { schema: schema.root(), around: Box::new(|value| value), path: String::new() }];
    let mut done: Vec<Spot<'_>> = Vec::new();
    while let Some(spot) = open.pop() {
        assert!(done.len() < 2000, "a schema that refers to itself needs no test of its own");
        let of = schema.resolve(spot.schema);
        let around = std::rc::Rc::new(spot.around);
        for (name, field) in of["properties"].as_object().into_iter().flatten() {
            let around = std::rc::Rc::clone(&around);
            let parent = example(schema, of);
            let make = move |value: Value| {
                let mut map = parent.as_object().cloned().unwrap_or_default();
                map.insert(name.clone(), value);
                around(Value::Object(map))
            };
            open.push(Spot { schema: field, around: Box::new(make), path: format!("{}.{name}", spot.path) });
        }
        if of.get("items").is_some() {
            let around = std::rc::Rc::clone(&around);
            let path = format!("{}[]", spot.path);
            open.push(Spot { schema: &of["items"], around: Box::new(move |value| around(json!([value]))), path });
        }
        if of["additionalProperties"].is_object() {
            let around = std::rc::Rc::clone(&around);
            let path = format!("{}.*", spot.path);
            let make = move |value| around(json!({"NAME": value}));
            open.push(Spot { schema: &of["additionalProperties"], around: Box::new(make), path });
        }
        for choice in ["oneOf", "anyOf"].into_iter().flat_map(|key| of[key].as_array().into_iter().flatten()) {
            if choice.get("type").is_some() || choice.get("$ref").is_some() {
                let around = std::rc::Rc::clone(&around);
                let make = move |value| around(value);
                open.push(Spot { schema: choice, around: Box::new(make), path: spot.path.clone() });
            }
        }
        let make = move |value| around(value);
        done.push(Spot { schema: spot.schema, around: Box::new(make), path: spot.path });
    }
    done
}

/// What the type says to a configuration, without the schema being asked.
fn by_type(function: &Registered, config: &Value) -> Result<(), String> {
    let shape = ["unknown field", "unknown variant", "invalid type", "missing field", "did not match any variant"];
    match (function.make)(Some(&from_json(config))) {
        Err(error) if shape.iter().any(|word| error.to_string().contains(word)) => Err(error.to_string()),
        // What more than its shape is wrong with an example is no matter here.
        Ok(_) | Err(_) => Ok(()),
    }
}

#[test]
fn every_schema_is_one_that_is_checked_in_full() {
    for function in FUNCTIONS {
        let schema = Schema::ours(function.schema);
        assert_eq!(unsupported(&schema), Vec::<String>::new(), "{}", function.kind);
        assert_eq!(schema.root()["properties"]["kind"]["const"], function.kind);
        assert_eq!(schema.root()["properties"]["apiVersion"]["const"], API_VERSION);
        assert!(function.docs.starts_with(&format!("# {}\n", function.kind)), "{}", function.kind);
    }
}

#[test]
fn every_field_of_a_schema_is_one_of_the_type() {
    for function in FUNCTIONS {
        let schema = Schema::ours(function.schema);
        for spot in spots(&schema) {
            let config = (spot.around)(example(&schema, spot.schema));
            let at = format!("{}{}: {config}", function.kind, spot.path);
            assert_eq!(schema.problems(&config), vec![], "the schema refuses its own example {at}");
            assert_eq!(by_type(function, &config), Ok(()), "the type refuses {at}");
        }
    }
}

#[test]
fn every_field_of_the_type_is_one_of_the_schema() {
    for function in FUNCTIONS {
        let schema = Schema::ours(function.schema);
        let mut compared = 0;
        for spot in spots(&schema) {
            let of = schema.resolve(spot.schema);
            let Some(properties) = of["properties"].as_object().filter(|_| spot.path != ".metadata") else { continue };
            assert_eq!(of["additionalProperties"], json!(false), "{}{} is open", function.kind, spot.path);
            let mut value = example(&schema, of);
            value["nonesuch"] = json!(1);
            let config = (spot.around)(value);
            assert_ne!(schema.problems(&config), vec![], "{}{} takes any field", function.kind, spot.path);
            let refusal = by_type(function, &config).expect_err("the type takes any field");
            // An enum without tag does not tell which fields there are.
            let Some((_, known)) = refusal.split_once("unknown field `nonesuch`, ") else { continue };
            let of_type: BTreeSet<&str> = known.split('`').skip(1).step_by(2).collect();
            let of_schema: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
            assert_eq!(of_type, of_schema, "{}{}", function.kind, spot.path);
            compared += 1;
        }
        assert!(compared >= 2, "{}: nothing was compared", function.kind);
    }
}

#[test]
fn what_a_schema_requires_is_enforced() {
    for function in FUNCTIONS {
        let schema = Schema::ours(function.schema);
        for spot in spots(&schema) {
            let of = schema.resolve(spot.schema);
            for name in of["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                let mut value = example(&schema, of);
                value.as_object_mut().expect("what has required fields is a map").remove(name);
                let problems = schema.problems(&(spot.around)(value));
                assert!(
                    problems.iter().any(|problem| problem.message == "is missing"),
                    "{}{}",
                    function.kind,
                    spot.path
                );
            }
        }
    }
}

fn node(text: &str) -> Node {
    parse_documents(text, "", &Limits::default()).unwrap().remove(0).root
}

fn refused(name: &str, config: &str) -> String {
    match from_name(name, Some(&node(config))) {
        Ok(_) => panic!("it is accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_config_map_configures_what_was_named() {
    let config_map = |data: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n{data}\n");
    assert!(from_name("content-hash", Some(&node(&config_map("data: {jobs: 'true', mode: auto-all}")))).is_ok());
    let head = "the functionConfig of ContentHash is not usable: ";
    for (data, expected) in [
        ("data: {jobs: maybe}", "data.jobs: must be a boolean, this is a string"),
        ("data: {jobs: true}", "data.jobs: must be a string, this is a boolean"),
        (
            "data: {autoReload: 'true'}",
            "data.autoReload: no such field; there are mode, reloaderCompatible, jobs, imagePullSecrets, kinds",
        ),
        ("binaryData: {a: eA==}", "binaryData: a ConfigMap as functionConfig has `data` only"),
    ] {
        assert_eq!(refused("content-hash", &config_map(data)), format!("{head}{expected}"));
    }
    let unnamed = from_config(Some(&node(&config_map("")))).err().unwrap().to_string();
    assert!(unnamed.contains(FUNCTION_ANNOTATION), "{unnamed}");
    let named = config_map("")
        .replace("{name: x}", &format!("{{name: x, annotations: {{{FUNCTION_ANNOTATION}: ContentHash}}}}"));
    assert!(from_config(Some(&node(&named))).is_ok());
}

#[test]
fn the_configuration_of_something_else_is_refused() {
    assert_eq!(
        refused("content-hash", "apiVersion: fn.kpt.dev/v1alpha1\nkind: SetLabels\n"),
        "content-hash is configured by a ContentHash of kubectl-gitops.dev or by a ConfigMap, the functionConfig is \
         SetLabels of fn.kpt.dev/v1alpha1"
    );
    let old = refused("content-hash", "apiVersion: kubectl-gitops.dev/v1\nkind: ContentHash\n");
    assert!(old.ends_with("apiVersion: must be `kubectl-gitops.dev/v1alpha1`"), "{old}");
}
