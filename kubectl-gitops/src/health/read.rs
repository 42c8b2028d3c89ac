//! Reading objects: paths, counts and conditions. Owns nothing else.

use serde_json::Value;

/// A condition of `status.conditions`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    /// It says itself that it is about another generation than the object has now.
    pub(super) is_past: bool,
}

impl Condition<'_> {
    pub(super) fn is_true(&self) -> bool {
        self.status == "True"
    }

    pub(super) fn is_false(&self) -> bool {
        self.status == "False"
    }

    /// Its message, else its reason, else what the caller knows.
    pub(super) fn why(&self, otherwise: &str) -> String {
        let text = [self.message, self.reason, otherwise].into_iter().find(|text| !text.is_empty());
        text.unwrap_or_default().to_owned()
    }
}

/// The condition of this type.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<Condition<'a>> {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array)?;
    let found = conditions.iter().find(|condition| text(condition, "/type") == kind)?;
    let (generation, seen) = (number(object, "/metadata/generation"), number(found, "/observedGeneration"));
    // Zero is what some controllers write who do not know.
    let is_past = seen.is_some_and(|seen| seen != 0 && generation.is_some_and(|generation| generation != seen));
    let (status, reason, message) = (text(found, "/status"), text(found, "/reason"), text(found, "/message"));
    Some(Condition { status, reason, message, is_past })
}

/// A string, or nothing.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// An integer, if there is one.
pub(super) fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// A count in the status: absent means none.
pub(super) fn count(value: &Value, pointer: &str) -> i64 {
    number(value, pointer).unwrap_or(0)
}
