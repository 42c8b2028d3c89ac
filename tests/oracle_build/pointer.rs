//! Where values stand in an object, and how a kustomization spells it.

use serde_json::Value;

use crate::dice::Dice;

/// A way into an object: keys and indexes.
pub(crate) type Way = Vec<String>;

/// Ways to all scalars; `metadata.name` at least.
pub(crate) fn leaves(object: &Value) -> Vec<Way> {
    let mut all = Vec::new();
    collect(object, &mut Vec::new(), &mut all);
    all
}

fn collect(value: &Value, way: &mut Way, all: &mut Vec<Way>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                way.push(key.clone());
                collect(inner, way, all);
                way.pop();
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                way.push(index.to_string());
                collect(inner, way, all);
                way.pop();
            }
        }
        _ => all.push(way.clone()),
    }
}

/// `spec.template.spec.containers.[name=main].image`, in one of the spellings of lists; `*` only where `stars` may be.
pub(crate) fn dotted(dice: &mut Dice, object: &Value, way: &[String], stars: bool) -> String {
    let mut at = object;
    let mut parts: Vec<String> = Vec::new();
    for step in way {
        match at {
            Value::Array(items) => {
                let index: usize = step.parse().expect("a step into a list is an index");
                let name = items[index].get("name").and_then(Value::as_str);
                parts.push(match (name, dice.roll(4)) {
                    (Some(name), 0 | 1) => format!("[name={name}]"),
                    (_, 2) if stars => "*".to_owned(),
                    _ => step.clone(),
                });
                at = &items[index];
            }
            other => {
                parts.push(match (step.contains('.'), dice.roll(3)) {
                    (true, 0) => format!("[{step}]"),
                    (true, _) => step.replace('.', "\\."),
                    (false, _) => step.clone(),
                });
                at = &other[step];
            }
        }
    }
    parts.join(".")
}
