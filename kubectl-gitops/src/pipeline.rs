//! The spine: every stage once, in order.

mod deliver;
mod identity;
mod judge;
mod render;
mod session;

use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use crate::error::{CliError, Code, Result, exit};
use crate::report::{self, About, Console, Report, Story};
use crate::settings::{BuildSettings, Connection, DryRun, RunSettings};
use crate::source;
use identity::Identity;

fn unfinished() -> CliError {
    CliError::new(Code::Bug, "this command is being integrated")
}

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

/// `diff`: source → build → functions → observe → plan → report. Writes nothing.
pub(crate) fn diff(
    build: &BuildSettings,
    settings: &RunSettings,
    connection: &Connection,
    console: &Console,
) -> Result<u8> {
    let begin = Instant::now();
    let story = Rc::new(Story::new(console));
    let policy = judge::policy(settings, false)?;
    let mut rendered = render::build(source::open(build, true)?, build)?;
    render::functions(&mut rendered)?;
    console.warn_all(&rendered.warnings);
    session::with(connection, &story, async |session| {
        let identity = identity::identify(&rendered, settings, session.namespace())?;
        let desired = judge::desired(&rendered.objects, session, &mut |text| story.warn(&text)).await?;
        let judged = judge::judge(session, &identity, &desired, &policy).await?;
        story.warn_all(&judged.plan);
        let about = about(report::Command::Diff, &identity, &rendered.shown, settings);
        let report = Report::planned(&about, &judged.plan, &session.cluster.traffic(), begin.elapsed());
        console.present_diff(&report)?;
        match report::refusal(&judged.plan) {
            Some(error) => Err(error),
            None if report.counts.changes() > 0 => Ok(exit::DIFFERENT),
            None => Ok(exit::DONE),
        }
    })
}

pub(crate) fn apply(_: &BuildSettings, _: &RunSettings, _: &Connection, _: bool, _: &Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn delete(_: &RunSettings, _: &Connection, _: &Console) -> Result<u8> {
    Err(unfinished())
}

pub(crate) fn status(_: Option<&str>, _: bool, _: &Connection, _: &Console) -> Result<u8> {
    Err(unfinished())
}

fn about(command: report::Command, identity: &Identity, source: &str, settings: &RunSettings) -> About {
    About {
        command,
        root: identity.root.clone(),
        source: source.to_owned(),
        revision: identity.revision.clone(),
        dry_run: (settings.dry_run != DryRun::None).then(|| settings.dry_run.word()),
    }
}
