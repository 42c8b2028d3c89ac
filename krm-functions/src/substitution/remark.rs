//! What there is to say of one object, before it has the object's name. Owns nothing else.

use krm::ObjectKey;

use super::place::Place;
use crate::{Finding, Severity};

/// One sentence about a field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Remark {
    pub(crate) severity: Severity,
    pub(crate) place: Place,
    pub(crate) message: String,
}

impl Remark {
    pub(crate) fn error(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place, message: message.into() }
    }

    pub(crate) fn warning(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, place, message: message.into() }
    }

    pub(crate) fn info(place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Info, place, message: message.into() }
    }

    pub(crate) fn about(self, object: ObjectKey) -> Finding {
        let Self { severity, place: Place { field, line }, message } = self;
        Finding { severity, message, object, field, line }
    }
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
