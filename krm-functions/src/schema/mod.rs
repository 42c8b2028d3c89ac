//! JSON Schema, as far as our own schemas go: what is wrong with a configuration, all of it at once, each thing with its path.
//! Owns the keywords; must not know functions. No message holds a value: configurations may hold secrets.

#[cfg(test)]
pub(crate) mod lint;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use regex::Regex;
use serde_json::{Map, Value};

/// A reference to a reference to a reference: more than this is a circle.
const DEPTH_MAX: usize = 200;

/// A schema.
#[derive(Debug, Clone)]
pub struct Schema {
    root: Value,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where, as `spec.files[0].name`; empty for the whole.
    pub path: String,
    /// What, without any value.
    pub message: String,
}

impl Problem {
    /// A problem at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

impl Schema {
    /// One of our own schemas.
    ///
    /// # Panics
    /// It is not JSON; a test reads every one.
    pub fn ours(text: &str) -> Self {
        Self { root: serde_json::from_str(text).expect("our schemas are JSON: a test reads each") }
    }

    /// The whole schema.
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// Everything that is wrong with `value`.
    pub fn problems(&self, value: &Value) -> Vec<Problem> {
        let mut found = Vec::new();
        self.check(&self.root, value, &mut Path::default(), &mut found);
        found.dedup();
        found
    }

    /// The schema of the field at `path`, if the schema says anything of it.
    pub fn of_field<'s>(&'s self, path: &[&str]) -> Option<&'s Value> {
        path.iter().try_fold(self.resolve(&self.root), |schema, name| {
            let known = schema.get("properties").and_then(|all| all.get(name));
            let other = || schema.get("additionalProperties").filter(|other| other.is_object());
            Some(self.resolve(known.or_else(other)?))
        })
    }

    /// May a value of this schema be of the JSON type `word`?
    pub fn allows(&self, schema: &Value, word: &str) -> bool {
        let schema = self.resolve(schema);
        let choices = ["oneOf", "anyOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
        match types_of(schema) {
            Some(types) => types.contains(&word) || (word == "integer" && types.contains(&"number")),
            None => choices.into_iter().any(|choice| self.allows(choice, word)),
        }
    }

    /// Follows a `$ref` into `$defs`.
    pub fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        for _ in 0..DEPTH_MAX {
            let Some(target) = schema.get("$ref").and_then(Value::as_str) else { return schema };
            let name = target.strip_prefix("#/$defs/").expect("our references lead into $defs: a test checks each");
            schema = &self.root["$defs"][name];
        }
        schema
    }

    fn check(&self, schema: &Value, value: &Value, path: &mut Path, found: &mut Vec<Problem>) {
        let Some(schema) = self.resolve(schema).as_object() else { return };
        if let Some(types) = schema.get("type").map(|_| types_of_map(schema))
            && !types.iter().any(|word| is_of(value, word))
        {
            let expected = types.iter().map(|word| article(word)).collect::<Vec<_>>().join(" or ");
            found.push(path.problem(format!("must be {expected}, this is {}", kind_of(value))));
            return;
        }
        check_choice(schema, value, path, found);
        match value {
            Value::Object(map) => self.check_object(schema, map, path, found),
            Value::Array(items) => self.check_list(schema, items, path, found),
            Value::String(text) => check_text(schema, text, path, found),
            Value::Number(number) => check_number(schema, number, path, found),
            Value::Null | Value::Bool(_) => {}
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.check(part, value, path, found);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(choices) = schema.get(key).and_then(Value::as_array) {
                self.check_choices(choices, key == "oneOf", value, path, found);
            }
        }
    }

    fn check_object(
        &self,
        schema: &Map<String, Value>,
        map: &Map<String, Value>,
        path: &mut Path,
        found: &mut Vec<Problem>,
    ) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(name) {
                path.within(name, |path| found.push(path.problem("is missing".to_owned())));
            }
        }
        for (name, value) in map {
            let known = properties.and_then(|all| all.get(name));
            let other = schema.get("additionalProperties");
            path.within(name, |path| match (known, other) {
                (None, Some(Value::Bool(false))) => found.push(path.problem(unknown(name, properties))),
                (Some(schema), _) | (None, Some(schema)) => self.check(schema, value, path, found),
                (None, None) => {}
            });
            if let Some(names) = schema.get("propertyNames") {
                path.within(name, |path| self.check(names, &Value::String(name.clone()), path, found));
            }
        }
        check_count(schema, ("minProperties", "maxProperties"), map.len(), "fields", path, found);
    }

    fn check_list(&self, schema: &Map<String, Value>, items: &[Value], path: &mut Path, found: &mut Vec<Problem>) {
        check_count(schema, ("minItems", "maxItems"), items.len(), "items", path, found);
        let Some(of_item) = schema.get("items") else { return };
        for (index, item) in items.iter().enumerate() {
            path.at(index, |path| self.check(of_item, item, path, found));
        }
    }

    /// `oneOf`, `anyOf`: where none fits, what the nearest one misses is told.
    fn check_choices(
        &self,
        choices: &[Value],
        only_one: bool,
        value: &Value,
        path: &mut Path,
        found: &mut Vec<Problem>,
    ) {
        let mut answers = Vec::new();
        for choice in choices {
            let mut problems = Vec::new();
            self.check(choice, value, path, &mut problems);
            answers.push(problems);
        }
        let fitting = answers.iter().filter(|problems| problems.is_empty()).count();
        let alone: Option<Vec<&str>> = choices.iter().map(only_required).collect();
        match (fitting, alone) {
            (1, _) => {}
            (2.., _) if !only_one => {}
            (0, Some(names)) => found.push(path.problem(format!("needs one of {}", quoted(&names)))),
            (2.., Some(names)) => found.push(path.problem(format!("can have only one of {}", quoted(&names)))),
            (2.., None) => found.push(path.problem("can be read in more than one way".to_owned())),
            (_, None) => {
                // Deeper is nearer: a choice that fails at the value itself is of another type.
                let depth = |problems: &Vec<Problem>| problems.iter().map(|problem| problem.path.len()).max();
                let all_at_top = answers.iter().all(|problems| depth(problems) == Some(path.text().len()));
                if all_at_top && answers.iter().all(|problems| problems.len() == 1) {
                    let words = answers.iter().map(|problems| problems[0].message.as_str());
                    let text = words.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("; or ");
                    found.push(path.problem(text));
                    return;
                }
                let best = answers.into_iter().max_by_key(|problems| (depth(problems), usize::MAX - problems.len()));
                found.extend(best.unwrap_or_default());
            }
        }
    }
}

fn check_choice(schema: &Map<String, Value>, value: &Value, path: &Path, found: &mut Vec<Problem>) {
    let allowed: Vec<&Value> = match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(only), _) => vec![only],
        (None, Some(all)) => all.iter().collect(),
        (None, None) => return,
    };
    if !allowed.contains(&value) {
        let words: Vec<String> =
            allowed.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        found.push(path.problem(format!("must be {}", quoted(&words))));
    }
}

fn check_text(schema: &Map<String, Value>, text: &str, path: &Path, found: &mut Vec<Problem>) {
    let count = text.chars().count();
    check_count(schema, ("minLength", "maxLength"), count, "characters", path, found);
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        let regex = Regex::new(pattern).expect("the patterns of our schemas are valid: a test reads each");
        if !regex.is_match(text) {
            found.push(path.problem(format!("must match `{pattern}`")));
        }
    }
}

fn check_number(schema: &Map<String, Value>, number: &serde_json::Number, path: &Path, found: &mut Vec<Problem>) {
    let value = number.as_f64().unwrap_or(f64::NAN);
    let bound = |key: &str| schema.get(key).and_then(|bound| Some((bound, bound.as_f64()?)));
    if let Some((least, _)) = bound("minimum").filter(|(_, least)| value < *least) {
        found.push(path.problem(format!("must be at least {least}")));
    }
    if let Some((most, _)) = bound("maximum").filter(|(_, most)| value > *most) {
        found.push(path.problem(format!("must be at most {most}")));
    }
}

fn check_count(
    schema: &Map<String, Value>,
    (least, most): (&str, &str),
    count: usize,
    what: &str,
    path: &Path,
    found: &mut Vec<Problem>,
) {
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
    let count = count as u64;
    match (bound(least), bound(most)) {
        (Some(1), _) if count == 0 => found.push(path.problem("must not be empty".to_owned())),
        (Some(least), _) if count < least => {
            found.push(path.problem(format!("must have at least {least} {what}, it has {count}")));
        }
        (_, Some(most)) if count > most => {
            found.push(path.problem(format!("must have at most {most} {what}, it has {count}")));
        }
        _ => {}
    }
}

/// The one field that a choice demands, if it says nothing else.
fn only_required(choice: &Value) -> Option<&str> {
    let map = choice.as_object().filter(|map| map.len() == 1)?;
    match map.get("required")?.as_array()?.as_slice() {
        [only] => only.as_str(),
        _ => None,
    }
}

fn types_of(schema: &Value) -> Option<Vec<&str>> {
    let schema = schema.as_object()?;
    schema.contains_key("type").then(|| types_of_map(schema))
}

fn types_of_map(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(word)) => vec![word],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of(value: &Value, word: &str) -> bool {
    match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn article(word: &str) -> &str {
    match word {
        "object" => "a map",
        "array" => "a list",
        "string" => "a string",
        "boolean" => "a boolean",
        "integer" => "a whole number",
        "number" => "a number",
        other => other,
    }
}

fn unknown(name: &str, properties: Option<&Map<String, Value>>) -> String {
    let names: Vec<&str> = properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
    if names.is_empty() {
        return "no such field".to_owned();
    }
    match krm::nearest(name, &names) {
        Some(near) => format!("no such field; did you mean `{near}`?"),
        None => format!("no such field; there are {}", names.join(", ")),
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
}

/// Where a check stands.
#[derive(Debug, Default)]
struct Path {
    steps: Vec<String>,
}

impl Path {
    fn within(&mut self, name: &str, then: impl FnOnce(&mut Self)) {
        let dot = if self.steps.is_empty() { "" } else { "." };
        self.step(format!("{dot}{name}"), then);
    }

    fn at(&mut self, index: usize, then: impl FnOnce(&mut Self)) {
        self.step(format!("[{index}]"), then);
    }

    fn step(&mut self, step: String, then: impl FnOnce(&mut Self)) {
        self.steps.push(step);
        then(self);
        self.steps.pop();
    }

    fn text(&self) -> String {
        self.steps.concat()
    }

    fn problem(&self, message: String) -> Problem {
        Problem { path: self.text(), message }
    }
}
