//! What is kept of a run: the root where the executor has not written it yet, and an Event where something is new. Nothing of
//! a run that changed nothing. That a record cannot be written never fails the run.

use super::super::Ended;
use super::super::carry::{now, random_hex};
use super::super::identity::Identity;
use super::super::judge::new_id;
use super::super::session::Session;
use super::events;
use crate::cluster::{Code as Answer, DryRun as Sent, Endpoint, RootError, StoredRoot};
use crate::error::{CliError, Code, Kind, Result};
use crate::inventory::{Inventory, RunRecord, RunResult};
use crate::report::{one_line, summary_line};
use crate::settings::{DryRun, SyncSettings};

/// Records how the run ended.
pub(super) async fn record(
    settings: &SyncSettings,
    set: &Identity,
    before: Option<&StoredRoot>,
    ended: &Result<Ended>,
    session: &Session,
) {
    if settings.run.dry_run != DryRun::None {
        return;
    }
    let after = match ended {
        Ok(ended) if ended.settled => {
            let quiet = ended.failure.is_none() && ended.report.requests.writes == 0;
            if quiet {
                return;
            }
            session.cluster.read_root(&set.root).await
        }
        Ok(Ended { failure: Some(error), .. }) | Err(error) => note(settings, set, error, session).await,
        Ok(Ended { failure: None, .. }) => return,
    };
    let told = match after {
        Ok(Some(after)) => {
            let words = ended.as_ref().map_or_else(|_| String::new(), |ended| summary_line(&ended.report));
            let before = before.map(|before| &before.inventory);
            tell(before, &after, &words, &settings.driver, session).await
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = told {
        session.story.warn(&format!("the result is not recorded in the cluster: {}", one_line(&CliError::from(error))));
    }
}

/// Writes down an attempt that came to no execution. Nothing if the same is on record already, or if that is another run's.
async fn note(
    settings: &SyncSettings,
    set: &Identity,
    error: &CliError,
    session: &Session,
) -> Result<Option<StoredRoot>, RootError> {
    if !is_worth_a_record(error) {
        return Ok(None);
    }
    let stored = session.cluster.read_root(&set.root).await?;
    let inventory = match &stored {
        Some(stored) => stored.inventory.clone(),
        None => match new_id(&set.root) {
            Ok(id) => Inventory::new(id, set.root.clone()),
            Err(_) => return Ok(None),
        },
    };
    if inventory.lock.is_some() || inventory.accepts(&set.source, set.derived).is_err() {
        return Ok(None);
    }
    let record = RunRecord {
        run_id: random_hex().unwrap_or_default(),
        time: now(),
        revision: set.revision.clone(),
        result: RunResult::Failed,
        message: one_line(error),
    };
    let next = inventory.noted(record, &set.source, &settings.driver);
    if stored.is_some() && !inventory.differs(&next) {
        return Ok(None);
    }
    let previous = stored.as_ref().map(|stored| &stored.object);
    match session.cluster.write_root(&next, previous).await {
        Ok(object) => Ok(Some(StoredRoot { object, inventory: next })),
        // Whoever wrote it meanwhile knows better.
        Err(error) if error.is_lost_race() => Ok(None),
        // Without the namespace there is no place to write to, and the run's own error says so.
        Err(RootError::Request(error)) if error.code == Answer::NamespaceMissing => Ok(None),
        Err(error) => Err(error),
    }
}

/// Another run's lock, a signal and a cluster that cannot be reached say nothing of the set.
fn is_worth_a_record(error: &CliError) -> bool {
    let passing = matches!(error.kind, Kind::Locked | Kind::Interrupted | Kind::Terminated);
    !passing && !matches!(error.code, Code::Unreachable | Code::Unauthorized | Code::InventoryUnreadable)
}

/// Makes the Event, where there is news.
async fn tell(
    before: Option<&Inventory>,
    after: &StoredRoot,
    words: &str,
    driver: &str,
    session: &Session,
) -> Result<(), RootError> {
    let Some(news) = events::news(before, &after.inventory) else { return Ok(()) };
    let event = events::event(news, after, words, driver);
    match session.cluster.create(&Endpoint::events(), &event, Sent::No).await {
        Ok(_) => Ok(()),
        // Its name is the run's: an answer was lost.
        Err(error) if error.code == Answer::AlreadyExists => Ok(()),
        // The record is in the root; an account need not be allowed to tell of it twice.
        Err(error) if error.code == Answer::Forbidden => Ok(()),
        Err(error) => Err(error.into()),
    }
}
