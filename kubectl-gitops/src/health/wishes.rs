//! What an object's own annotations say of its health: expressions, in the words and the order of Flux's `healthCheckExprs`. Without
//! one for healthy, its kind's own rule says that.

use serde_json::Value;

use super::Health;
use super::cel::{CelError, Expression};
use crate::inventory::marks::{self, annotation};

/// What the first of these that holds makes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    InProgress,
    Failed,
    Current,
}

/// In the order in which they are asked.
const ASKED: [(&str, Means); 3] = [
    (marks::PROGRESSING_ANNOTATION, Means::InProgress),
    (marks::FAILED_ANNOTATION, Means::Failed),
    (marks::HEALTHY_ANNOTATION, Means::Current),
];

/// The first annotation that holds no expression: its name, and what is wrong.
pub fn misfit(object: &Value) -> Option<(&'static str, String)> {
    ASKED.iter().find_map(|(name, _)| Some((*name, expression_error(annotation(object, name)?)?)))
}

/// What is wrong with an expression, if it is none.
pub fn expression_error(text: &str) -> Option<String> {
    Expression::parse(text).err().map(|error| error.to_string())
}

/// The verdict of an object that says itself what its health is; none where it leaves that to its kind.
pub(super) fn of(object: &Value) -> Option<Health> {
    for (name, means) in ASKED {
        let Some(text) = annotation(object, name) else { continue };
        let short = name.trim_start_matches(marks::PREFIX);
        match (holds(text, object), means) {
            // What is not there yet may come: it is asked again.
            (Err(error), _) => return Some(Health::InProgress(format!("{short}: {error}"))),
            (Ok(false), _) => {}
            (Ok(true), Means::InProgress) => return Some(Health::InProgress(format!("{short}: `{text}`"))),
            (Ok(true), Means::Failed) => return Some(Health::Failed(format!("{short}: `{text}`"))),
            (Ok(true), Means::Current) => return Some(Health::Current),
        }
    }
    annotation(object, marks::HEALTHY_ANNOTATION)?;
    Some(Health::InProgress("healthy-when does not hold yet".to_owned()))
}

fn holds(text: &str, object: &Value) -> Result<bool, CelError> {
    Expression::parse(text)?.holds(object)
}
