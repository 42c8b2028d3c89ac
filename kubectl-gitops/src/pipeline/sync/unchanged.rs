//! The short way: nothing that is read is new, and nothing in the cluster is other than the last run left it. Costs the LISTs
//! of the set's kinds, and writes nothing.

use super::super::carry::Stamp;
use super::super::identity::Identity;
use super::super::order::Order;
use super::super::session::Session;
use crate::cluster::Look;
use crate::error::Result;
use crate::inventory::{Inventory, RunResult};
use crate::plan::first_changed;
use crate::report::Report;
use crate::settings::DryRun;

/// The report of a run that had nothing to do; none if there may be something.
pub(super) async fn report(
    order: &Order<'_>,
    set: &Identity,
    shown: &str,
    inventory: &Inventory,
    stamp: &Stamp,
    session: &Session,
) -> Result<Option<Report>> {
    let refreshes = order.policy.full || order.policy.refresh;
    if refreshes || order.settings.dry_run != DryRun::None || !may_be_as_left(inventory, set, stamp) {
        return Ok(None);
    }
    let look = Look { desired: &[], inventory, recorded: true };
    let seen = session.cluster.observe(&look).await?;
    if first_changed(inventory, &seen.observation).is_some() {
        return Ok(None);
    }
    let about = order.about(set, shown);
    let objects = inventory.entries.len();
    let report = Report::unchanged(&about, objects, &session.cluster.traffic(), order.begin.elapsed());
    order.story.console().present_unchanged(&report)?;
    Ok(Some(report))
}

/// Did the last run do all of the same?
fn may_be_as_left(inventory: &Inventory, set: &Identity, stamp: &Stamp) -> bool {
    !stamp.inputs.is_empty()
        && inventory.inputs_digest == stamp.inputs
        && inventory.revision == set.revision
        && inventory.is_settled()
        && !inventory.rebuilt
        && inventory.source.as_ref() == Some(&set.source)
        && inventory.last.as_ref().is_some_and(|last| last.result == RunResult::Succeeded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{InventoryId, Lock, RootRef, RunRecord, Source};

    fn identity() -> Identity {
        Identity {
            root: RootRef::of_set("gitops-system", "shop.web"),
            derived: true,
            source: Source::Git { url: "https://a/b.git".to_owned(), path: "web".to_owned() },
            revision: "main@sha1:aa".to_owned(),
        }
    }

    fn left() -> Inventory {
        let set = identity();
        let record = RunRecord {
            run_id: "r".to_owned(),
            time: "2026-01-01T00:00:00Z".to_owned(),
            revision: set.revision.clone(),
            result: RunResult::Succeeded,
            message: String::new(),
        };
        Inventory {
            source: Some(set.source),
            revision: set.revision,
            inputs_digest: "d".to_owned(),
            last: Some(record),
            ..Inventory::new(InventoryId::from_bytes([1; 16]), set.root)
        }
    }

    type Edit = fn(&mut Inventory);

    #[test]
    fn only_a_complete_run_of_the_same_is_trusted() {
        let stamp = Stamp { inputs: "d".to_owned(), driver: String::new() };
        let edits: &[(&str, Edit, bool)] = &[
            ("the same", |_| {}, true),
            ("other inputs", |i| i.inputs_digest = "e".to_owned(), false),
            ("inputs unknown", |i| i.inputs_digest.clear(), false),
            ("another revision applied", |i| i.revision.clear(), false),
            ("it failed", |i| i.last.as_mut().unwrap().result = RunResult::Failed, false),
            ("it was interrupted", |i| i.last.as_mut().unwrap().result = RunResult::Interrupted, false),
            ("somebody works on it", |i| i.lock = Some(Lock::taken("x", 30)), false),
            ("rebuilt from marks", |i| i.rebuilt = true, false),
            ("another source", |i| i.source = None, false),
        ];
        for (name, edit, expected) in edits {
            let mut inventory = left();
            edit(&mut inventory);
            assert_eq!(may_be_as_left(&inventory, &identity(), &stamp), *expected, "{name}");
        }
        assert!(!may_be_as_left(&left(), &identity(), &Stamp::default()), "what is read is not known to be the same");
    }
}
