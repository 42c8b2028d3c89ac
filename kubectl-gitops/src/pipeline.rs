//! The spine: every stage once, in order.
//!
//! ```text
//! settings → source → build → stages → observe → plan → [diff, dry run: stop] → execute → report
//! ```
//!
//! `sync` has a repository in front of it and a record behind it: see [`sync`](mod@sync).

mod against;
pub(crate) mod amend;
mod asked;
mod carry;
mod compare;
mod deliver;
mod drivers;
mod elsewhere;
mod engine;
mod external;
mod find;
mod given;
mod heartbeat;
pub(crate) mod host;
mod identity;
pub(crate) mod install;
mod judge;
mod live;
mod order;
mod overview;
mod plan_file;
mod render;
pub(crate) mod secrets;
mod session;
mod sync;
mod unified;
pub(crate) mod uninstall;

use std::path::Path;
use std::rc::Rc;

use jiff::Timestamp;

use crate::error::{CliError, Result, exit};
use crate::inventory::Inventory;
use crate::plan::{Desired, Observation, Plan, Policy};
use crate::report::{self, About, Command, Console, Report, Story};
use crate::settings::{BuildSettings, Connection, DiffSettings, DryRun, PlanFiles, RunSettings, StatusSettings};
use crate::stages::Told;
use carry::{Exact, Run};
use compare::Comparison;
use identity::Identity;
use judge::Judged;
use order::Order;
use plan_file::{Basis, Build, PlanFile};
use session::Session;
pub(crate) use sync::sync;

/// What `build` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BuildForm {
    /// What `kustomize build` prints.
    Plain,
    /// The objects after our stages.
    Rendered,
    /// What our stages did.
    Explained,
}

/// `build`: source → build → [stages] → output. Without the stages it is kustomize, byte for byte.
pub(crate) fn build(
    settings: &BuildSettings,
    form: BuildForm,
    output: Option<&Path>,
    connection: &Connection,
    console: &Console,
) -> Result<u8> {
    let rendered = form != BuildForm::Plain;
    let (built, told) = elsewhere::with_input(settings, rendered, connection, console, |input| {
        let mut built = render::build(input, settings, rendered)?;
        let told = if rendered { render::stages(&mut built, settings)? } else { Told::default() };
        Ok((built, told))
    })?;
    console.warn_all(&built.warnings);
    match form {
        BuildForm::Plain | BuildForm::Rendered => deliver::deliver(&built.objects, output, console)?,
        BuildForm::Explained => console.result(report::explanation(&told, console.paint_out()).as_bytes())?,
    }
    // The process ends here: taking a large tree apart, node by node, would be for nothing.
    std::mem::forget(built);
    Ok(exit::DONE)
}

/// `vars`: source → build → which variables are used, and which have a value. Exit code 1 where one lacks it.
pub(crate) fn vars(settings: &BuildSettings, json: bool, connection: &Connection, console: &Console) -> Result<u8> {
    let (survey, warnings) = elsewhere::with_input(settings, true, connection, console, |input| {
        let mut built = render::build(input, settings, true)?;
        Ok((render::survey(&mut built, settings)?, built.warnings))
    })?;
    console.warn_all(&warnings);
    console.warn_all(&survey.problems.iter().collect::<Vec<_>>());
    let text = if json { report::variables_json(&survey) } else { report::variables_table(&survey) };
    console.result(text.as_bytes())?;
    Ok(if survey.is_complete() { exit::DONE } else { exit::PARTIAL })
}

/// `diff`: source → build → stages → observe → plan → compare → report. Writes nothing.
pub(crate) fn diff(
    build: &BuildSettings,
    settings: &RunSettings,
    shown: &DiffSettings,
    connection: &Connection,
    console: &Console,
) -> Result<u8> {
    if let Some(reference) = &shown.against {
        return against::diff(build, settings, shown, reference, connection, console);
    }
    let order = Order::new(Command::Diff, settings, console)?;
    let mut rendered = render::render(build, connection, console)?;
    session::with(connection, &order.story, async |session| {
        let (identity, mut desired) = order.wanted(&mut rendered, session).await?;
        let judged = order.judge(session, &identity, &mut desired).await?;
        let about = order.about(&identity, &rendered.shown);
        let compared = compared(&about, &judged, session, &order, true).await;
        show(&Shown { report: &compared.report, comparison: &compared.comparison }, shown, console)?;
        compared.code()
    })
}

/// Differences that can be shown.
struct Shown<'a> {
    report: &'a Report,
    comparison: &'a Comparison,
}

/// As `diff -u`, or by the program that the user named, else by ourselves.
fn show(differences: &Shown<'_>, settings: &DiffSettings, console: &Console) -> Result<()> {
    if settings.unified {
        console.result(unified::text(differences.comparison)?.as_bytes())?;
        console.present_plan(differences.report);
        return Ok(());
    }
    let Some(command) = &settings.external else { return console.present_diff(differences.report) };
    external::show(command, differences.comparison)?;
    console.present_plan(differences.report);
    Ok(())
}

/// `apply`: source → build → stages → observe → plan → execute → report.
pub(crate) fn apply(
    build: &BuildSettings,
    settings: &RunSettings,
    files: &PlanFiles,
    connection: &Connection,
    detailed_exit_code: bool,
    console: &Console,
) -> Result<u8> {
    let order = Order::new(Command::Apply, settings, console)?;
    let file = files.carry_out.as_deref().map(PlanFile::read).transpose()?;
    let mut rendered = render::render(build, connection, console)?;
    let headline = render::Headline::new(&rendered, order.begin.elapsed());
    session::with(connection, &order.story, async |session| {
        let (identity, mut desired) = order.wanted(&mut rendered, session).await?;
        let build = Build::of(&desired);
        if let Some(path) = &files.out {
            let about = About { command: Command::Diff, ..order.about(&identity, &rendered.shown) };
            let judged = order.judge(session, &identity, &mut desired).await?;
            let compared = compared(&about, &judged, session, &order, true).await;
            console.present_diff(&compared.report)?;
            let changes = compared.code()? == exit::DIFFERENT;
            let basis = compared.basis(&identity, &build, &order.policy, &judged);
            PlanFile::of(&basis, session).await?.write(path)?;
            return Ok(if changes && detailed_exit_code { exit::CHANGED } else { exit::DONE });
        }
        let headline = |inventory: &Inventory| headline.text(inventory, Timestamp::now());
        let exact = file.as_ref().map(|file| Exact { file, build: &build });
        let run = Run { exact, ..Run::new(&order, session, &identity, &headline) };
        converge(&run, desired, &rendered.shown).await?.code(detailed_exit_code)
    })
}

/// `delete`: find → observe → plan of nothing → execute → report; the inventory goes last.
pub(crate) fn delete(settings: &RunSettings, connection: &Connection, console: &Console) -> Result<u8> {
    let order = Order::new(Command::Delete, settings, console)?;
    session::with(connection, &order.story, async |session| {
        let name = settings.name.as_deref().unwrap_or_default();
        let identity = find::identity(session, name, settings.inventory_namespace.as_deref()).await?;
        let headline =
            |inventory: &Inventory| format!("Deleting {name}: {}.", report::counted(inventory.entries.len(), "object"));
        let run = Run::new(&order, session, &identity, &headline);
        converge(&run, Vec::new(), name).await?.code(false)
    })
}

/// How a run that may write ended, presented already.
struct Ended {
    report: Report,
    failure: Option<CliError>,
    /// The root says so.
    settled: bool,
}

impl Ended {
    fn code(self, detailed: bool) -> Result<u8> {
        match self.failure {
            Some(error) => Err(error),
            None if detailed && self.report.counts.changes() > 0 => Ok(exit::CHANGED),
            None => Ok(exit::DONE),
        }
    }
}

/// What `apply`, `delete` and `sync` share: observe → plan → [dry run: stop] → execute → report.
async fn converge(run: &Run<'_>, mut desired: Vec<Desired>, source: &str) -> Result<Ended> {
    let Run { order, session, identity, .. } = run;
    let mut judged = order.judge(session, identity, &mut desired).await?;
    let about = order.about(identity, source);
    if order.settings.dry_run == DryRun::Client {
        let Compared { report, plan, .. } = compared(&about, &judged, session, order, false).await;
        order.story.console().present_run(&report, false)?;
        return Ok(Ended { report, failure: report::refusal(&plan), settled: false });
    }
    let comparison = match run.exact {
        Some(exact) => {
            let compared = compared(&about, &judged, session, order, true).await;
            exact.file.demand(&compared.basis(identity, exact.build, &order.policy, &judged), session).await?;
            compared.comparison
        }
        None => Comparison::guessed(&judged, order.story.console().tells_wholly()),
    };
    order.story.expect(comparison.changes(Timestamp::now()));
    // The plan has all that is needed from here on.
    judged.seen.observation = Observation::default();
    let carry::Carried { plan, executed } = run.carry_out(judged, &mut desired).await?;
    let mut report = Report::done(&about, &plan, &executed, order.begin.elapsed());
    comparison.annotate(&mut report.actions, Timestamp::now());
    report.restarts = comparison.restarts();
    order.story.console().present_run(&report, order.story.streams_actions())?;
    let failure = report::failure(&plan, &executed);
    Ok(Ended { report, failure, settled: executed.settled })
}

/// `status`: find → observe → health → report. Writes nothing.
pub(crate) fn status(settings: &StatusSettings, connection: &Connection, console: &Console) -> Result<u8> {
    let story = Rc::new(Story::new(console));
    session::with(connection, &story, async |session| {
        if let Some(pause) = settings.watch {
            return overview::watch(session, settings, pause, console).await;
        }
        let seen = overview::look(session, settings, Timestamp::now()).await?;
        console.present_status(&seen, settings.name.is_some())?;
        Ok(if settings.fail && !seen.is_ready() { exit::PARTIAL } else { exit::DONE })
    })
}

/// A plan that is not executed.
struct Compared {
    report: Report,
    plan: Plan,
    comparison: Comparison,
}

impl Compared {
    /// What a plan file is made from.
    fn basis<'a>(
        &'a self,
        identity: &'a Identity,
        build: &'a Build,
        policy: &'a Policy,
        judged: &'a Judged,
    ) -> Basis<'a> {
        Basis { identity, source: &self.report.source, build, policy, judged, shown: &self.plan }
    }

    /// How a `diff` ends.
    fn code(&self) -> Result<u8> {
        match report::refusal(&self.plan).or_else(|| self.comparison.failure()) {
            Some(error) => Err(error),
            None if self.report.counts.changes() > 0 => Ok(exit::DIFFERENT),
            None => Ok(exit::DONE),
        }
    }
}

/// `ask`: changes by the server's dry run.
async fn compared(about: &About, judged: &Judged, session: &Session, order: &Order<'_>, ask: bool) -> Compared {
    let mut comparison =
        if ask { Comparison::asked(judged, session, &order.policy).await } else { Comparison::guessed(judged, true) };
    if order.policy.reload {
        comparison.look_around(judged, session, &|text| order.story.warn(text)).await;
    }
    let plan = comparison.revise(&judged.plan);
    let mut report = Report::planned(about, &plan, &session.cluster.traffic(), order.begin.elapsed());
    comparison.annotate(&mut report.actions, Timestamp::now());
    report.recount();
    report.restarts = comparison.restarts();
    Compared { report, plan, comparison }
}
