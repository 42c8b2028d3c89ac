//! The life of an entry, step by step.

use super::*;
use crate::inventory::{InventoryId, RootRef, RunResult};

fn empty() -> Inventory {
    Inventory::new(InventoryId::from_bytes([7; 16]), RootRef::of_set("shop", "prod"))
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("", "ConfigMap", "shop", name)
}

fn apply(name: &str, creates: bool) -> ClaimApply {
    ClaimApply { key: key(name), version: "v1".into(), creates, adopted: false }
}

fn prune(name: &str) -> ClaimPrune {
    ClaimPrune { key: key(name), version: "v1".into(), uid: format!("uid-{name}") }
}

fn applied(name: &str) -> (ObjectKey, Settled) {
    let settled = Settled::Applied {
        version: "v1".into(),
        uid: format!("uid-{name}"),
        adopted: false,
        desired_hash: None,
        live_digest: None,
    };
    (key(name), settled)
}

fn end(revision: &str, complete: bool) -> RunEnd {
    RunEnd {
        record: RunRecord {
            run_id: "r".into(),
            time: "2026-01-01T00:00:00Z".into(),
            revision: revision.into(),
            result: if complete { RunResult::Succeeded } else { RunResult::Failed },
            message: "m".into(),
        },
        source: None,
        complete,
        inputs_digest: String::new(),
        sources: BTreeMap::new(),
        driver: String::new(),
        full: false,
    }
}

fn states(inventory: &Inventory) -> Vec<(String, State, bool)> {
    let row = |(key, entry): (&ObjectKey, &Entry)| (key.name.to_string(), entry.state, entry.uid.is_some());
    inventory.entries.iter().map(row).collect()
}

/// Who was taken over and is made anew was not taken over: the mark of it would be written by the next run only.
#[test]
fn what_is_created_again_is_not_adopted_any_more() {
    let Settled::Applied { version, uid, desired_hash, live_digest, .. } = applied("a").1 else {
        panic!("it is applied")
    };
    let taken = Settled::Applied { version, uid, adopted: true, desired_hash, live_digest };
    let before = empty().settle(&[(key("a"), taken)].into());
    assert!(before.entries[&key("a")].adopted);
    for creates in [true, false] {
        let claim = Claim { applies: vec![apply("a", creates)], ..Claim::default() };
        let after = before.claim(&claim, "run-2", Lock::taken("me", 30)).settle(&[applied("a")].into());
        assert_eq!(after.entries[&key("a")].adopted, !creates);
    }
}

#[test]
fn a_claim_is_the_union_of_old_and_new() {
    let before = empty().settle(&[applied("a"), applied("b"), applied("c")].into());
    let claim = Claim {
        applies: vec![apply("a", false), apply("new", true)],
        prunes: vec![prune("b"), prune("stray")],
        keeps: vec![prune("kept")],
        reload: [key("a")].into(),
    };
    let claimed = before.claim(&claim, "run-2", Lock::taken("me", 30));
    assert_eq!(
        states(&claimed),
        vec![
            ("a".into(), State::Owned, true),
            ("b".into(), State::Pruning, true),
            ("c".into(), State::Owned, true),
            ("kept".into(), State::Owned, true),
            ("new".into(), State::Intent, false),
            ("stray".into(), State::Pruning, true),
        ]
    );
    assert_eq!((claimed.phase, claimed.run_id.as_str()), (Phase::Applying, "run-2"));
    assert!(!claimed.is_settled());
}

#[test]
fn a_creation_forgets_the_dead_objects_uid() {
    // Or the object that a crashed run created would later look like somebody else's under the old uid.
    let before = empty().settle(&[applied("a")].into());
    let claimed =
        before.claim(&Claim { applies: vec![apply("a", true)], ..Claim::default() }, "r", Lock::taken("me", 30));
    assert_eq!(states(&claimed), vec![("a".into(), State::Intent, false)]);
}

#[test]
fn a_key_that_is_desired_again_is_no_longer_pruned() {
    let before = empty().settle(&[applied("a")].into());
    let pruning = before.claim(&Claim { prunes: vec![prune("a")], ..Claim::default() }, "r", Lock::taken("me", 30));
    let again =
        pruning.claim(&Claim { applies: vec![apply("a", false)], ..Claim::default() }, "s", Lock::taken("me", 30));
    assert_eq!(states(&again), vec![("a".into(), State::Intent, true)]);
}

#[test]
fn an_entry_leaves_only_by_an_observation() {
    let before = empty().settle(&[applied("a"), applied("b"), applied("c"), applied("d")].into());
    let observed =
        [(key("a"), Settled::Gone), (key("b"), Settled::OwnedElsewhere), (key("c"), Settled::Disowned)].into();
    assert_eq!(states(&before.clone().settle(&observed)), vec![("d".into(), State::Owned, true)]);
    assert_eq!(before.clone().settle(&BTreeMap::new()), before);
}

#[test]
fn adoption_is_remembered_through_later_applies() {
    let mut first = applied("a");
    if let Settled::Applied { adopted, .. } = &mut first.1 {
        *adopted = true;
    }
    let inventory = empty().settle(&[first].into()).settle(&[applied("a")].into());
    assert!(inventory.entries[&key("a")].adopted);
}

#[test]
fn only_a_complete_run_makes_it_stable() {
    let claimed = empty().claim(&Claim::default(), "r", Lock::taken("me", 30));
    let failed = claimed.finish(end("main@1", false));
    assert_eq!((failed.phase, failed.revision.as_str(), failed.attempted.as_str()), (Phase::Applying, "", "main@1"));
    assert!(failed.lock.is_none() && !failed.is_settled());
    let done = failed.finish(end("main@1", true));
    assert_eq!((done.phase, done.revision.as_str()), (Phase::Stable, "main@1"));
    assert!(done.is_settled());
    assert_eq!(done.history.len(), 1, "a failure followed by a success is worth remembering");
}

#[test]
fn history_is_short_and_skips_repetition() {
    let mut inventory = empty();
    for number in 0..20 {
        inventory = inventory.finish(end(&format!("main@{}", number / 2), true));
    }
    let revisions: Vec<&str> = inventory.history.iter().map(|record| record.revision.as_str()).collect();
    assert_eq!(revisions, ["main@8", "main@7", "main@6", "main@5", "main@4"]);
}

#[test]
fn a_write_is_not_worth_a_time_alone() {
    let before = empty().finish(end("main@1", true));
    let mut later = end("main@1", true);
    later.record.time = "2027-01-01T00:00:00Z".into();
    later.record.run_id = "other".into();
    assert!(!before.differs(&before.clone().finish(later)));
    assert!(before.differs(&before.clone().finish(end("main@2", true))));
    assert!(before.differs(&before.clone().finish(end("main@1", false))));
}

#[test]
fn messages_are_cut_to_one_bounded_line() {
    let mut long = end("main@1", true);
    long.record.message = format!("a\nb{}", "ü".repeat(600));
    let message = empty().finish(long).last.unwrap().message;
    assert!(message.len() <= MESSAGE_MAX && message.starts_with("a b") && message.ends_with('…'));
}

#[test]
fn another_source_under_a_derived_name_is_refused() {
    let mut inventory = empty();
    let (here, there) = (Source::Directory { path: "/a/prod".into() }, Source::Directory { path: "/b/prod".into() });
    assert_eq!(inventory.accepts(&here, true), Ok(()));
    inventory.source = Some(here.clone());
    assert_eq!(inventory.accepts(&here, true), Ok(()));
    assert_eq!(inventory.accepts(&there, false), Ok(()), "a name that was given is consent");
    let refused = inventory.accepts(&there, true).unwrap_err().to_string();
    assert_eq!(refused, "the inventory shop/gitops-prod belongs to /a/prod, and this is /b/prod");
}
