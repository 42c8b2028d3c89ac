//! What a plan changes in each object, field by field, and which pods restart. Asks the server by dry run where it can, so
//! that defaulting and webhooks make no false differences; else compares with what the manifest says.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;
use krm::ObjectKey;
use serde_json::Value;

use super::judge::Judged;
use super::session::Session;
use crate::cluster::{Code, DryRun, Endpoint, Guard};
use crate::plan::diff::{attribute, diff};
use crate::plan::{
    Action, Body, Deed, Diff, Live, Observed, Plan, Reason, Restart, Verdict, expected, on_immutable, presentable,
    restart,
};
use crate::report::{Change, Line, Op, changes, new_object};

/// Dry runs at a time.
const IN_FLIGHT: usize = 8;

/// Differences by object.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    diffs: BTreeMap<ObjectKey, Diff>,
    /// New objects, fit for eyes.
    new: BTreeMap<ObjectKey, Value>,
    restarts: Vec<Restart>,
    /// What the server's dry run said against the plan.
    revised: Vec<(ObjectKey, Verdict)>,
}

/// What becomes of an object.
enum After {
    /// This.
    Object(Value),
    /// Not what the plan thought.
    Otherwise(Verdict),
}

impl Comparison {
    /// Compares everything that the plan updates, replaces or creates. `ask`: by dry run.
    pub(super) async fn of(judged: &Judged, session: &Session, ask: bool) -> Self {
        let mut comparison = Self::default();
        let mut existing = Vec::new();
        for action in &judged.plan.actions {
            let Some(body) = &action.body else { continue };
            match &action.deed {
                Deed::Create | Deed::ApplyBlind => {
                    comparison.new.insert(action.key.clone(), presentable(&action.key, &body.manifest));
                }
                Deed::Update { .. } | Deed::Recreate { .. } => {
                    if let Observed::Present(live) = judged.seen.observation.get(&action.key) {
                        existing.push((action, body, live));
                    }
                }
                _ => {}
            }
        }
        let compared = stream::iter(existing)
            .map(|(action, body, live)| async move {
                let (after, verdict) = match after(action, body, live, judged, session, ask).await {
                    After::Object(object) => (object, None),
                    After::Otherwise(verdict) => (expected(live, &body.manifest, false), Some(verdict)),
                };
                let mut found = diff(&action.key, live.object(), &after);
                attribute(&mut found, live);
                let restart = restart(&action.key, &after, &found);
                (action.key.clone(), found, restart, verdict)
            })
            .buffered(IN_FLIGHT);
        for (key, diff, restart, verdict) in compared.collect::<Vec<_>>().await {
            comparison.restarts.extend(restart);
            comparison.revised.extend(verdict.map(|verdict| (key.clone(), verdict)));
            comparison.diffs.insert(key, diff);
        }
        comparison
    }

    /// The plan as it would go, after what the server said.
    pub(super) fn revise(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        for (key, verdict) in &self.revised {
            plan.revise(key, verdict.clone());
        }
        plan
    }

    /// Puts the changes into the lines of a report.
    pub(super) fn annotate(&self, lines: &mut [Line], now: Timestamp) {
        for line in lines {
            if let Some(diff) = self.diffs.get(&line.object.0) {
                line.changes = changes(diff, now);
            } else if let Some(object) = self.new.get(&line.object.0).filter(|_| line.op == Op::Create) {
                line.changes = vec![new_object(object)];
            }
        }
    }

    /// The changes of existing objects, for telling them as they happen.
    pub(super) fn changes(&self, now: Timestamp) -> BTreeMap<ObjectKey, Vec<Change>> {
        self.diffs.iter().map(|(key, diff)| (key.clone(), changes(diff, now))).collect()
    }

    /// `Deployment/shop/web (image)`
    pub(super) fn restarts(&self) -> Vec<String> {
        self.restarts.iter().map(|restart| format!("{} ({})", restart.key.short(), restart.why.join(", "))).collect()
    }
}

/// The object as it will be: the server's word where it can be had, else what the manifest says.
async fn after(action: &Action, body: &Body, live: &Live, judged: &Judged, session: &Session, ask: bool) -> After {
    let adopts = matches!(action.deed, Deed::Update { takeover: true, .. });
    let guess = || After::Object(expected(live, &body.manifest, adopts));
    // What is deleted and made again cannot be asked for, and what is taken over from others changes hands first.
    let Deed::Update { uid, resource_version, force, takeover: false } = &action.deed else { return guess() };
    let served = judged.seen.discovery.served(&action.key.group_kind());
    let Some(version) = served.and_then(|served| served.version(&body.gvk.version)).filter(|_| ask) else {
        return guess();
    };
    let endpoint = Endpoint::new(&action.key.group_kind(), version);
    let guard = Guard::exactly(uid, resource_version);
    match session.cluster.apply(&endpoint, &body.manifest, &guard, *force, DryRun::Server).await {
        Ok(applied) => After::Object(applied.object),
        Err(error) if error.is_immutable_field() => {
            let field = error.causes.first().map(|cause| cause.field.clone()).unwrap_or_default();
            After::Otherwise(on_immutable(action, live, &field))
        }
        Err(error) if matches!(error.code, Code::Invalid | Code::Forbidden) => {
            After::Otherwise(Verdict { deed: Deed::Refuse, reason: Reason::Rejected { message: error.message } })
        }
        Err(_) => guess(),
    }
}
