//! The body of a watch: a JSON object per line, in pieces that end anywhere. Pure; owns how a line is read and how long one may
//! be.

use serde::Deserialize;
use serde_json::Value;

/// Longer than any object may be (etcd takes a megabyte and a half), so that no server makes us hold what it never ends.
const LINE_BYTES_MAX: usize = 8 << 20;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Told {
    /// It came, or it changed.
    Present(Value),
    /// It went, or it does not match any more: as it was last.
    Gone(Value),
    /// Nothing happened up to this version.
    Bookmark(String),
    /// The server ends the watch, with this `Status`.
    Failed(Value),
}

/// What no API server sends. Says nothing of the bytes, which may be a Secret's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReadEvents {
    #[error("a line of the watch is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    #[error("a line of the watch is no event (line {line}, column {column})")]
    Garbled { line: usize, column: usize },
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    what: String,
    object: Value,
}

/// Takes pieces, gives events.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
}

impl Events {
    /// The events that this piece ends.
    pub(super) fn read(&mut self, piece: &[u8]) -> Result<Vec<Told>, ReadEvents> {
        let mut told = Vec::new();
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            if self.begun.len() + part.len() > LINE_BYTES_MAX {
                return Err(ReadEvents::TooLong);
            }
            if part.last() != Some(&b'\n') {
                self.begun.extend_from_slice(part);
            } else if self.begun.is_empty() {
                told.extend(event(part)?);
            } else {
                self.begun.extend_from_slice(part);
                told.extend(event(&std::mem::take(&mut self.begun))?);
            }
        }
        Ok(told)
    }

    /// Did it end in the middle of a line?
    pub(super) fn is_torn(&self) -> bool {
        !self.begun.trim_ascii().is_empty()
    }
}

/// None for a blank line, and for what a newer server may tell.
fn event(line: &[u8]) -> Result<Option<Told>, ReadEvents> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let Line { what, object } = serde_json::from_slice(line)
        .map_err(|cause| ReadEvents::Garbled { line: cause.line(), column: cause.column() })?;
    Ok(match what.as_str() {
        "ADDED" | "MODIFIED" => Some(Told::Present(object)),
        "DELETED" => Some(Told::Gone(object)),
        "BOOKMARK" => Some(Told::Bookmark(version_of(&object).to_owned())),
        "ERROR" => Some(Told::Failed(object)),
        _ => None,
    })
}

/// `metadata.resourceVersion`; empty if there is none.
pub(super) fn version_of(object: &Value) -> &str {
    object.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn object(name: &str, version: &str) -> Value {
        json!({"metadata": {"name": name, "resourceVersion": version}, "data": {"text": "two\nlines, ünd more"}})
    }

    fn line(what: &str, object: &Value) -> String {
        format!("{}\n", json!({"type": what, "object": object}))
    }

    fn all() -> (String, Vec<Told>) {
        let status = json!({"kind": "Status", "code": 410, "reason": "Expired"});
        let text = [
            line("ADDED", &object("a", "1")),
            "\n".to_owned(),
            line("MODIFIED", &object("a", "2")),
            line("SOMETHING", &json!({})),
            line("BOOKMARK", &object("", "7")),
            line("DELETED", &object("a", "8")),
            line("ERROR", &status),
        ];
        let told = vec![
            Told::Present(object("a", "1")),
            Told::Present(object("a", "2")),
            Told::Bookmark("7".to_owned()),
            Told::Gone(object("a", "8")),
            Told::Failed(status),
        ];
        (text.concat(), told)
    }

    #[test]
    fn a_line_is_an_event() {
        let (text, told) = all();
        let mut events = Events::default();
        assert_eq!(events.read(text.as_bytes()), Ok(told));
        assert!(!events.is_torn());
        assert_eq!(events.read(b"{\"type\":"), Ok(Vec::new()));
        assert!(events.is_torn());
    }

    #[test]
    fn what_is_no_event_is_refused_without_its_words() {
        for garbage in
            ["hunter2\n", "{}\n", "[\"hunter2\"]\n", "{\"type\": \"ADDED\"}\n", "{\"type\": 1, \"object\": {}}\n"]
        {
            let error = Events::default().read(garbage.as_bytes()).expect_err(garbage);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_line_without_end_is_not_held() {
        let mut events = Events::default();
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..LINE_BYTES_MAX >> 20 {
            assert_eq!(events.read(&piece), Ok(Vec::new()));
        }
        assert_eq!(events.read(b"x"), Err(ReadEvents::TooLong));
    }

    proptest! {
        #[test]
        fn where_pieces_end_does_not_matter(mut cuts in prop::collection::vec(0usize..1000, 0..12)) {
            let (text, told) = all();
            cuts.push(text.len());
            for cut in &mut cuts {
                *cut = (*cut).min(text.len());
            }
            cuts.sort_unstable();
            let (mut events, mut seen, mut begin) = (Events::default(), Vec::new(), 0);
            for cut in cuts {
                seen.extend(events.read(&text.as_bytes()[begin..cut]).expect("events"));
                begin = cut;
            }
            prop_assert_eq!(seen, told);
        }

        #[test]
        fn no_bytes_do_harm(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut events = Events::default();
            for piece in pieces {
                drop(events.read(&piece));
            }
        }
    }
}
