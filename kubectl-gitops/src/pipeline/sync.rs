//! `sync`: the spine with a repository in front and a record behind.
//!
//! ```text
//! recorded → resolve → [as it was left: stop] → fetch → build → stages → observe → plan → [dry run: stop] → execute → record
//! ```

mod daily;
mod events;
mod inputs;
mod last_words;
mod record;
mod repository;
mod set;
mod unchanged;

pub(super) use repository::credentials;

use std::rc::Rc;

use jiff::Timestamp;

use super::carry::{Run, Stamp};
use super::heartbeat;
use super::identity::Identity;
use super::order::Order;
use super::render::Headline;
use super::session::{self, Session};
use super::{Ended, converge};
use crate::cluster::StoredRoot;
use crate::error::Result;
use crate::inventory::Inventory;
use crate::inventory::marks::NAME_ANNOTATION;
use crate::report::{Command, Console, short_revision};
use crate::settings::{Connection, DryRun, SyncSettings};
use crate::source::Credentials;

/// `sync`: a directory of a repository into the cluster.
pub(crate) fn sync(settings: &SyncSettings, connection: &Connection, console: &Console) -> Result<u8> {
    Credentials::check_given(&settings.remote)?;
    let mut order = Order::new(Command::Sync, &settings.run, console)?;
    let story = Rc::clone(&order.story);
    let result = session::with(connection, &story, async |session| {
        let mut set = set::identify(settings, session.namespace())?;
        let before = session.cluster.read_root(&set.root).await?;
        let ended = attempt(settings, &mut order, &mut set, before.as_ref(), session).await;
        record::record(settings, &set, before.as_ref(), &ended, session).await;
        if settings.run.dry_run == DryRun::None {
            heartbeat::beat(&settings.driver, settings.driver_every, &set.root, session, Timestamp::now()).await;
        }
        ended
    });
    last_words::leave(settings.termination_log.as_deref(), &result, console);
    result?.code(false)
}

/// From the repository to the cluster, or only as far as is needed.
async fn attempt(
    settings: &SyncSettings,
    order: &mut Order<'_>,
    set: &mut Identity,
    before: Option<&StoredRoot>,
    session: &Session,
) -> Result<Ended> {
    let remote = repository::open(settings, session).await?;
    let revision = remote.resolve().await?;
    set.revision = revision.to_string();
    let inputs = inputs::digest(settings, &revision, session.namespace(), remote.trust())?;
    let stamp = Stamp { inputs, driver: settings.driver.clone() };
    let shown = format!("{} {}", set::shown(&set.root), short_revision(&set.revision));
    if let Some(before) = before {
        order.policy.refresh = daily::is_due(&before.inventory, Timestamp::now());
        if let Some(report) = unchanged::report(order, set, &shown, &before.inventory, &stamp, session).await? {
            return Ok(Ended { report, failure: None, settled: true });
        }
    }
    let mut rendered = remote.render(&revision, &order.story).await?;
    if let Some(warning) = set::other_name(set, rendered.annotation(NAME_ANNOTATION)) {
        order.story.warn(&warning);
    }
    let stamp = if rendered.volatile { Stamp { inputs: String::new(), ..stamp } } else { stamp };
    let headline = Headline::new(&rendered, order.begin.elapsed());
    let desired = order.desired(&mut rendered, session).await?;
    let headline = |inventory: &Inventory| headline.text(inventory, Timestamp::now());
    converge(&Run { order, session, identity: set, headline: &headline, stamp, exact: None }, desired, &shown).await
}
