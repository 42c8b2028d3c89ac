//! What becomes of an object, by the server's own word: each request that an execution would send for it, as a dry run, with the same
//! guards and the same second looks. Owns the order of these requests; which deed follows an answer is `plan`'s business.

use krm::ObjectKey;
use serde_json::Value;

use super::judge::Judged;
use super::session::Session;
use crate::cluster::{ClusterError, Code, DryRun, Endpoint, Guard};
use crate::execute::{rehearse, with_values_made_once};
use crate::plan::{
    Action, Body, Deed, Live, Observed, Plan, Policy, Reason, Verdict, expected, on_conflict, on_immutable, recheck,
};

/// Objects may change while we look: so often one is read again.
const LOOKS_MAX: usize = 5;

/// What a dry run gave.
pub(super) enum Answer {
    /// The object will be this.
    Object(Value),
    /// It goes.
    Gone,
    /// Not what the plan thought; the object it was judged by, if it is another one by now.
    Otherwise(Verdict, Option<Box<Live>>),
    /// Nobody can say before other objects of the run are there.
    Later(String),
    /// It would fail.
    Fails(Failure),
}

/// An object that would fail, or that cannot be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// How the server answered; none where it answered what we do not do.
    pub(super) code: Option<Code>,
    /// Why. The server's words about a Secret are hidden before they get here.
    pub(super) why: String,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) judged: &'a Judged,
    pub(super) session: &'a Session,
    pub(super) policy: &'a Policy,
}

impl Question<'_> {
    /// Asks about one action.
    pub(super) async fn ask(&self, action: &Action) -> Answer {
        let Some(endpoint) = self.endpoint(action) else {
            return Answer::Later(String::new());
        };
        let answer = match (&action.deed, &action.body) {
            (Deed::Create, Some(body)) => self.creation(action, body, &endpoint).await,
            (Deed::Update { .. }, Some(body)) => self.update(action, body, &endpoint).await,
            (Deed::Recreate { uid, resource_version, terminating: false, .. }, Some(body)) => {
                match rehearse(&self.session.cluster, &endpoint, &action.key.name, &body.manifest.open()).await {
                    Ok(()) => self.deletion(action, &endpoint, &Guard::exactly(uid, resource_version)).await,
                    Err(error) => fails(&error),
                }
            }
            (Deed::Prune { uid, resource_version, terminating: false }, _) => {
                self.deletion(action, &endpoint, &Guard::exactly(uid, resource_version)).await
            }
            (Deed::Recreate { .. } | Deed::Prune { .. }, _) => Answer::Gone,
            _ => Answer::Later(String::new()),
        };
        match answer {
            Answer::Fails(failure) if self.waits_for_others(action, &failure) => Answer::Later(match failure.code {
                Some(Code::NamespaceMissing) => {
                    "not checked by the server: its namespace comes with this run".to_owned()
                }
                _ => format!("not checked by the server: it waits for others of this run ({})", failure.why),
            }),
            answer => answer,
        }
    }

    fn endpoint(&self, action: &Action) -> Option<Endpoint> {
        let served = self.judged.seen.discovery.served(&action.key.group_kind())?;
        let version = match (&action.body, &action.seen) {
            (Some(body), _) => body.gvk.version.to_string(),
            (None, Some(seen)) => seen.version.clone(),
            (None, None) => return None,
        };
        Some(Endpoint::new(&action.key.group_kind(), served.version(&version)?))
    }

    /// A refusal that may only say that the run has not made something yet.
    fn waits_for_others(&self, action: &Action, failure: &Failure) -> bool {
        let plan = &self.judged.plan;
        match failure.code {
            // The plan refuses what lies in a namespace that nobody makes.
            Some(Code::NamespaceMissing) => true,
            Some(
                Code::NotFound | Code::NotServed | Code::Forbidden | Code::Unavailable | Code::NamespaceTerminating,
            ) => action.after.iter().any(|index| makes(plan, *index)),
            _ => false,
        }
    }

    async fn creation(&self, action: &Action, body: &Body, endpoint: &Endpoint) -> Answer {
        let manifest = match with_values_made_once(body) {
            Ok(manifest) => manifest,
            Err(error) => return Answer::Fails(Failure { code: None, why: error.to_string() }),
        };
        let cluster = &self.session.cluster;
        match cluster.apply(endpoint, &manifest, &Guard::CreateOnly, false, DryRun::Server).await {
            Ok(applied) => Answer::Object(applied.object),
            Err(error) if moved(&error) => match self.look(action, endpoint, None).await {
                Ok((verdict, live)) => Answer::Otherwise(verdict, live),
                Err(failure) => Answer::Fails(failure),
            },
            Err(error) => fails(&error),
        }
    }

    async fn update(&self, action: &Action, body: &Body, endpoint: &Endpoint) -> Answer {
        let (mut action, mut judged_again) = (action.clone(), None::<Box<Live>>);
        for _ in 0..LOOKS_MAX {
            let Deed::Update { uid, resource_version, force, takeover } = &action.deed else { break };
            // What changes hands first cannot conflict any more when it is applied.
            let (guard, force) = (Guard::exactly(uid, resource_version), *force || *takeover);
            let sent = self.session.cluster.apply(endpoint, &body.manifest.open(), &guard, force, DryRun::Server).await;
            let looked = match sent {
                Ok(applied) if *takeover => return Answer::Object(without_handed_over(applied.object, body)),
                Ok(applied) if judged_again.is_none() => return Answer::Object(applied.object),
                Ok(_) => break,
                Err(error) if error.is_immutable_field() => {
                    let field = error.causes.first().map(|cause| cause.field.clone()).unwrap_or_default();
                    match self.live(&action.key, endpoint).await {
                        Ok(live) => Ok((on_immutable(&action, &live, &field), Some(Box::new(live)))),
                        Err(failure) => Err(failure),
                    }
                }
                Err(error) if moved(&error) => self.look(&action, endpoint, Some(&error)).await,
                Err(error) => return fails(&error),
            };
            match looked {
                Ok((verdict, live)) => {
                    judged_again = live;
                    (action.deed, action.reason) = (verdict.deed, verdict.reason);
                }
                Err(failure) => return Answer::Fails(failure),
            }
        }
        let Action { deed, reason, .. } = action;
        Answer::Otherwise(Verdict { deed, reason }, judged_again)
    }

    async fn deletion(&self, action: &Action, endpoint: &Endpoint, guard: &Guard) -> Answer {
        let (namespace, name) = (&action.key.namespace, &action.key.name);
        match self.session.cluster.delete(endpoint, namespace, name, guard, DryRun::Server).await {
            Ok(()) => Answer::Gone,
            Err(error) if matches!(error.code, Code::NotFound | Code::Conflict) => Answer::Gone,
            Err(error) => fails(&error),
        }
    }

    /// Reads the object and asks the plan again, as an execution does.
    async fn look(
        &self,
        action: &Action,
        endpoint: &Endpoint,
        error: Option<&ClusterError>,
    ) -> Result<(Verdict, Option<Box<Live>>), Failure> {
        let now = self.observed(&action.key, endpoint).await?;
        let fields: Vec<String> =
            error.into_iter().flat_map(ClusterError::field_conflicts).map(|cause| cause.field.clone()).collect();
        let inventory = &self.judged.inventory;
        let verdict = if fields.is_empty() {
            recheck(action, &now, inventory, self.policy)
        } else {
            on_conflict(action, &now, &fields, inventory, self.policy)
        };
        Ok((verdict, now.live().cloned().map(Box::new)))
    }

    async fn observed(&self, key: &ObjectKey, endpoint: &Endpoint) -> Result<Observed, Failure> {
        match self.session.cluster.observe_key(endpoint, key).await {
            Ok(Observed::Unreadable { reason }) => Err(Failure { code: Some(Code::Forbidden), why: reason }),
            Ok(observed) => Ok(observed),
            Err(error) => Err(failure(&error)),
        }
    }

    async fn live(&self, key: &ObjectKey, endpoint: &Endpoint) -> Result<Live, Failure> {
        match self.observed(key, endpoint).await? {
            Observed::Present(live) => Ok(live),
            _ => Err(Failure { code: Some(Code::NotFound), why: "it was deleted meanwhile".to_owned() }),
        }
    }
}

/// Does this action make an object that is not there?
fn makes(plan: &Plan, index: usize) -> bool {
    let deed = plan.actions.get(index).map(|action| &action.deed);
    matches!(deed, Some(Deed::Create | Deed::ApplyBlind | Deed::Recreate { .. }))
}

/// Somebody else changed, made or removed it, or applies fields of it.
fn moved(error: &ClusterError) -> bool {
    matches!(error.code, Code::Conflict | Code::AlreadyExists)
        || error.causes.iter().any(|cause| cause.field == "metadata.uid")
}

fn failure(error: &ClusterError) -> Failure {
    Failure { code: Some(error.code), why: error.message.clone() }
}

fn fails(error: &ClusterError) -> Answer {
    Answer::Fails(failure(error))
}

/// In the dry run the fields of those whom the object is adopted from are still theirs: those that left Git go with the real apply.
fn without_handed_over(object: Value, body: &Body) -> Value {
    match Live::new(object.clone()) {
        Ok(live) => expected(&live, &body.manifest.open(), true),
        Err(_) => object,
    }
}

/// Is an apply a change at all? The server stores nothing if nothing but times is another.
pub(super) fn changes_nothing(before: &Value, after: &Value) -> bool {
    let settled = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("resourceVersion");
            for entry in metadata.get_mut("managedFields").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(entry) = entry.as_object_mut() {
                    entry.shift_remove("time");
                }
            }
            if let Some(entries) = metadata.get_mut("managedFields").and_then(Value::as_array_mut) {
                entries.sort_by_key(ToString::to_string);
            }
        }
        object
    };
    settled(before) == settled(after)
}

/// As desired after all, though the plan could not know.
pub(super) const fn unchanged() -> Verdict {
    Verdict { deed: Deed::Unchanged, reason: Reason::Same }
}
