//! A field-by-field diff in the words of a report. Owns how values are written in lines; a masked value stays masked.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::model::Change;
use crate::plan;
use crate::plan::Shown;
use crate::settings::format_duration;

/// The changes of one object. `now` makes ages of times.
pub fn changes(diff: &plan::Diff, now: Timestamp) -> Vec<Change> {
    diff.changes.iter().map(|change| convert(change, now)).collect()
}

/// A new object as a whole.
pub fn new_object(object: &Value) -> Change {
    let after = lines(Some(&Shown::Value(object.clone())));
    Change { path: String::new(), before: Vec::new(), after, note: String::new() }
}

/// `3d ago`; the time itself if it cannot be read.
pub fn age(time: &str, now: Timestamp) -> String {
    let Ok(then) = time.parse::<Timestamp>() else { return time.to_owned() };
    let seconds = u64::try_from(now.as_second() - then.as_second()).unwrap_or(0);
    let coarse = match seconds {
        0..=59 => seconds,
        60..=3599 => seconds / 60 * 60,
        3600..=86_399 => seconds / 3600 * 3600,
        _ => seconds / 86_400 * 86_400,
    };
    if coarse < 5 { "just now".to_owned() } else { format!("{} ago", format_duration(Duration::from_secs(coarse))) }
}

fn convert(change: &plan::Change, now: Timestamp) -> Change {
    let mut notes = Vec::new();
    if let Some(sizes) = masked(change.before.as_ref(), change.after.as_ref()) {
        notes.push(sizes);
    }
    if let Some(drift) = &change.drift {
        let age = if drift.time.is_empty() { String::new() } else { format!(", {}", age(&drift.time, now)) };
        notes.push(format!("drift: {}{age}", drift.manager));
    }
    Change {
        path: change.path.clone(),
        before: lines(change.before.as_ref()),
        after: lines(change.after.as_ref()),
        note: notes.join("; "),
    }
}

/// `changed (24 → 32 bytes)`, where one of the values is secret.
fn masked(before: Option<&Shown>, after: Option<&Shown>) -> Option<String> {
    let size = |shown: Option<&Shown>| match shown {
        Some(Shown::Masked { bytes }) => Some(*bytes),
        Some(Shown::Value(_)) | None => None,
    };
    match (size(before), size(after)) {
        (None, None) => None,
        (Some(old), Some(new)) => Some(format!("changed ({old} → {new} bytes)")),
        (None, Some(new)) => Some(format!("new ({new} bytes)")),
        (Some(old), None) => Some(format!("removed ({old} bytes)")),
    }
}

fn lines(shown: Option<&Shown>) -> Vec<String> {
    match shown {
        None | Some(Shown::Masked { .. }) => Vec::new(),
        Some(Shown::Value(Value::String(text))) if text.is_empty() => vec!["\"\"".to_owned()],
        Some(Shown::Value(Value::String(text))) => text.lines().map(str::to_owned).collect(),
        Some(Shown::Value(value @ (Value::Object(_) | Value::Array(_)))) => {
            let mut text = String::new();
            match krm::yaml::emit_build(&krm::yaml::from_json(value), &mut text) {
                Ok(()) => text.lines().map(str::to_owned).collect(),
                Err(_) => vec![value.to_string()],
            }
        }
        Some(Shown::Value(value)) => vec![value.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_coarse() {
        let now: Timestamp = "2026-01-10T12:00:00Z".parse().unwrap();
        for (time, expected) in [
            ("2026-01-10T11:59:58Z", "just now"),
            ("2026-01-10T11:59:20Z", "40s ago"),
            ("2026-01-10T11:48:30Z", "11m ago"),
            ("2026-01-07T01:00:00Z", "3d ago"),
            ("2027-01-01T00:00:00Z", "just now"),
            ("someday", "someday"),
        ] {
            assert_eq!(age(time, now), expected, "{time}");
        }
    }

    #[test]
    fn values_become_lines() {
        let shown = |value: Value| lines(Some(&Shown::Value(value)));
        assert_eq!(shown(serde_json::json!("a\nb")), ["a", "b"]);
        assert_eq!(shown(serde_json::json!("")), ["\"\""]);
        assert_eq!(shown(serde_json::json!(3)), ["3"]);
        assert_eq!(shown(serde_json::json!({"b": [1], "a": true})), ["a: true", "b:", "- 1"]);
        assert!(lines(Some(&Shown::Masked { bytes: 9 })).is_empty());
    }

    #[test]
    fn a_secret_value_is_told_by_its_size() {
        let masked = |before: Option<usize>, after: Option<usize>| {
            let shown = |bytes: Option<usize>| bytes.map(|bytes| Shown::Masked { bytes });
            super::masked(shown(before).as_ref(), shown(after).as_ref()).unwrap()
        };
        assert_eq!(masked(Some(24), Some(32)), "changed (24 → 32 bytes)");
        assert_eq!(masked(None, Some(32)), "new (32 bytes)");
        assert_eq!(masked(Some(24), None), "removed (24 bytes)");
    }
}
