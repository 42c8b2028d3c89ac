//! What a function has to say about an item. Owns the words; must not know the wire form.

use krm::ObjectKey;

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The run fails.
    Error,
    /// Somebody should look.
    Warning,
    /// For the record.
    Info,
}

/// One thing a function did or saw. Never holds a value of a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How grave it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The item meant.
    pub object: ObjectKey,
    /// Path of the field meant; empty for the whole item.
    pub field: String,
    /// The field's line in the source that its node was read from; 0 where that is not known.
    pub line: u32,
}

impl Finding {
    /// For the record.
    pub fn info(object: ObjectKey, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Info, message: message.into(), object, field: field.into(), line: 0 }
    }

    /// The run fails.
    pub fn error(object: ObjectKey, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), object, field: field.into(), line: 0 }
    }

    /// Somebody should look.
    pub fn warning(object: ObjectKey, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, message: message.into(), object, field: field.into(), line: 0 }
    }

    /// At this line.
    #[must_use]
    pub fn at_line(self, line: u32) -> Self {
        Self { line, ..self }
    }
}
