//! The state of applied sets: what the inventory says of the last run, and the health of what is live now.

use jiff::Timestamp;
use krm::ObjectKey;

use super::drivers;
use super::find;
use super::session::Session;
use crate::cluster::{Look, RootError};
use crate::error::Result;
use crate::health::{self, Cause, Facts, Health};
use crate::inventory::{Inventory, RunResult};
use crate::plan::Observed;
use crate::report::{Member, MemberCause, ObjectName, Overview, SetStatus};
use crate::settings::SYSTEM_NAMESPACE;

/// Most members of a set about which pods and events are asked.
const CAUSES_MAX: usize = 10;

/// What runs the sets by itself, beside the sets: of all, or of those that were asked for.
pub(super) async fn with_drivers(session: &Session, sets: Vec<SetStatus>, all: bool, now: Timestamp) -> Overview {
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
pub(super) async fn of_all(session: &Session, now: Timestamp, warn: &dyn Fn(&str)) -> Result<Vec<SetStatus>> {
    let mut sets = Vec::new();
    for root in find::shown(session).await? {
        match session.cluster.decode_root(&root).await {
            Ok(inventory) => sets.push(status(session, &inventory, now, 0).await?),
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
pub(super) async fn of_set(session: &Session, name: &str, now: Timestamp) -> Result<SetStatus> {
    let identity = find::identity(session, name, None).await?;
    let Some(stored) = session.cluster.read_root(&identity.root).await? else {
        return Err(crate::error::CliError::new(
            crate::error::Code::SetNotFound,
            format!("the set `{name}` was deleted just now"),
        ));
    };
    status(session, &stored.inventory, now, CAUSES_MAX).await
}

/// `causes`: of so many members that are not healthy, what lies behind it is looked for.
async fn status(session: &Session, inventory: &Inventory, now: Timestamp, causes: usize) -> Result<SetStatus> {
    let look = Look { desired: &[], inventory, recorded: true };
    let seen = session.cluster.observe(&look).await?;
    let facts = Facts { now: Some(now), ..Facts::default() };
    let mut members = Vec::with_capacity(inventory.entries.len());
    let mut looks = causes;
    for key in inventory.entries.keys() {
        let seen = seen.observation.get(key);
        let health = match seen {
            Observed::Present(live) => health::of(live.object(), &facts),
            Observed::Absent => Health::NotFound,
            Observed::NotServed => Health::Unknown("its kind is not served".to_owned()),
            Observed::Unreadable { reason } => Health::Unknown(reason.clone()),
        };
        let mut member = member(key, &health);
        if let Observed::Present(live) = seen
            && matches!(health, Health::InProgress(_) | Health::Failed(_))
            && looks > 0
        {
            looks -= 1;
            member.cause = session.cluster.cause(live.object(), &facts).await.map(cause);
        }
        members.push(member);
    }
    let last = inventory.last.as_ref();
    let succeeded = last.is_some_and(|last| last.result == RunResult::Succeeded);
    Ok(SetStatus {
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
        members,
        now,
    })
}

fn member(key: &ObjectKey, health: &Health) -> Member {
    Member {
        object: ObjectName(key.clone()),
        health: health.word().to_owned(),
        ready: health.is_current(),
        message: health.message().to_owned(),
        cause: None,
    }
}

fn cause(Cause { pod, text: message, log, .. }: Cause) -> MemberCause {
    MemberCause { pod, message, log }
}
