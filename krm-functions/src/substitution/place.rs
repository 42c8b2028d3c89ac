//! Where something stands in an object: the path of a field, as people read it, and its line. Owns their spelling; must not
//! know what is there.

use krm::{Mark, Style};

/// A field and its line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Path of the field, as `spec.containers[0].env[1].value` or `metadata.annotations[example.com/team]`; empty for the
    /// whole object.
    pub field: String,
    /// Its line in the source that the object was read from; 0 where that is not known.
    pub line: u32,
}

/// `path.name`; a name that would not read as one step is bracketed.
pub(crate) fn member(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match (plain, path.is_empty()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{name}]"),
    }
}

/// `path[2]`
pub(crate) fn item(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// Is the one the other, or within it?
pub(crate) fn is_within(inner: &str, outer: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    rest.is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The line on which the `content_line`-th line (from 0) of a scalar's text stands, whose first character is at `mark`.
pub(crate) fn line_of(mark: Mark, style: Style, content_line: u32) -> u32 {
    match style {
        Style::Literal if mark.line > 0 => mark.line + 1 + content_line,
        _ => mark.line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_step_by_step() {
        assert_eq!(member("", "spec"), "spec");
        assert_eq!(member(&item("spec.ports", 1), "name"), "spec.ports[1].name");
        assert_eq!(member("data", "a.conf"), "data[a.conf]");
        assert!(is_within("a.b[0]", "a.b") && is_within("a", "a") && is_within("a", ""));
        assert!(!is_within("ab", "a") && !is_within("a", "a.b"));
    }
}
