//! Schemas in comments: `containers: # {"$ref": "#/definitions/..."}` says of what type a field is, and kustomize's merge
//! believes it, in the object and in the patch. Owns which comment counts for a value; must not know what a type means.
//!
//! Tools that set values (`# {"$openapi":"replicas"}`) leave such comments on many fields. Nobody finds the definitions they
//! name in a build, so that all they do is to hide the type that Kubernetes gives the field: such a list is replaced whole.

use std::collections::BTreeMap;

use krm::node::{Entry, Extra};
use krm::{Node, Scalar};
use serde_json::Value;

use crate::schema::document::Definition;

const SHORT_HAND: &str = "$openapi";
const SETTERS: &str = "#/definitions/io.k8s.cli.setters.";
const SETTER: &str = "x-kustomize";
/// Fields that say nothing if they are empty.
const TEXTS: [&str; 6] = ["id", "description", "format", "title", "pattern", "discriminator"];
const FLAGS: [&str; 5] = ["nullable", "exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "readOnly"];

/// What the comments of two trees say, by comment.
#[derive(Debug, Default)]
pub(super) struct Remarks(BTreeMap<Box<str>, Remark>);

#[derive(Debug)]
enum Remark {
    Type(Box<Definition>),
    /// It names no type, and keeps others from being looked for.
    Broken,
}

impl Remarks {
    /// The schemas in the comments of the trees. Nearly all trees have none.
    pub(super) fn of(trees: [&Node; 2]) -> Self {
        let mut found = Self::default();
        let mut open = Vec::from(trees);
        while let Some(node) = open.pop() {
            found.note(extra_of(node));
            match node {
                Node::Scalar(_) => {}
                Node::Seq(seq) => open.extend(&seq.items),
                Node::Map(map) => {
                    for entry in &map.entries {
                        found.note(entry.key.extra.as_deref());
                        open.push(&entry.value);
                    }
                }
            }
        }
        found
    }

    fn note(&mut self, extra: Option<&Extra>) {
        if let Some(comment) = comment_of(extra)
            && !self.0.contains_key(comment)
            && let Some(remark) = read(comment)
        {
            self.0.insert(comment.into(), remark);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The schema at one of the nodes that become one value.
    pub(super) fn at_nodes(&self, nodes: &[&Node]) -> Option<&Definition> {
        nodes.iter().filter(|node| !node.is_null()).find_map(|node| match self.get(extra_of(node)) {
            Some(Remark::Type(definition)) => Some(&**definition),
            _ => None,
        })
    }

    /// The schema at a field: at the value, else at the key.
    pub(super) fn at_field(&self, key: &Scalar, value: &Node, over: Option<&Entry>) -> Option<&Definition> {
        let pairs = std::iter::once((key, value)).chain(over.map(|entry| (&entry.key, &entry.value)));
        pairs.filter_map(|(key, value)| self.get(extra_of(value)).or_else(|| self.get(key.extra.as_deref()))).find_map(
            |remark| match remark {
                Remark::Type(definition) => Some(&**definition),
                Remark::Broken => None,
            },
        )
    }

    fn get(&self, extra: Option<&Extra>) -> Option<&Remark> {
        self.0.get(comment_of(extra)?)
    }
}

fn extra_of(node: &Node) -> Option<&Extra> {
    match node {
        Node::Scalar(scalar) => scalar.extra.as_deref(),
        Node::Seq(seq) => seq.extra.as_deref(),
        Node::Map(map) => map.extra.as_deref(),
    }
}

/// The comment that is looked at: behind the value, else above it.
fn comment_of(extra: Option<&Extra>) -> Option<&str> {
    let extra = extra?;
    let comment = if extra.line_comment.is_empty() { &extra.head_comment } else { &extra.line_comment };
    comment.trim_start_matches('#').trim_start().starts_with('{').then_some(&**comment)
}

/// What a comment says, if it is JSON that says anything.
fn read(comment: &str) -> Option<Remark> {
    let text = comment.trim_start_matches('#');
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return None };
    if let Some(Value::String(name)) = fields.get(SHORT_HAND)
        && !name.is_empty()
        && fields.values().all(|value| value.is_string() || value.is_null())
    {
        let reference = serde_json::json!({"$ref": format!("{SETTERS}{name}")});
        return serde_json::from_value(reference).ok().map(Remark::Type);
    }
    if fields.iter().all(|(key, value)| says_nothing(key, value)) {
        return None;
    }
    let definition = serde_json::from_value(Value::Object(fields.clone())).ok()?;
    match fields.get(SETTER) {
        None | Some(Value::Null) => Some(Remark::Type(definition)),
        Some(setter) if is_setter(setter) => Some(Remark::Type(definition)),
        Some(_) => Some(Remark::Broken),
    }
}

fn says_nothing(key: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty() && TEXTS.contains(&key),
        Value::Bool(flag) => !flag && FLAGS.contains(&key),
        _ => false,
    }
}

/// `{"setBy": "...", "setter": {"name": "...", "value": "..."}, "partialSetters": [...]}`, all of it optional.
fn is_setter(setter: &Value) -> bool {
    let text = |value: Option<&Value>| value.is_none_or(|value| value.is_string() || value.is_null());
    let part = |value: &Value| match value {
        Value::Object(part) => text(part.get("name")) && text(part.get("value")),
        other => other.is_null(),
    };
    let Value::Object(fields) = setter else { return false };
    let parts = match fields.get("partialSetters") {
        None | Some(Value::Null) => true,
        Some(Value::Array(parts)) => parts.iter().all(part),
        Some(_) => false,
    };
    text(fields.get("setBy")) && parts && fields.get("setter").is_none_or(part)
}

#[cfg(test)]
mod tests {
    use super::{Remark, read};

    #[test]
    fn only_comments_of_json_that_say_something_count() {
        for (comment, expected) in [
            ("# {\"$openapi\":\"replicas\"}", Some(true)),
            ("# {\"type\":\"array\",\"x-kustomize\":{\"setter\":{\"name\":\"n\",\"value\":\"3\"}}}", Some(true)),
            ("# {\"x-kustomize\":\"n\"}", Some(false)),
            ("#{\"$ref\":\"#/definitions/x\"}", Some(true)),
            ("# {\"anything\":null}", Some(true)),
            ("# {}", None),
            ("# {\"description\":\"\"}", None),
            ("# {not json}", None),
            ("# {\"type\":5}", None),
            ("# {\"a\":1}\n# and more", None),
        ] {
            let found = read(comment).map(|remark| matches!(remark, Remark::Type(_)));
            assert_eq!(found, expected, "{comment}");
        }
    }
}
