//! What a plan changes in each object, field by field, and which pods restart. Asks the server by dry run where it is to, so that
//! defaulting and webhooks make no false differences; else compares with what the manifest says.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use krm::ObjectKey;
use serde_json::Value;

use super::asked::{Answer, Failure, Question, changes_nothing, unchanged};
use super::judge::Judged;
use super::session::Session;
use crate::cluster::Code as Server;
use crate::error::{CliError, Code, Kind};
use crate::execute::would_roll;
use crate::plan::diff::{attribute, diff};
use crate::plan::{
    Action, Deed, Diff, Live, Plan, Policy, Restart, Verdict, expected, presentable, restart, restart_by_recreation,
    restart_of_others,
};
use crate::report::{Change, Line, Op, changes, new_object};

/// Dry runs at a time.
const IN_FLIGHT: usize = 8;
/// Most objects that are listed as failing.
const FAILURES_MAX: usize = 20;

/// Differences by object.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    objects: BTreeMap<ObjectKey, Compared>,
    restarts: Vec<Restart>,
}

/// Two states of an object.
pub(super) enum Pair<'a> {
    /// It comes.
    New { after: &'a Value, shown: Value },
    /// It goes.
    Gone { before: &'a Value },
    /// It stays. `recreated`: deleted and made again, if it changes.
    Both { before: &'a Value, after: &'a Value, recreated: bool },
}

/// One object before and after. Never shown as it is: it may be a Secret.
#[derive(Default)]
struct Compared {
    before: Option<Value>,
    after: Option<Value>,
    diff: Option<Diff>,
    /// A new object, fit for eyes.
    new: Option<Value>,
    /// What else is to be said of it.
    note: String,
    /// What the server's dry run said against the plan.
    revised: Option<Verdict>,
    failure: Option<Failure>,
    restart: Option<Restart>,
}

/// The content stays out: it may be a Secret's.
impl std::fmt::Debug for Compared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compared").field("note", &self.note).field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl Comparison {
    /// By what the manifests say: for telling what a run does while it does it. Of new objects more than that they are new only
    /// if it is to be told `wholly`.
    pub(super) fn guessed(judged: &Judged, wholly: bool) -> Self {
        let mut comparison = Self::default();
        for (action, live) in changed(judged) {
            if (live.is_none() || action.body.is_none()) && !wholly {
                continue;
            }
            // What is only looked at once is not held: a run may change thousands.
            let compared = guess(action, live.cloned().as_ref());
            comparison.add(&action.key, Compared { before: None, after: None, ..compared });
        }
        comparison
    }

    /// By the server's word.
    pub(super) async fn asked(judged: &Judged, session: &Session, policy: &Policy) -> Self {
        let question = Question { judged, session, policy };
        let compared = stream::iter(changed(judged))
            .map(|(action, live)| async move { (action, by_answer(action, live, question.ask(action).await)) })
            .buffered(IN_FLIGHT);
        let mut comparison = Self::default();
        for (action, compared) in compared.collect::<Vec<_>>().await {
            comparison.add(&action.key, compared);
        }
        comparison
    }

    /// Adds two states of an object that Git holds; whether they differ.
    pub(super) fn insert(&mut self, key: &ObjectKey, pair: Pair<'_>) -> bool {
        let compared = match pair {
            Pair::New { after, shown } => {
                Compared { after: Some(after.clone()), new: Some(shown), ..Compared::default() }
            }
            Pair::Gone { before } => Compared { before: Some(before.clone()), ..Compared::default() },
            Pair::Both { before, after, recreated } => {
                let found = diff(key, before, after);
                if found.is_empty() {
                    return false;
                }
                let made_again = recreated.then(|| restart_by_recreation(key)).flatten();
                Compared {
                    restart: made_again.or_else(|| restart(key, after, &found)),
                    before: Some(before.clone()),
                    after: Some(after.clone()),
                    diff: Some(found),
                    ..Compared::default()
                }
            }
        };
        self.add(key, compared);
        true
    }

    fn add(&mut self, key: &ObjectKey, mut compared: Compared) {
        self.restarts.extend(compared.restart.take());
        self.objects.insert(key.clone(), compared);
    }

    /// Adds the workloads of others that would roll. Where that cannot be known, `warn` is told.
    pub(super) async fn look_around(&mut self, judged: &Judged, session: &Session, warn: &dyn Fn(&str)) {
        let discovery = &judged.seen.discovery;
        let (rolled, unknown) = would_roll(&session.cluster, discovery, &judged.plan, &judged.inventory).await;
        self.restarts.extend(rolled.iter().map(|found| restart_of_others(&found.key, &found.annotations)));
        for place in unknown {
            let names: Vec<String> = place.sources.iter().map(ObjectKey::short).collect();
            warn(&format!("which workloads of others use {} is unknown: {}", names.join(", "), place.error));
        }
    }

    /// The plan as it would go, after what the server said.
    pub(super) fn revise(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        for (key, compared) in &self.objects {
            if let Some(verdict) = &compared.revised {
                plan.revise(key, verdict.clone());
            }
        }
        plan
    }

    /// Puts the changes into the lines of a report.
    pub(super) fn annotate(&self, lines: &mut [Line], now: Timestamp) {
        for line in lines {
            let Some(compared) = self.objects.get(&line.object.0) else { continue };
            if let Some(failure) = &compared.failure {
                line.op = Op::Fail;
                line.reason.clone_from(&failure.why);
                line.reason_code = failure.code.map_or_else(|| "Failed".to_owned(), |code| code.to_string());
            }
            line.note.clone_from(&compared.note);
            if let Some(diff) = &compared.diff {
                line.changes = changes(diff, now);
                line.unchanged_fields = diff.unchanged;
            } else if let Some(object) = compared.new.as_ref().filter(|_| matches!(line.op, Op::Create | Op::Fail)) {
                line.changes = vec![new_object(object)];
            }
        }
    }

    /// The changes of existing objects, for telling them as they happen.
    pub(super) fn changes(&self, now: Timestamp) -> BTreeMap<ObjectKey, Vec<Change>> {
        let changed = self.objects.iter().filter_map(|(key, compared)| Some((key, compared.diff.as_ref()?)));
        changed.map(|(key, diff)| (key.clone(), changes(diff, now))).collect()
    }

    /// `Deployment/shop/web (image)`
    pub(super) fn restarts(&self) -> Vec<String> {
        self.restarts.iter().map(|restart| format!("{} ({})", restart.key.short(), restart.why.join(", "))).collect()
    }

    /// Each object that changes, before and after, masked.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&ObjectKey, [Option<Value>; 2])> {
        let changed = self.objects.iter().filter(|(_, compared)| {
            let same = compared.diff.as_ref().is_some_and(Diff::is_empty);
            compared.failure.is_none() && !same
        });
        changed.map(|(key, compared)| {
            (key, crate::plan::masked_pair(key, compared.before.as_ref(), compared.after.as_ref()))
        })
    }

    /// The end of a comparison in which objects would fail, or could not be compared.
    pub(super) fn failure(&self) -> Option<CliError> {
        let failed: Vec<(&ObjectKey, &Failure)> =
            self.objects.iter().filter_map(|(key, compared)| Some((key, compared.failure.as_ref()?))).collect();
        let (first, _) = failed.first()?;
        let text = if failed.len() == 1 {
            format!("`{}` would fail, or cannot be compared", first.short())
        } else {
            format!("{} objects would fail, or cannot be compared", failed.len())
        };
        let unanswered = |(_, failure): &(_, &Failure)| {
            matches!(
                failure.code,
                Some(Server::Unreachable | Server::Timeout | Server::Unauthorized | Server::Unavailable)
            )
        };
        let mut error = CliError::new(Code::WouldFail, text);
        if failed.iter().any(unanswered) {
            error.kind = Kind::Cluster;
        }
        for (key, failure) in failed.iter().take(FAILURES_MAX) {
            error = error.note(format!("{}: {}", key.short(), failure.why));
        }
        if failed.len() > FAILURES_MAX {
            error = error.note(format!("and {} more", failed.len() - FAILURES_MAX));
        }
        Some(error.note("an apply would go on with the others, and prune nothing"))
    }
}

/// What is sent or deleted, each with the object that is there.
fn changed(judged: &Judged) -> impl Iterator<Item = (&Action, Option<&Live>)> {
    judged.plan.actions.iter().filter_map(|action| {
        let live = judged.seen.observation.get(&action.key).live();
        let compared = match &action.deed {
            Deed::Create | Deed::ApplyBlind => return Some((action, None)),
            Deed::Update { .. } | Deed::Recreate { .. } | Deed::Prune { .. } => live.is_some(),
            Deed::Unchanged | Deed::Detach { .. } | Deed::Forget | Deed::Keep | Deed::Refuse => false,
        };
        compared.then_some((action, live))
    })
}

fn by_answer(action: &Action, live: Option<&Live>, answer: Answer) -> Compared {
    match answer {
        Answer::Object(after) => match live {
            Some(live) if changes_nothing(live.object(), &after) => {
                Compared { revised: Some(unchanged()), diff: Some(Diff::default()), ..Compared::default() }
            }
            Some(live) => {
                let mut compared = between(action, live, after);
                if compared.diff.as_ref().is_some_and(Diff::is_empty) {
                    "only who owns its fields changes".clone_into(&mut compared.note);
                }
                compared
            }
            None => Compared { after: Some(after), ..guess(action, None) },
        },
        Answer::Gone => guess(action, live),
        Answer::Otherwise(verdict, again) => otherwise(action, again.as_deref().or(live), verdict),
        Answer::Later(note) => Compared { note, ..guess(action, live) },
        Answer::Fails(failure) => Compared { failure: Some(failure), restart: None, ..guess(action, live) },
    }
}

/// The plan thought otherwise. What would be refused only when it is tried fails, and does not refuse the run.
fn otherwise(action: &Action, live: Option<&Live>, verdict: Verdict) -> Compared {
    let mut revised = action.clone();
    (revised.deed, revised.reason) = (verdict.deed.clone(), verdict.reason.clone());
    match verdict.deed {
        Deed::Refuse | Deed::Keep => {
            let failure = Failure { code: None, why: verdict.reason.to_string() };
            Compared { failure: Some(failure), restart: None, ..guess(action, live) }
        }
        Deed::Unchanged => Compared { revised: Some(verdict), diff: Some(Diff::default()), ..Compared::default() },
        _ => Compared { revised: Some(verdict), ..guess(&revised, live) },
    }
}

/// What the manifest says.
fn guess(action: &Action, live: Option<&Live>) -> Compared {
    let Some(body) = &action.body else {
        return Compared { before: live.map(|live| live.object().clone()), ..Compared::default() };
    };
    match live {
        None => Compared {
            after: Some(Value::clone(&body.manifest.open())),
            new: Some(presentable(&action.key, &body.manifest.open())),
            ..Compared::default()
        },
        Some(live) => {
            let adopts = matches!(action.deed, Deed::Update { takeover: true, .. });
            let mut compared = between(action, live, expected(live, &body.manifest.open(), adopts));
            if matches!(action.deed, Deed::Recreate { .. }) {
                compared.restart = restart_by_recreation(&action.key).or(compared.restart);
            }
            compared
        }
    }
}

fn between(action: &Action, live: &Live, after: Value) -> Compared {
    let mut found = diff(&action.key, live.object(), &after);
    attribute(&mut found, live);
    Compared {
        restart: restart(&action.key, &after, &found),
        before: Some(live.object().clone()),
        after: Some(after),
        diff: Some(found),
        ..Compared::default()
    }
}
