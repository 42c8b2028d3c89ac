//! `diff --against REF`: two commits of a repository, or one and the work tree, built alike and compared object by object. No cluster
//! is asked, so nothing is known of what it holds: what differs here is what Git says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use krm::ObjectKey;
use kustomize::Object;

use super::compare::{Comparison, Pair};
use super::elsewhere::{self, without_top};
use super::identity;
use super::render::{self, Rendered, prepared};
use super::{Shown, show};
use crate::cluster::Traffic;
use crate::error::{CliError, Code, Result, exit};
use crate::plan::{Desired, may_be_recreated, presentable};
use crate::report::{About, Command, Console, Line, ObjectName, Op, Report, short_revision};
use crate::settings::{BuildSettings, Connection, DiffSettings, RunSettings};
use crate::source::{Bases, Past};

/// Objects by key.
type Objects = BTreeMap<ObjectKey, Desired>;

/// `diff --against`: build twice → compare → report.
pub(super) fn diff(
    build: &BuildSettings,
    settings: &RunSettings,
    shown: &DiffSettings,
    reference: &str,
    connection: &Connection,
    console: &Console,
) -> Result<u8> {
    let begin = Instant::now();
    let elsewhere = elsewhere::open(build, connection, console)?;
    let mut now = render::render_of(elsewhere.as_ref(), build, console)?;
    let (then, revision) = match &elsewhere {
        Some(elsewhere) => elsewhere.at(reference, build)?,
        None => past(build, &now, reference, console)?,
    };
    let namespace = connection.namespace.as_deref().unwrap_or("default");
    let root = identity::identify(&now, settings, namespace)?.root;
    let (before, after) = (objects(then)?, objects(std::mem::take(&mut now.objects))?);
    let (comparison, lines) = compared(&before, &after);
    let about = About {
        command: Command::Diff,
        root,
        source: now.shown.clone(),
        revision: now.checkout.as_ref().map(crate::source::Checkout::revision).unwrap_or_default(),
        dry_run: None,
    };
    let mut report = Report::unchanged(&about, 0, &Traffic::default(), begin.elapsed());
    report.inventory = String::new();
    report.actions = lines;
    report.against = Some(short_revision(&revision));
    comparison.annotate(&mut report.actions, Timestamp::now());
    report.recount();
    report.restarts = comparison.restarts();
    show(&Shown { report: &report, comparison: &comparison }, shown, console)?;
    Ok(if report.counts.changes() > 0 { exit::DIFFERENT } else { exit::DONE })
}

/// The same directory at another commit of the repository around it, and that commit.
fn past(build: &BuildSettings, now: &Rendered, reference: &str, console: &Console) -> Result<(Vec<Object>, String)> {
    let Some(directory) = &now.directory else {
        let text = "`--against` compares a directory; input from -f is none";
        return Err(CliError::new(Code::Usage, text).hint("give a directory of a Git checkout, or `--url`"));
    };
    let past = Past::of(directory, reference)?;
    console.warn_all(&past.warnings);
    let revision = past.revision.to_string();
    let bases = Arc::new(Bases::of_user(build.engine.cache_dir.as_deref()));
    let built = past.open(bases).map_err(CliError::from).and_then(|input| {
        let Some(input) = input else {
            console.warn(&format!("`{}` does not exist in {revision}: everything is new", now.shown));
            return Ok(Vec::new());
        };
        Ok(prepared(input, build)?.objects)
    });
    let built = built.map_err(|error| without_top(error, past.top()).note(format!("in {revision}")))?;
    Ok((built, revision))
}

fn objects(built: Vec<Object>) -> Result<Objects> {
    let desired = built.into_iter().map(|Object { node, origin }| {
        let manifest = krm::yaml::to_json(&node);
        let manifest = manifest.map_err(|error| CliError::new(Code::NotAnObject, error).at(&origin))?;
        let desired = Desired::new(manifest, origin);
        Ok((desired.key.clone(), desired))
    });
    desired.collect()
}

/// A line for each object of either side, in the order of their keys, and what changes in it.
fn compared(before: &Objects, after: &Objects) -> (Comparison, Vec<Line>) {
    let keys: std::collections::BTreeSet<&ObjectKey> = before.keys().chain(after.keys()).collect();
    let (mut comparison, mut lines) = (Comparison::default(), Vec::new());
    for key in keys {
        let (old, new) = (before.get(key), after.get(key));
        let (old, new) = (old.map(|object| object.manifest.open()), new.map(|object| object.manifest.open()));
        let (old, new) = (old.as_deref(), new.as_deref());
        let (op, code, reason) = match (old, new) {
            (None, Some(new)) => {
                comparison.insert(key, Pair::New { after: new, shown: presentable(key, new) });
                (Op::Create, "New", "new".to_owned())
            }
            (Some(old), None) => {
                comparison.insert(key, Pair::Gone { before: old });
                (Op::Prune, "LeftSet", "is no longer in the set".to_owned())
            }
            (Some(old), Some(new)) => {
                let field = crate::plan::changed_immutable(key, new, old);
                let recreated = field.is_some() && may_be_recreated(key, new);
                let changes = comparison.insert(key, Pair::Both { before: old, after: new, recreated });
                match field {
                    _ if !changes => (Op::Unchanged, "Same", "as desired".to_owned()),
                    Some(field) if recreated => {
                        (Op::Replace, "ImmutableRecreate", format!("{field} is immutable: deleted and created again"))
                    }
                    Some(field) => {
                        (Op::Update, "Immutable", format!("{field} is immutable: a cluster would refuse it"))
                    }
                    None => (Op::Update, "Changed", "changed in the set".to_owned()),
                }
            }
            (None, None) => continue,
        };
        lines.push(Line::of(op, ObjectName(key.clone()), code, reason));
    }
    (comparison, lines)
}
