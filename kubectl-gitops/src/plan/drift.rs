//! What somebody did to the members of a set since its last run. Owns that judgement, which needs no desired objects: live is compared
//! with what was live.

use krm::ObjectKey;

use super::live::Live;
use super::observed::Observed;
use super::reason::Reason;
use crate::inventory::{Entry, State};

/// What is otherwise with a member, if anything is. `owner`: the inventory's id.
pub fn drift(key: &ObjectKey, entry: &Entry, observed: &Observed, owner: &str) -> Option<Reason> {
    let live = match observed {
        Observed::Present(live) => live,
        // A Job that has run may go by its ttl.
        Observed::Absent if key.kind == "Job" && key.group == "batch" => return None,
        Observed::Absent if entry.state == State::Owned => return Some(Reason::Vanished),
        Observed::Absent => return Some(Reason::Unconfirmed),
        Observed::NotServed => return Some(Reason::KindNotServed),
        Observed::Unreadable { reason } => return Some(Reason::Unreadable { why: reason.clone() }),
    };
    if entry.uid.as_deref().is_some_and(|uid| uid != live.uid()) {
        return Some(Reason::Replaced);
    }
    match live.owner() {
        Some(other) if other != owner => return Some(Reason::OwnedElsewhere { owner: other.to_owned() }),
        None => return Some(Reason::Unmarked),
        Some(_) => {}
    }
    if live.deletion_timestamp().is_some() {
        return Some(Reason::GoingAway);
    }
    if entry.state != State::Owned || entry.live_digest.is_none() {
        return Some(Reason::Unconfirmed);
    }
    (entry.live_digest != live.digest()).then(|| Reason::Drifted { by: changed_by(live) })
}

/// Managers that changed the object after our last apply, as far as managedFields tell.
fn changed_by(live: &Live) -> Vec<String> {
    let ours = live.our_fields().map(|ours| ours.time.to_owned()).unwrap_or_default();
    let managers = live.managers();
    let later = managers.iter().filter(|m| !m.is_ours() && m.subresource.is_empty() && m.time >= ours.as_str());
    let mut names: Vec<String> = later.map(|manager| manager.name.to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OWNER: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

    fn object() -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n", "uid": "u", "resourceVersion": "1",
            "annotations": {"kubectl-gitops.dev/owner": OWNER},
            "managedFields": [
                {"manager": "kubectl-gitops", "operation": "Apply", "apiVersion": "v1", "time": "2026-01-10T12:00:00Z",
                    "fieldsV1": {"f:metadata": {"f:annotations": {"f:kubectl-gitops.dev/owner": {}}}, "f:data": {"f:k": {}}}},
                {"manager": "older", "operation": "Update", "apiVersion": "v1", "time": "2026-01-09T12:00:00Z", "fieldsV1": {}}]},
            "data": {"k": "1"}})
    }

    fn told(edit: impl Fn(&mut Value)) -> Option<String> {
        let mut changed = object();
        edit(&mut changed);
        let observed = Observed::Present(Live::new(changed).unwrap());
        drift(&key("ConfigMap"), &entry(), &observed, OWNER).map(|reason| reason.to_string())
    }

    fn key(kind: &str) -> ObjectKey {
        ObjectKey::new(if kind == "Job" { "batch" } else { "" }, kind, "n", "a")
    }

    fn entry() -> Entry {
        let live_digest = crate::inventory::digest::live_digest(&object());
        Entry { uid: Some("u".to_owned()), state: State::Owned, live_digest, ..Entry::intent("v1") }
    }

    #[test]
    fn what_somebody_did_is_told() {
        type Edit = fn(&mut Value);
        let by_hand: Edit = |o| {
            o["data"]["k"] = json!("2");
            o["metadata"]["managedFields"][1]["time"] = json!("2026-01-11T12:00:00Z");
        };
        let cases: [(Edit, Option<&str>); 7] = [
            (|_| {}, None),
            (|o| o["data"]["foreign"] = json!("x"), None),
            (by_hand, Some("changed in the cluster by older")),
            (|o| o["data"]["k"] = json!("2"), Some("changed in the cluster")),
            (|o| o["metadata"]["uid"] = json!("v"), Some("another object has its name now")),
            (|o| o["metadata"]["annotations"] = json!({}), Some("lost our marks")),
            (
                |o| o["metadata"]["deletionTimestamp"] = json!("2026-01-11T12:00:00Z"),
                Some("is being deleted, is created again after that"),
            ),
        ];
        for (number, (edit, expected)) in cases.into_iter().enumerate() {
            assert_eq!(told(edit).as_deref(), expected, "case {number}");
        }
    }

    #[test]
    fn what_is_not_there_is_told_unless_it_may_go() {
        let absent = |kind| drift(&key(kind), &entry(), &Observed::Absent, OWNER);
        assert_eq!(absent("ConfigMap"), Some(Reason::Vanished));
        assert_eq!(absent("Job"), None);
        let intent = Entry::intent("v1");
        assert_eq!(drift(&key("ConfigMap"), &intent, &Observed::Absent, OWNER), Some(Reason::Unconfirmed));
    }
}
