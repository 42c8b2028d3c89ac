//! The spine: every stage once, in order.
//!
//! ```text
//! settings → source → build → functions → observe → plan → [diff, dry run: stop] → execute → report
//! ```

mod carry;
mod compare;
mod deliver;
mod find;
mod identity;
mod judge;
mod overview;
mod render;
mod session;

use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use jiff::Timestamp;

use crate::error::{Result, exit};
use crate::plan::Plan;
use crate::report::{self, About, Command, Console, Report, Story};
use crate::settings::{BuildSettings, Connection, DryRun, RunSettings};
use crate::source;
use carry::Run;
use compare::Comparison;
use identity::Identity;
use judge::Judged;
use render::Rendered;
use session::Session;

/// `build`: source → build → [functions] → output. Without the functions it is kustomize, byte for byte.
pub(crate) fn build(settings: &BuildSettings, rendered: bool, output: Option<&Path>, console: &Console) -> Result<u8> {
    let input = source::open(settings, rendered)?;
    let mut built = render::build(input, settings)?;
    if rendered {
        render::functions(&mut built)?;
    }
    console.warn_all(&built.warnings);
    deliver::deliver(&built.objects, output, console)?;
    Ok(exit::DONE)
}

/// `diff`: source → build → functions → observe → plan → compare → report. Writes nothing.
pub(crate) fn diff(
    build: &BuildSettings,
    settings: &RunSettings,
    connection: &Connection,
    console: &Console,
) -> Result<u8> {
    let begin = Instant::now();
    let story = Rc::new(Story::new(console));
    let policy = judge::policy(settings, false)?;
    let rendered = render::render(build, console)?;
    session::with(connection, &story, async |session, _| {
        let (identity, judged) = prepare(&rendered, settings, &policy, session, &story).await?;
        let about = about(Command::Diff, &identity, &rendered.shown, settings);
        let (report, plan) = compared(&about, &judged, session, begin, true).await;
        console.present_diff(&report)?;
        match report::refusal(&plan) {
            Some(error) => Err(error),
            None if report.counts.changes() > 0 => Ok(exit::DIFFERENT),
            None => Ok(exit::DONE),
        }
    })
}

/// `apply`: source → build → functions → observe → plan → execute → report.
pub(crate) fn apply(
    build: &BuildSettings,
    settings: &RunSettings,
    connection: &Connection,
    detailed_exit_code: bool,
    console: &Console,
) -> Result<u8> {
    let begin = Instant::now();
    let story = Rc::new(Story::new(console));
    let policy = judge::policy(settings, false)?;
    let rendered = render::render(build, console)?;
    let built = begin.elapsed();
    session::with(connection, &story, async |session, interrupt| {
        let identity = identity::identify(&rendered, settings, session.namespace())?;
        let desired = judge::desired(&rendered.objects, session, &mut |text| story.warn(&text)).await?;
        let judged = judge::judge(session, &identity, &desired, &policy).await?;
        story.warn_all(&judged.plan);
        let about = about(Command::Apply, &identity, &rendered.shown, settings);
        if settings.dry_run == DryRun::Client {
            return dry(&about, &judged, session, begin, console).await;
        }
        let comparison = Comparison::of(&judged, session, false).await;
        story.expect(comparison.changes(Timestamp::now()));
        let headline = |judged: &Judged| render::headline(&rendered, &judged.inventory, built, Timestamp::now());
        let run = Run {
            session,
            identity: &identity,
            desired: &desired,
            policy: &policy,
            settings,
            story: &story,
            interrupt,
            headline: &headline,
        };
        let carried = run.carry_out(judged).await?;
        let mut report = Report::done(&about, &carried.judged.plan, &carried.executed, begin.elapsed());
        comparison.annotate(&mut report.actions, Timestamp::now());
        report.restarts = comparison.restarts();
        finish(&report, &carried, &story, detailed_exit_code)
    })
}

/// `delete`: find → observe → plan of nothing → execute → report; the inventory goes last.
pub(crate) fn delete(settings: &RunSettings, connection: &Connection, console: &Console) -> Result<u8> {
    let begin = Instant::now();
    let story = Rc::new(Story::new(console));
    let policy = judge::policy(settings, true)?;
    session::with(connection, &story, async |session, interrupt| {
        let name = settings.name.as_deref().unwrap_or_default();
        let identity = find::identity(session, name, settings.inventory_namespace.as_deref()).await?;
        let judged = judge::judge(session, &identity, &[], &policy).await?;
        story.warn_all(&judged.plan);
        let about = about(Command::Delete, &identity, name, settings);
        if settings.dry_run == DryRun::Client {
            return dry(&about, &judged, session, begin, console).await;
        }
        let headline = |judged: &Judged| format!("Deleting {name}: {} objects.", judged.inventory.entries.len());
        let run = Run {
            session,
            identity: &identity,
            desired: &[],
            policy: &policy,
            settings,
            story: &story,
            interrupt,
            headline: &headline,
        };
        let carried = run.carry_out(judged).await?;
        let report = Report::done(&about, &carried.judged.plan, &carried.executed, begin.elapsed());
        finish(&report, &carried, &story, false)
    })
}

/// `status`: find → observe → health → report. Writes nothing.
pub(crate) fn status(name: Option<&str>, fail: bool, connection: &Connection, console: &Console) -> Result<u8> {
    let story = Rc::new(Story::new(console));
    session::with(connection, &story, async |session, _| {
        let ready = if let Some(name) = name {
            let set = overview::of_set(session, name, Timestamp::now()).await?;
            console.present_set(&set)?;
            set.is_ready()
        } else {
            let sets = overview::of_all(session, Timestamp::now(), &|text| story.warn(text)).await?;
            console.present_sets(&sets)?;
            sets.iter().all(report::SetStatus::is_ready)
        };
        Ok(if fail && !ready { exit::PARTIAL } else { exit::DONE })
    })
}

async fn prepare(
    rendered: &Rendered,
    settings: &RunSettings,
    policy: &crate::plan::Policy,
    session: &Session,
    story: &Story,
) -> Result<(Identity, Judged)> {
    let identity = identity::identify(rendered, settings, session.namespace())?;
    let desired = judge::desired(&rendered.objects, session, &mut |text| story.warn(&text)).await?;
    let judged = judge::judge(session, &identity, &desired, policy).await?;
    story.warn_all(&judged.plan);
    Ok((identity, judged))
}

/// The report of a plan that is not executed. `ask`: changes by the server's dry run.
async fn compared(about: &About, judged: &Judged, session: &Session, begin: Instant, ask: bool) -> (Report, Plan) {
    let comparison = Comparison::of(judged, session, ask).await;
    let plan = comparison.revise(&judged.plan);
    let mut report = Report::planned(about, &plan, &session.cluster.traffic(), begin.elapsed());
    comparison.annotate(&mut report.actions, Timestamp::now());
    report.restarts = comparison.restarts();
    (report, plan)
}

/// `--dry-run=client`: the plan instead of its execution.
async fn dry(about: &About, judged: &Judged, session: &Session, begin: Instant, console: &Console) -> Result<u8> {
    let (report, plan) = compared(about, judged, session, begin, false).await;
    console.present_run(&report, false)?;
    report::refusal(&plan).map_or(Ok(exit::DONE), Err)
}

fn finish(report: &Report, carried: &carry::Carried, story: &Story, detailed_exit_code: bool) -> Result<u8> {
    story.console().present_run(report, story.streams_actions())?;
    match report::failure(&carried.judged.plan, &carried.executed) {
        Some(error) => Err(error),
        None if detailed_exit_code && report.counts.changes() > 0 => Ok(exit::CHANGED),
        None => Ok(exit::DONE),
    }
}

fn about(command: Command, identity: &Identity, source: &str, settings: &RunSettings) -> About {
    About {
        command,
        root: identity.root.clone(),
        source: source.to_owned(),
        revision: identity.revision.clone(),
        dry_run: (settings.dry_run != DryRun::None).then(|| settings.dry_run.word()),
    }
}
