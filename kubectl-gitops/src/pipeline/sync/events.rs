//! Kubernetes Events on a set's root. Owns what is news, told from what the root remembers, and the Event's form.

use serde_json::{Value, json};

use crate::cluster::StoredRoot;
use crate::inventory::{Inventory, RunResult};

/// Longest message of an Event, in bytes.
const MESSAGE_MAX: usize = 1000;
const COMPONENT: &str = "kubectl-gitops";

/// What is worth an Event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Another revision is applied.
    Applied,
    /// The set failed, or fails in another way than before.
    Failed,
    /// It had failed, and is applied again.
    Recovered,
}

/// What `after` has that `before` had not.
pub(super) fn news(before: Option<&Inventory>, after: &Inventory) -> Option<News> {
    let last = after.last.as_ref()?;
    let earlier = before.and_then(|before| before.last.as_ref());
    if earlier.is_some_and(|earlier| earlier.run_id == last.run_id) {
        return None;
    }
    let had_failed = earlier.is_some_and(|earlier| matches!(earlier.result, RunResult::Failed | RunResult::Unhealthy));
    match last.result {
        RunResult::Succeeded if had_failed => Some(News::Recovered),
        RunResult::Succeeded => before.is_none_or(|before| before.revision != after.revision).then_some(News::Applied),
        RunResult::Failed | RunResult::Unhealthy => {
            let same = |earlier: &crate::inventory::RunRecord| {
                (earlier.result, &earlier.revision, &earlier.message) == (last.result, &last.revision, &last.message)
            };
            (!earlier.is_some_and(same)).then_some(News::Failed)
        }
        RunResult::Interrupted => None,
    }
}

/// The Event. `words`: the last line of the run.
pub(super) fn event(news: News, root: &StoredRoot, words: &str, driver: &str) -> Value {
    let inventory = &root.inventory;
    let (run, time, failure) = match &inventory.last {
        Some(last) => (last.run_id.as_str(), last.time.as_str(), last.message.as_str()),
        None => ("", "", ""),
    };
    let (kind, reason, message) = match news {
        News::Applied => ("Normal", "Applied", words),
        News::Recovered => ("Normal", "Recovered", words),
        News::Failed => ("Warning", "Failed", failure),
    };
    let end = message.floor_char_boundary(message.len().min(MESSAGE_MAX));
    let uid = root.object.pointer("/metadata/uid").cloned().unwrap_or_default();
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": format!("{}.{run}", inventory.root.name), "namespace": inventory.root.namespace},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "namespace": inventory.root.namespace,
            "name": inventory.root.name,
            "uid": uid,
        },
        "type": kind,
        "reason": reason,
        "message": &message[..end],
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": driver,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{InventoryId, RootRef, RunRecord};

    fn after(run: &str, revision: &str, result: RunResult, message: &str) -> Inventory {
        let root = RootRef::of_set("gitops-system", "shop.web");
        let applied = if result == RunResult::Succeeded { revision } else { "r0" };
        let record = RunRecord {
            run_id: run.to_owned(),
            time: "2026-01-01T00:00:00Z".to_owned(),
            revision: revision.to_owned(),
            result,
            message: message.to_owned(),
        };
        Inventory {
            revision: applied.to_owned(),
            last: Some(record),
            ..Inventory::new(InventoryId::from_bytes([1; 16]), root)
        }
    }

    #[test]
    fn only_what_is_new_is_told() {
        use RunResult::{Failed, Interrupted, Succeeded, Unhealthy};
        let good = after("1", "r0", Succeeded, "");
        let bad = after("1", "r1", Failed, "a");
        let cases = [
            ("the first run", None, after("2", "r1", Succeeded, ""), Some(News::Applied)),
            ("the first run failed", None, after("2", "r1", Failed, "a"), Some(News::Failed)),
            ("nothing recorded", Some(&good), after("1", "r0", Succeeded, ""), None),
            ("drift was corrected", Some(&good), after("2", "r0", Succeeded, ""), None),
            ("another revision", Some(&good), after("2", "r1", Succeeded, ""), Some(News::Applied)),
            ("it fails now", Some(&good), after("2", "r1", Failed, "a"), Some(News::Failed)),
            ("it still fails", Some(&bad), after("2", "r1", Failed, "a"), None),
            ("it fails otherwise", Some(&bad), after("2", "r1", Failed, "b"), Some(News::Failed)),
            ("it fails at another revision", Some(&bad), after("2", "r2", Failed, "a"), Some(News::Failed)),
            ("it is not healthy", Some(&bad), after("2", "r1", Unhealthy, "a"), Some(News::Failed)),
            ("it is well again", Some(&bad), after("2", "r0", Succeeded, ""), Some(News::Recovered)),
            ("somebody stopped it", Some(&good), after("2", "r1", Interrupted, ""), None),
        ];
        for (name, before, after, expected) in cases {
            assert_eq!(news(before, &after), expected, "{name}");
        }
    }

    #[test]
    fn an_event_names_root_and_run() {
        let inventory = after("beef", "r1", RunResult::Failed, &"ä".repeat(900));
        let root = StoredRoot { object: json!({"metadata": {"uid": "u"}}), inventory };
        let event = event(News::Failed, &root, "unused", "cronjob/sync");
        assert_eq!(event["metadata"], json!({"name": "gitops-shop.web.beef", "namespace": "gitops-system"}));
        assert_eq!(event["involvedObject"]["uid"], "u");
        assert_eq!((&event["type"], &event["reason"]), (&json!("Warning"), &json!("Failed")));
        assert_eq!(event["message"].as_str().unwrap().len(), 1000);
    }
}
