//! What every command that plans begins with. Owns the settings, the policy, the teller and the time of one invocation; must
//! not execute anything.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use super::identity::{self, Identity};
use super::judge::{self, Judged};
use super::live::{self, Sources};
use super::render::Rendered;
use super::session::Session;
use crate::error::Result;
use crate::plan::scope::Namespace;
use crate::plan::{Desired, Policy};
use crate::report::{About, Command, Console, Story};
use crate::settings::{DryRun, RunSettings};

/// A command that plans, as it was asked for.
pub(super) struct Order<'a> {
    command: Command,
    pub(super) settings: &'a RunSettings,
    pub(super) policy: Policy,
    pub(super) story: Rc<Story>,
    pub(super) begin: Instant,
    /// What the set uses and does not bring.
    pub(super) sources: RefCell<Sources>,
}

impl<'a> Order<'a> {
    /// From the settings; its time begins now.
    pub(super) fn new(command: Command, settings: &'a RunSettings, console: &Console) -> Result<Self> {
        let policy = judge::policy(settings, matches!(command, Command::Delete))?;
        Ok(Self {
            command,
            settings,
            policy,
            story: Rc::new(Story::new(console)),
            begin: Instant::now(),
            sources: RefCell::default(),
        })
    }

    /// Which set was rendered, and its objects, which are taken: from here on they are values to be sent.
    pub(super) async fn wanted(&self, rendered: &mut Rendered, session: &Session) -> Result<(Identity, Vec<Desired>)> {
        let identity = identity::identify(rendered, self.settings, session.namespace())?;
        Ok((identity, self.desired(rendered, session).await?))
    }

    /// The objects that were rendered, which are taken.
    pub(super) async fn desired(&self, rendered: &mut Rendered, session: &Session) -> Result<Vec<Desired>> {
        let objects = std::mem::take(&mut rendered.objects);
        let fill = match self.command {
            // There `-n` is where what names no namespace goes, and part of the set's name: a repository may well name several.
            Command::Sync => Namespace::Default(session.namespace()),
            Command::Apply | Command::Diff | Command::Delete => session.fill(),
        };
        let mut desired = judge::desired(objects, session, fill, &mut |text| self.story.warn(&text)).await?;
        let warn = &mut |text: String| self.story.warn(&text);
        let sources = live::add(&session.cluster, &mut desired, &rendered.hashes, warn).await?;
        self.sources.replace(sources);
        Ok(desired)
    }

    /// Reads and decides, and tells what the plan warns of.
    pub(super) async fn judge(
        &self,
        session: &Session,
        identity: &Identity,
        desired: &mut [Desired],
    ) -> Result<Judged> {
        let judged = judge::judge(&session.cluster, identity, desired, &self.policy).await?;
        self.story.warn_all(&judged.plan);
        Ok(judged)
    }

    /// The head of the report.
    pub(super) fn about(&self, identity: &Identity, source: &str) -> About {
        About {
            command: self.command,
            root: identity.root.clone(),
            source: source.to_owned(),
            revision: identity.revision.clone(),
            dry_run: (self.settings.dry_run != DryRun::None).then(|| self.settings.dry_run.word()),
        }
    }
}
