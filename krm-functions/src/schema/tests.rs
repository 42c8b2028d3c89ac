//! The keywords, one by one.

use super::*;
use lint::unsupported;

fn problems(schema: &str, value: &str) -> Vec<String> {
    let value = serde_json::from_str(value).unwrap();
    Schema::ours(schema).problems(&value).iter().map(ToString::to_string).collect()
}

const SCHEMA: &str = r##"{
  "type": "object", "additionalProperties": false, "required": ["name"],
  "properties": {
    "name": {"type": "string", "minLength": 1, "pattern": "^[a-z]*$"},
    "mode": {"enum": ["flux", "typed"]},
    "count": {"type": "integer", "minimum": 1, "maximum": 9},
    "files": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/file"}},
    "vars": {"type": "object", "additionalProperties": {"type": "string"}},
    "from": {"type": "object", "oneOf": [{"required": ["seed"]}, {"required": ["key"]}]},
    "value": {"oneOf": [{"type": "string"}, {"type": "object", "required": ["ref"], "additionalProperties": false, "properties": {"ref": {"type": "string"}}}]}
  },
  "$defs": {"file": {"type": "object", "required": ["path"], "additionalProperties": false, "properties": {"path": {"type": "string"}}}}
}"##;

#[test]
fn everything_that_is_wrong_is_told_with_its_path_and_without_values() {
    for (value, expected) in [
        (r#"{"name": "a", "count": 3, "files": [{"path": "x"}], "vars": {"a": "b"}, "value": {"ref": "x"}}"#, vec![]),
        (
            r#"{"name": "hunter2", "nmae": 1}"#,
            vec!["name: must match `^[a-z]*$`", "nmae: no such field; did you mean `name`?"],
        ),
        (r#"{"name": "", "mode": "hunter2"}"#, vec!["name: must not be empty", "mode: must be `flux` or `typed`"]),
        (r#"{"count": "3"}"#, vec!["name: is missing", "count: must be a whole number, this is a string"]),
        (r#"{"name": "a", "count": 10}"#, vec!["count: must be at most 9"]),
        (r#"{"name": "a", "count": 1.5}"#, vec!["count: must be a whole number, this is a number"]),
        (
            r#"{"name": "a", "files": [{"path": "x"}, {"paths": "x"}]}"#,
            vec!["files[1].path: is missing", "files[1].paths: no such field; did you mean `path`?"],
        ),
        (
            r#"{"name": "a", "files": [1, 2, 3]}"#,
            vec![
                "files: must have at most 2 items, it has 3",
                "files[0]: must be a map, this is a number",
                "files[1]: must be a map, this is a number",
                "files[2]: must be a map, this is a number",
            ],
        ),
        (r#"{"name": "a", "vars": {"a": 1}}"#, vec!["vars.a: must be a string, this is a number"]),
        (r#"{"name": "a", "from": {}}"#, vec!["from: needs one of `seed` or `key`"]),
        (r#"{"name": "a", "from": {"seed": 1, "key": 2}}"#, vec!["from: can have only one of `seed` or `key`"]),
        (r#"{"name": "a", "value": {"ref": 1}}"#, vec!["value.ref: must be a string, this is a number"]),
        (
            r#"{"name": "a", "value": 1}"#,
            vec!["value: must be a map, this is a number; or must be a string, this is a number"],
        ),
        (
            r#"{"name": "a", "other": 1}"#,
            vec!["other: no such field; there are name, mode, count, files, vars, from, value"],
        ),
        (r"[]", vec!["must be a map, this is a list"]),
    ] {
        assert_eq!(problems(SCHEMA, value), expected, "{value}");
    }
}

#[test]
fn fields_are_found_by_path() {
    let schema = Schema::ours(SCHEMA);
    let allows = |path: &[&str], word| schema.of_field(path).map(|field| schema.allows(field, word));
    assert_eq!(allows(&["vars", "x"], "string"), Some(true));
    assert_eq!(allows(&["count"], "string"), Some(false));
    assert_eq!(allows(&["value"], "string"), Some(true));
    assert_eq!(allows(&["nothing"], "string"), None);
}

#[test]
fn a_schema_that_says_more_than_is_checked_is_seen() {
    assert_eq!(unsupported(&Schema::ours(SCHEMA)), Vec::<String>::new());
    let bad = r##"{"properties": {"a": {"format": "uri"}, "b": {"$ref": "#/$defs/none"}}}"##;
    let mut found = unsupported(&Schema::ours(bad));
    found.sort();
    assert_eq!(found, ["/properties/a/format", "/properties/b/$ref"]);
}
