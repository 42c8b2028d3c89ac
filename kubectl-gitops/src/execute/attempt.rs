//! One desired object: from its deed to its end. Owns the requests for it and what their refusals lead to; after every
//! conflict the object is read and the plan asked again, so that nothing unseen is ever overwritten.

use std::fmt;
use std::time::Duration;

use krm::ObjectKey;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::arrival::SERVING_SOON;
use super::event::Done;
use super::once;
use super::rehearse::rehearse;
use super::run::{Ending, Run};
use crate::cluster::{ClusterError, Code, DryRun, Endpoint, Guard, Transport};
use crate::inventory::Settled;
use crate::inventory::{digest, marks};
use crate::plan::{self, Action, Body, Deed, Live, Observed, Reason, Verdict, is_terminating};

/// Conflicts in a row before an object is given up: somebody else writes it all the time.
const TRIES_MAX: usize = 5;
const PAUSE: Duration = Duration::from_millis(250);

/// What is to be sent.
pub(super) struct Request<'r> {
    pub(super) action: &'r Action,
    pub(super) body: &'r Body,
}

/// What one try led to.
enum Step {
    /// The server did it.
    Applied { object: Value, created: bool },
    /// The object is not what the deed was decided for: look again.
    Look(Why),
}

/// Why an object is looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    /// It is there, gone or changed against expectation, or its kind has just arrived.
    Moved,
    /// Other managers own these fields.
    Fields(Vec<String>),
    /// This field cannot change.
    Immutable(String),
}

impl<T: Transport> Run<'_, T> {
    /// Carries out one applying action.
    pub(super) async fn attempt(&self, request: &Request<'_>) -> Result<Ending, Ending> {
        let key = &request.action.key;
        let endpoint = self.endpoint(request).await?;
        let mut deed = request.action.deed.clone();
        let mut reason = request.action.reason.clone();
        let (mut recreated, mut created_before) = (false, false);
        for _ in 0..TRIES_MAX {
            let begin_deed = deed.clone();
            let step = match &begin_deed {
                Deed::ApplyBlind => Step::Look(Why::Moved),
                Deed::Unchanged => {
                    let done = self.confirm(request, &endpoint, created_before).await?;
                    return Ok(Ending::well(done, &reason));
                }
                Deed::Create => self.send(request, &endpoint, &Guard::CreateOnly, false).await?,
                Deed::Update { uid, resource_version, force, takeover } => {
                    let guard = Guard::exactly(uid, resource_version);
                    self.update(request, &endpoint, guard, *force, *takeover).await?
                }
                Deed::Recreate { uid, resource_version, terminating, unmarked } => {
                    let guard = Guard::exactly(uid, resource_version);
                    recreated = true;
                    self.recreate(request, &endpoint, guard, *terminating, *unmarked).await?
                }
                Deed::Keep | Deed::Refuse | Deed::Forget | Deed::Prune { .. } | Deed::Detach { .. } => {
                    return Err(Ending {
                        done: Done::Failed,
                        reason: "it cannot be applied now".to_owned(),
                        code: None,
                    });
                }
            };
            let why = match step {
                Step::Applied { object, created } if !is_terminating(&object) => {
                    self.applied(request, &object);
                    let created = created || created_before;
                    let done = what_happened(&begin_deed, &object, created, recreated, self.job.options.dry_run);
                    return Ok(Ending::well(done, &reason));
                }
                Step::Applied { .. } => {
                    created_before = false;
                    Why::Moved
                }
                Step::Look(why) => {
                    // The answer to our own creation may have been lost: then the object is ours and new.
                    created_before |= matches!(begin_deed, Deed::Create);
                    why
                }
            };
            let verdict = self.look(request, &endpoint, &why).await?;
            if why != Why::Moved && verdict.deed == begin_deed {
                // Judged again with the same result: sending it again would be refused again.
                return Err(Ending { done: Done::Failed, reason: why.to_string(), code: Some(Code::Conflict) });
            }
            if says_more(&verdict.reason) {
                reason = verdict.reason.clone();
            }
            deed = match verdict.deed {
                Deed::Keep | Deed::Refuse => {
                    let reason = verdict.reason.to_string();
                    return Err(Ending { done: Done::Failed, reason, code: Some(Code::Conflict) });
                }
                deed => deed,
            };
        }
        let reason = format!("{} is changed by somebody else again and again", key.short());
        Err(Ending { done: Done::Failed, reason, code: Some(Code::Conflict) })
    }

    /// Where it is served, or how the action ends without that. A kind that arrives in this run may need a moment after its definition was established.
    async fn endpoint(&self, request: &Request<'_>) -> Result<Endpoint, Ending> {
        // What brings it has to start first.
        let expected = matches!(request.action.reason, Reason::KindExpected { .. });
        let arrives = matches!(request.action.deed, Deed::ApplyBlind);
        let mut known = self.served(request.body);
        if known.is_none() && arrives {
            if self.job.options.dry_run == DryRun::Server {
                // Its kind comes with this run, and nothing comes in a dry one: there is nothing that could be asked.
                return Err(Ending::well(Done::Created, &request.action.reason));
            }
            let limit = if expected { self.job.options.ready_timeout } else { SERVING_SOON };
            known = self.await_kind(request.body, limit).await.map_err(|error| self.fail(&error))?;
        }
        let Some(endpoint) = known else {
            let reason = format!("the API server does not serve {}", request.body.gvk);
            return Err(Ending { done: Done::Failed, reason, code: Some(Code::NotServed) });
        };
        if endpoint.namespaced && request.action.key.namespace.is_empty() {
            let reason = "objects of its kind need a namespace, which it does not name".to_owned();
            return Err(Ending { done: Done::Failed, reason, code: Some(Code::Invalid) });
        }
        Ok(endpoint)
    }

    async fn send(
        &self,
        request: &Request<'_>,
        endpoint: &Endpoint,
        guard: &Guard,
        force: bool,
    ) -> Result<Step, Ending> {
        let begin = Instant::now();
        let manifest = match guard {
            Guard::CreateOnly => once::completed(request.body)?,
            Guard::Exactly { .. } => request.body.manifest.open(),
        };
        loop {
            let dry_run = self.job.options.dry_run;
            match self.cluster.apply(endpoint, &manifest, guard, force, dry_run).await {
                Ok(applied) => return Ok(Step::Applied { object: applied.object, created: applied.created }),
                Err(error) if error.code == Code::Conflict && dry_run == DryRun::No => {
                    let fields: Vec<String> = error.field_conflicts().map(|cause| cause.field.clone()).collect();
                    return Ok(Step::Look(if fields.is_empty() { Why::Moved } else { Why::Fields(fields) }));
                }
                // Another object has its name now: the server compares versions first, but says so if they happen to be equal.
                Err(error) if error.causes.iter().any(|cause| cause.field == "metadata.uid") => {
                    return Ok(Step::Look(Why::Moved));
                }
                Err(error) if error.is_immutable_field() && *guard != Guard::CreateOnly && dry_run == DryRun::No => {
                    let field = error.causes.first().map(|cause| cause.field.clone()).unwrap_or_default();
                    return Ok(Step::Look(Why::Immutable(field)));
                }
                // Discovery knows the type, its handler is not there yet.
                Err(error) if error.code == Code::NotServed && begin.elapsed() < SERVING_SOON => {
                    self.pause(PAUSE).await;
                    if self.stopped().is_some() {
                        return Err(self.fail(&error));
                    }
                }
                // Nothing was made, so nothing can be made in it: that is all that can be known.
                Err(error)
                    if error.code == Code::NamespaceMissing && dry_run == DryRun::Server && self.brings(request) =>
                {
                    return Ok(Step::Applied { object: Value::Null, created: true });
                }
                Err(error) => return Err(self.fail(&error)),
            }
        }
    }

    /// Does this run make the namespace of this object?
    fn brings(&self, request: &Request<'_>) -> bool {
        let plan = self.job.plan;
        let namespace = &request.action.key.namespace;
        let makes = |action: &Action| {
            let ObjectKey { group, kind, name, .. } = &action.key;
            action.deed.mutates() && group.is_empty() && kind == "Namespace" && name == namespace
        };
        plan.namespaces.contains(namespace) || plan.actions.iter().any(makes)
    }

    async fn update(
        &self,
        request: &Request<'_>,
        endpoint: &Endpoint,
        mut guard: Guard,
        force: bool,
        takeover: bool,
    ) -> Result<Step, Ending> {
        if takeover && self.job.options.dry_run == DryRun::No {
            guard = match self.take_over(request, endpoint, &guard).await? {
                Some(guard) => guard,
                None => return Ok(Step::Look(Why::Moved)),
            };
        }
        self.send(request, endpoint, &guard, force).await
    }

    /// Hands the fields of adopted managers over to us; the guard of the apply that follows, or none after a conflict.
    async fn take_over(
        &self,
        request: &Request<'_>,
        endpoint: &Endpoint,
        guard: &Guard,
    ) -> Result<Option<Guard>, Ending> {
        let key = &request.action.key;
        let Observed::Present(live) = self.read(endpoint, key).await? else { return Ok(None) };
        if Guard::exactly(live.uid(), live.resource_version()) != *guard {
            return Ok(None);
        }
        let fields = plan::adopt::handed_over(&live, &endpoint.api_version());
        let patch = json!({"metadata": {"managedFields": fields}});
        match self.cluster.merge(endpoint, key, &patch, guard).await {
            Ok(object) => Ok(Live::new(object).ok().map(|live| Guard::exactly(live.uid(), live.resource_version()))),
            Err(error) if matches!(error.code, Code::Conflict | Code::NotFound) => Ok(None),
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// Puts our marks on an object whose content cannot be applied; the guard of what follows, or none after a conflict.
    async fn mark(&self, request: &Request<'_>, endpoint: &Endpoint, guard: &Guard) -> Result<Option<Guard>, Ending> {
        let mut patch = json!({});
        marks::mark_member(&mut patch, &self.job.inventory.id);
        match self.cluster.merge(endpoint, &request.action.key, &patch, guard).await {
            Ok(object) => Ok(Live::new(object).ok().map(|live| Guard::exactly(live.uid(), live.resource_version()))),
            Err(error) if matches!(error.code, Code::Conflict | Code::NotFound) => Ok(None),
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// Nothing is deleted whose successor the API server would refuse.
    async fn rehearse(&self, request: &Request<'_>, endpoint: &Endpoint) -> Result<(), Ending> {
        match rehearse(self.cluster, endpoint, &request.action.key.name, &request.body.manifest.open()).await {
            Err(error) if error.status == Some(422) => {
                let reason = format!("it is not replaced, because its successor would be refused: {}", error.message);
                Err(Ending { done: Done::Failed, reason, code: Some(error.code) })
            }
            Err(error) => Err(self.fail(&error)),
            Ok(()) => Ok(()),
        }
    }

    async fn recreate(
        &self,
        request: &Request<'_>,
        endpoint: &Endpoint,
        mut guard: Guard,
        terminating: bool,
        unmarked: bool,
    ) -> Result<Step, Ending> {
        let key = &request.action.key;
        let dry_run = self.job.options.dry_run;
        if !terminating && dry_run == DryRun::No {
            self.rehearse(request, endpoint).await?;
        }
        if unmarked && !terminating && dry_run == DryRun::No {
            guard = match self.mark(request, endpoint, &guard).await? {
                Some(guard) => guard,
                None => return Ok(Step::Look(Why::Moved)),
            };
        }
        if !terminating {
            match self.cluster.delete(endpoint, &key.namespace, &key.name, &guard, dry_run).await {
                Ok(()) => {}
                Err(error) if error.code == Code::NotFound => {}
                Err(error) if error.code == Code::Conflict => return Ok(Step::Look(Why::Moved)),
                Err(error) => return Err(self.fail(&error)),
            }
        }
        if dry_run == DryRun::Server {
            // Nothing was deleted, so nothing can be created: that the deletion is allowed is all that can be known.
            return Ok(Step::Applied { object: Value::Null, created: true });
        }
        let Guard::Exactly { uid, .. } = &guard else { return Ok(Step::Look(Why::Moved)) };
        let limit = self.job.options.prune_timeout;
        if let Some(finalizers) = self.await_absence(endpoint, key, uid, limit).await.map_err(|e| self.fail(&e))? {
            let reason = format!("it is being deleted and not gone after {} s{finalizers}", limit.as_secs());
            return Err(Ending { done: Done::Failed, reason, code: Some(Code::Timeout) });
        }
        self.send(request, endpoint, &Guard::CreateOnly, false).await
    }

    /// Reads the object and asks the plan again.
    async fn look(&self, request: &Request<'_>, endpoint: &Endpoint, why: &Why) -> Result<Verdict, Ending> {
        // Of a plan that somebody looked at, nothing else is done.
        if self.job.options.exact && !matches!(why, Why::Immutable(_)) {
            let reason = format!("{why}, and the plan was to be carried out exactly");
            return Err(Ending { done: Done::Failed, reason, code: Some(Code::Conflict) });
        }
        let now = self.read(endpoint, &request.action.key).await?;
        let (action, inventory, policy) = (request.action, self.job.inventory, self.job.policy);
        Ok(match (why, now.live()) {
            (Why::Fields(fields), _) => plan::on_conflict(action, &now, fields, inventory, policy),
            (Why::Immutable(field), Some(live)) => plan::on_immutable(action, live, field),
            (Why::Immutable(_), None) | (Why::Moved, _) => plan::recheck(action, &now, inventory, policy),
        })
    }

    async fn read(&self, endpoint: &Endpoint, key: &ObjectKey) -> Result<Observed, Ending> {
        let observed = self.cluster.observe_key(endpoint, key).await.map_err(|error| self.fail(&error))?;
        if let Observed::Unreadable { reason } = observed {
            return Err(Ending { done: Done::Failed, reason, code: Some(Code::Forbidden) });
        }
        Ok(observed)
    }

    /// The plan says that it is as desired after all.
    async fn confirm(&self, request: &Request<'_>, endpoint: &Endpoint, created: bool) -> Result<Done, Ending> {
        let observed = self.read(endpoint, &request.action.key).await?;
        if let Some(live) = observed.live() {
            self.applied(request, live.object());
        }
        Ok(if created { Done::Created } else { Done::Unchanged })
    }

    fn applied(&self, request: &Request<'_>, object: &Value) {
        let Request { action, body } = request;
        let Some(uid) = object.pointer("/metadata/uid").and_then(Value::as_str) else { return };
        let live_digest = digest::live_digest(object);
        let settled = Settled::Applied {
            version: body.gvk.version.to_string(),
            uid: uid.to_owned(),
            adopted: action.adopted,
            desired_hash: body.desired_hash,
            live_digest,
        };
        self.settle_key(&action.key, settled);
    }

    pub(super) fn fail(&self, error: &ClusterError) -> Ending {
        self.note(error);
        Ending::failed(error)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moved => f.write_str("it changed meanwhile"),
            Self::Fields(fields) => write!(f, "other managers own fields of it: {}", fields.join(", ")),
            Self::Immutable(field) => write!(f, "{field} cannot change"),
        }
    }
}

/// After a lost reply a second look finds our own work; only what changed the deed itself is worth telling.
fn says_more(reason: &Reason) -> bool {
    matches!(reason, Reason::ImmutableRecreate { .. } | Reason::Adopted { .. } | Reason::GoingAway)
}

/// An update that changed nothing is told as unchanged: the version stayed. (In a dry run it always stays.)
fn what_happened(deed: &Deed, object: &Value, created: bool, recreated: bool, dry_run: DryRun) -> Done {
    let after = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    match deed {
        _ if recreated => Done::Recreated,
        _ if created => Done::Created,
        Deed::Update { resource_version, .. } if dry_run == DryRun::No && after == Some(resource_version) => {
            Done::Unchanged
        }
        _ => Done::Configured,
    }
}
