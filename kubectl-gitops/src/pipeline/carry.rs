//! Carrying a plan out: ask where somebody can answer, execute, read and plan again where the inventory moved meanwhile.

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use super::identity::Identity;
use super::judge::{Judged, judge, random};
use super::order::Order;
use super::plan_file::{Build, PlanFile};
use super::session::Session;
use crate::cluster::DryRun;
use crate::error::{CliError, Code, Result};
use crate::execute::{Executed, Execution, Job, Options, Stop, Turn, execute};
use crate::inventory::Inventory;
use crate::plan::{Deed, Desired, Plan};
use crate::report::{Console, counted};
use crate::settings;

/// Everything that stays the same however often a run reads and plans.
pub(super) struct Run<'a> {
    pub(super) order: &'a Order<'a>,
    pub(super) session: &'a Session,
    pub(super) identity: &'a Identity,
    /// What was built and where it goes, in one line.
    pub(super) headline: &'a dyn Fn(&Inventory) -> String,
    /// What the root shall remember of it.
    pub(super) stamp: Stamp,
    /// A plan that was looked at: this one is carried out, or none.
    pub(super) exact: Option<Exact<'a>>,
}

/// A plan that was looked at, and what was built now.
#[derive(Clone, Copy)]
pub(super) struct Exact<'a> {
    pub(super) file: &'a PlanFile,
    pub(super) build: &'a Build,
}

/// What a run leaves in the root besides its result.
#[derive(Debug, Clone, Default)]
pub(super) struct Stamp {
    /// Digest of everything that was read; empty if unknown.
    pub(super) inputs: String,
    /// What runs this; empty to leave what is on record.
    pub(super) driver: String,
}

/// What came of it.
pub(super) struct Carried {
    pub(super) plan: Plan,
    pub(super) executed: Executed,
}

impl<'a> Run<'a> {
    /// Nothing in particular is asked of it.
    pub(super) fn new(
        order: &'a Order<'a>,
        session: &'a Session,
        identity: &'a Identity,
        headline: &'a dyn Fn(&Inventory) -> String,
    ) -> Self {
        Self { order, session, identity, headline, stamp: Stamp::default(), exact: None }
    }

    /// Plans and executes until it is done, or it is clear that it cannot be.
    pub(super) async fn carry_out(&self, first: Judged, desired: &mut [Desired]) -> Result<Carried> {
        let Order { story, policy, .. } = self.order;
        let options = self.options()?;
        let mut turn = Turn::new();
        let mut judged = first;
        loop {
            self.confirm(&judged).await?;
            story.begin(&(self.headline)(&judged.inventory), &judged.plan)?;
            let job = Job {
                plan: &judged.plan,
                inventory: &judged.inventory,
                root: judged.root.as_ref(),
                discovery: Rc::clone(&judged.seen.discovery),
                policy,
                options: &options,
            };
            let tell = |event| story.event(&event, &judged.plan);
            self.session.executing.set(true);
            let executed = execute(Execution {
                cluster: &self.session.cluster,
                job: &job,
                turn: &mut turn,
                interrupt: &self.session.interrupt,
                events: &tell,
            })
            .await;
            self.session.executing.set(false);
            story.end();
            if executed.stop == Some(Stop::Moved) && self.exact.is_some() {
                let text = "another run wrote the inventory while the plan was checked";
                return Err(CliError::new(Code::PlanMoved, text).hint("look at a new plan"));
            }
            if executed.stop == Some(Stop::Moved) && turn.again() {
                judged = judge(&self.session.cluster, self.identity, desired, policy).await?;
                continue;
            }
            return Ok(Carried { plan: judged.plan, executed });
        }
    }

    fn options(&self) -> Result<Options> {
        let Order { settings, policy, .. } = self.order;
        let run_id = random_hex()?;
        Ok(Options {
            holder: format!("{}/{}/{run_id}", host(), std::process::id()),
            run_id,
            in_flight: settings.concurrency,
            wait: settings.wait.then_some(settings.timeout),
            wait_for_addresses: settings.wait_for_load_balancers,
            ready_timeout: settings.timeout.min(Duration::from_mins(2)),
            prune_timeout: settings.timeout,
            lock_timeout: settings.lock_timeout,
            dry_run: if settings.dry_run == settings::DryRun::Server { DryRun::Server } else { DryRun::No },
            exact: self.exact.is_some(),
            delete_root: policy.delete_all,
            source: (!policy.delete_all).then(|| self.identity.source.clone()),
            revision: self.identity.revision.clone(),
            inputs_digest: self.stamp.inputs.clone(),
            sources: self.order.sources.borrow().clone(),
            driver: self.stamp.driver.clone(),
            clock: Box::new(now),
        })
    }

    /// Asks before something is deleted, if somebody is there to answer. Elsewhere the guards decide, as in kubectl.
    async fn confirm(&self, judged: &Judged) -> Result<()> {
        let Order { settings, story, .. } = self.order;
        let console = story.console();
        let deleted = |deed: &Deed| matches!(deed, Deed::Prune { .. } | Deed::Recreate { .. });
        let doomed: Vec<String> =
            judged.plan.actions.iter().filter(|a| deleted(&a.deed)).map(|a| a.key.short()).collect();
        let dry = settings.dry_run != settings::DryRun::None;
        let asked = settings.yes || self.exact.is_some();
        if doomed.is_empty() || asked || dry || judged.plan.refusal.is_some() || !console.surface().interactive() {
            return Ok(());
        }
        let objects = counted(doomed.len(), "object");
        console.ask(&format!("{objects} will be deleted or replaced:"), &doomed);
        if answer().await? {
            return Ok(());
        }
        Err(CliError::new(Code::Declined, "not confirmed").hint("`--yes` does not ask"))
    }
}

/// The answer, read by a thread of its own: a signal ends the run while nobody answers.
pub(super) async fn answer() -> Result<bool> {
    let (sender, answer) = tokio::sync::oneshot::channel();
    // If nobody waits for the answer any more, it does not matter.
    std::thread::spawn(move || drop(sender.send(Console::answer())));
    let answer = answer.await.map_err(|error| CliError::new(Code::Bug, error))?;
    answer.map_err(|error| CliError::new(Code::Declined, error))
}

/// The time, RFC 3339, to the second.
pub(super) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn random_hex() -> Result<String> {
    let bytes: [u8; 6] = random()?;
    Ok(hex(&bytes))
}

/// Two digits for each byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Who holds the lock, for people: a pod's name or a machine's.
fn host() -> String {
    let from_env = std::env::var("HOSTNAME").ok();
    let from_kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = from_env.filter(|name| !name.is_empty()).or_else(from_kernel).unwrap_or_default();
    let name: String =
        name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c)).take(64).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}
