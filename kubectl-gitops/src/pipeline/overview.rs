//! The state of applied sets: what the inventory says of the last run, and the health of what is live now.

mod changes;
mod pods;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use krm::ObjectKey;
use tokio::time::Instant;

use super::drivers;
use super::find;
use super::session::Session;
use crate::cluster::{Look, RootError};
use crate::error::{Result, exit};
use crate::health::{self, Cause, Facts, Health};
use crate::inventory::{Inventory, RunRecord, RunResult, State};
use crate::plan::{self, Observation, Observed};
use crate::report::{Console, Member, MemberCause, ObjectName, Overview, RunLine, SetStatus};
use crate::settings::{SYSTEM_NAMESPACE, StatusSettings};
use changes::Changes;
use pods::Pods;

/// Changes that come together are looked at together.
const LOOK_MIN: Duration = Duration::from_millis(500);
const LOOK_IDLE: Duration = Duration::from_mins(5);
/// Most members of a set about which pods and events are asked.
const CAUSES_MAX: usize = 10;

/// Everything that was asked for, once.
pub(super) async fn look(session: &Session, settings: &StatusSettings, now: Timestamp) -> Result<Overview> {
    let sets = match &settings.name {
        Some(name) => vec![of_set(session, name, settings, now).await?],
        None => of_all(session, settings, now, &|text| session.story.warn(text)).await?,
    };
    Ok(with_drivers(session, sets, settings.name.is_none(), now).await)
}

/// Again and again, whenever something changed, until a signal comes: that is how it is meant to end. Nothing is asked while nothing
/// happens.
pub(super) async fn watch(
    session: &Session,
    settings: &StatusSettings,
    interval: Duration,
    console: &Console,
) -> Result<u8> {
    let mut shown = String::new();
    let alone = settings.name.is_some();
    let rounds = async {
        let mut changes = Changes::new(session, interval);
        loop {
            let looked = Instant::now();
            let mut seen = look(session, settings, Timestamp::now()).await?;
            let state = seen.state()?;
            // A terminal is drawn again for the ages, too; elsewhere only what is new is worth a line.
            if console.redraws() || state != shown {
                console.start_again()?;
                console.present_status(&seen, alone)?;
                shown = state;
            }
            if settings.fail && seen.is_ready() {
                return Ok(exit::DONE);
            }
            let discovery = session.cluster.discover().await?;
            if changes.follow(changes::places(session, &discovery, &seen, alone)).await {
                // Something may have happened before it was watched.
                continue;
            }
            let again = looked + look_after(&seen, changes.is_blind(), interval);
            loop {
                tokio::select! {
                    biased;
                    () = changes.news() => break,
                    () = tokio::time::sleep_until(again) => break,
                    () = tokio::time::sleep(interval), if console.redraws() => {
                        seen.as_of(Timestamp::now());
                        console.start_again()?;
                        console.present_status(&seen, alone)?;
                    }
                }
            }
            tokio::time::sleep_until(looked + LOOK_MIN).await;
        }
    };
    tokio::select! {
        biased;
        _ = session.interrupt.raised() => Ok(exit::DONE),
        ended = rounds => ended,
    }
}

/// When to look again although nothing is told.
fn look_after(seen: &Overview, blind: bool, interval: Duration) -> Duration {
    match blind {
        true => interval,
        // That something does not run when it should is told by nobody.
        false if !seen.drivers.is_empty() => LOOK_IDLE,
        false => Duration::from_hours(24),
    }
}

/// What runs the sets by itself, beside the sets: of all, or of those that were asked for.
async fn with_drivers(session: &Session, sets: Vec<SetStatus>, all: bool, now: Timestamp) -> Overview {
    let driven = |set: &SetStatus| set.namespace == SYSTEM_NAMESPACE || !set.driver.is_empty();
    let found = if all || sets.iter().any(driven) {
        drivers::of_cluster(session, &sets, now).await
    } else {
        drivers::Found::default()
    };
    let found = match session.asked() {
        _ if !all => found.of_sets(&sets),
        Some(namespace) if namespace != SYSTEM_NAMESPACE => found.of_namespace(namespace),
        _ => found,
    };
    let notices = found.notices(&sets);
    Overview { sets, drivers: found.drivers, notices, now }
}

/// All sets that can be seen. One that cannot be read is told by `warn` and left out.
async fn of_all(
    session: &Session,
    settings: &StatusSettings,
    now: Timestamp,
    warn: &dyn Fn(&str),
) -> Result<Vec<SetStatus>> {
    let mut sets = Vec::new();
    for root in find::shown(session).await? {
        match session.cluster.decode_root(&root).await {
            Ok(inventory) => sets.push(status(session, &inventory, settings, now).await?),
            Err(RootError::Request(error)) => return Err(error.into()),
            Err(error) => {
                let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                warn(&format!("{}: {why}", find::root_ref(&root)));
            }
        }
    }
    sets.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    Ok(sets)
}

/// One set.
async fn of_set(session: &Session, name: &str, settings: &StatusSettings, now: Timestamp) -> Result<SetStatus> {
    let identity = find::identity(session, name, None).await?;
    let Some(stored) = session.cluster.read_root(&identity.root).await? else {
        return Err(crate::error::CliError::new(
            crate::error::Code::SetNotFound,
            format!("the set `{name}` was deleted just now"),
        ));
    };
    status(session, &stored.inventory, settings, now).await
}

async fn status(
    session: &Session,
    inventory: &Inventory,
    settings: &StatusSettings,
    now: Timestamp,
) -> Result<SetStatus> {
    let look = Look { desired: &[], inventory, recorded: true };
    let mut seen = session.cluster.observe(&look).await?;
    if settings.drift {
        // Members come from the API server's cache first; who asks for drift means now.
        let all = inventory.entries.keys().cloned().collect();
        session.cluster.observe_again(&look, &all, &mut seen).await?;
    }
    let facts = Facts { now: Some(now), ..Facts::default() };
    let alone = settings.name.is_some();
    let pods = if alone { pods::of_members(session, inventory, &seen.observation).await } else { Pods::default() };
    let claims = session.cluster.claims(&seen.discovery, &pending_claims(inventory, &seen.observation)).await;
    let (mut members, mut looks) = (Vec::with_capacity(inventory.entries.len()), if alone { CAUSES_MAX } else { 0 });
    let owner = inventory.id.to_string();
    for (key, entry) in &inventory.entries {
        let seen = seen.observation.get(key);
        let health = match seen {
            Observed::Present(live) => health::of(live.object(), &claims.facts(live.object(), facts)),
            // A Job that has run goes by its ttl.
            Observed::Absent if is_job(key) && entry.state == State::Owned => Health::Current,
            Observed::Absent => Health::NotFound,
            Observed::NotServed => Health::Unknown("its kind is not served".to_owned()),
            Observed::Unreadable { reason } => Health::Unknown(reason.clone()),
        };
        let mut member = member(key, &health);
        if settings.drift {
            member.drift = plan::drift(key, entry, seen, &owner).map(|reason| reason.to_string());
        }
        if let Observed::Present(live) = seen {
            member.pods = pods.of(live.object(), &facts);
            if matches!(health, Health::InProgress(_) | Health::Failed(_)) && looks > 0 {
                looks -= 1;
                member.cause = session.cluster.cause(live.object(), &facts).await.map(cause);
            }
        }
        members.push(member);
    }
    Ok(SetStatus { members, drift_known: settings.drift, ..recorded(inventory, now) })
}

fn is_job(key: &ObjectKey) -> bool {
    key.kind == "Job" && key.group == "batch"
}

/// The namespaces of the claims that are not bound.
fn pending_claims<'a>(inventory: &'a Inventory, seen: &Observation) -> BTreeSet<&'a str> {
    let is_pending = |key: &ObjectKey| {
        let live = seen.get(key).live().filter(|_| key.group.is_empty() && key.kind == "PersistentVolumeClaim");
        live.is_some_and(|live| live.object()["status"]["phase"] != "Bound")
    };
    inventory.entries.keys().filter(|key| is_pending(key)).map(|key| key.namespace.as_str()).collect()
}

/// What the inventory says of itself.
fn recorded(inventory: &Inventory, now: Timestamp) -> SetStatus {
    let last = inventory.last.as_ref();
    let succeeded = last.is_some_and(|last| last.result == RunResult::Succeeded);
    SetStatus {
        name: inventory.root.set_name().to_owned(),
        namespace: inventory.root.namespace.clone(),
        source: inventory.source.as_ref().map(ToString::to_string).unwrap_or_default(),
        revision: inventory.revision.clone(),
        synced: succeeded && inventory.is_settled(),
        suspended: inventory.suspended,
        driver: inventory.driver.clone(),
        running: inventory.lock.as_ref().map(|lock| lock.holder.clone()),
        result: last.map(|last| last.result.as_str().to_owned()).unwrap_or_default(),
        last_change: last.map(|last| last.time.clone()).unwrap_or_default(),
        message: last.map(|last| last.message.clone()).unwrap_or_default(),
        runs: last.into_iter().chain(&inventory.history).map(run).collect(),
        members: Vec::new(),
        drift_known: false,
        now,
    }
}

fn run(record: &RunRecord) -> RunLine {
    RunLine {
        time: record.time.clone(),
        result: record.result.as_str().to_owned(),
        revision: record.revision.clone(),
        message: record.message.clone(),
    }
}

fn member(key: &ObjectKey, health: &Health) -> Member {
    Member {
        object: ObjectName(key.clone()),
        health: health.word().to_owned(),
        ready: health.is_current(),
        message: health.message().to_owned(),
        drift: None,
        pods: Vec::new(),
        cause: None,
    }
}

fn cause(Cause { pod, text: message, log, .. }: Cause) -> MemberCause {
    MemberCause { pod, message, log }
}
