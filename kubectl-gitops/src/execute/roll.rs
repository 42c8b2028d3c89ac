//! Workloads of others that use what this set changed. Owns finding them and giving their pod templates the hash of the new
//! content, so that they roll as they would under Stakater Reloader, whose annotations decide; what those mean is the business
//! of `krm_functions::hash`. Touches nothing else of them, and nothing that an inventory of ours owns.
//!
//! That a content changes is stored in the root before it changes, and leaves it when its users have rolled: a run that was
//! killed in between is finished by the next one, and a run without a change asks nobody. An annotation that holds the hash
//! already is not written again.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use krm::{GroupKind, Node, ObjectKey};
use krm_functions::hash::{ANNOTATION_PREFIX, ContentHash};
use serde_json::{Map, Value, json};

use super::event::{Event, Rolled};
use super::run::Run;
use crate::cluster::{
    Cluster, ClusterError, Code, Discovery, DryRun, Endpoint, Extent, Guard, ListQuery, Lookup, Transport,
};
use crate::inventory::marks;
use crate::plan::Action;

/// Workloads that run pods all the time. Jobs read what there is when they start.
const KINDS: [(&str, &str); 5] = [
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("argoproj.io", "Rollout"),
    ("apps.openshift.io", "DeploymentConfig"),
];
/// Workloads change by themselves all the time (their status does): so often one is read again.
const ATTEMPTS_MAX: usize = 5;
const TEMPLATE_ANNOTATIONS: [&str; 4] = ["spec", "template", "metadata", "annotations"];

/// A live workload.
pub(super) struct Workload {
    endpoint: Endpoint,
    object: Value,
}

impl Workload {
    fn text(&self, field: &str) -> &str {
        self.object["metadata"][field].as_str().unwrap_or_default()
    }

    pub(super) fn key(&self) -> ObjectKey {
        self.endpoint.key(self.text("namespace"), self.text("name"))
    }

    /// Nobody of ours applies it, and it stays.
    pub(super) fn is_others(&self) -> bool {
        marks::annotation(&self.object, marks::OWNER_ANNOTATION).is_none() && self.text("deletionTimestamp").is_empty()
    }
}

/// The annotations of ours on a pod template.
pub(super) type Hashes = BTreeMap<String, String>;

impl<T: Transport> Run<'_, T> {
    /// Rolls the users of everything whose content changed, in this run or in one that did not get so far.
    pub(super) async fn roll_users(&self) {
        if !self.job.policy.reload {
            return;
        }
        let mut by_namespace: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, action) in self.job.plan.actions.iter().enumerate() {
            let pending = self.job.plan.reload.contains(&action.key) || self.job.inventory.reload.contains(&action.key);
            if pending && action.body.is_some() && self.first_unfit(&[index]).is_none() {
                by_namespace.entry(&action.key.namespace).or_default().push(index);
            }
        }
        for (namespace, indexes) in by_namespace {
            if self.stopped().is_some() {
                return;
            }
            match self.roll_namespace(namespace, &indexes).await {
                Ok(()) => self.note_rolled(&indexes),
                Err(error) => self.note_unrolled(&indexes, &error),
            }
        }
    }

    fn note_rolled(&self, indexes: &[usize]) {
        let keys = indexes.iter().map(|index| self.job.plan.actions[*index].key.clone());
        self.reloaded.borrow_mut().extend(keys);
    }

    /// Who may not look for them must not try again in every run: it is told, once for each change.
    fn note_unrolled(&self, indexes: &[usize], error: &ClusterError) {
        self.note(error);
        let names: Vec<String> = indexes.iter().map(|index| self.job.plan.actions[*index].key.short()).collect();
        let then = if is_refused(error) {
            self.note_rolled(indexes);
            "restart them by hand, or say `--reload=own`"
        } else {
            "the next run tries again"
        };
        let text = format!("workloads of others that use {} are not rolled: {error}; {then}", names.join(", "));
        (self.events)(Event::Warning { key: None, text });
    }

    async fn roll_namespace(&self, namespace: &str, indexes: &[usize]) -> Result<(), ClusterError> {
        let sources: Vec<Node> = indexes.iter().filter_map(|index| source(&self.job.plan.actions[*index])).collect();
        let discovery = std::rc::Rc::clone(&self.discovery.borrow());
        let mut workloads = workloads(self.cluster, &discovery, namespace).await?;
        let wanted = wanted(&workloads, &sources);
        for (workload, hashes) in workloads.iter_mut().zip(wanted) {
            if let Some(hashes) = hashes.filter(|_| workload.is_others()) {
                match self.roll(workload, hashes, &sources).await {
                    Err(error) if is_refused(&error) => {
                        let text = format!("not rolled: {error}; restart it by hand, or say `--reload=own`");
                        (self.events)(Event::Warning { key: Some(workload.key()), text });
                    }
                    other => other?,
                }
            }
        }
        Ok(())
    }

    /// One server-side apply under a manager of its own: what others own of the workload stays theirs.
    async fn roll(&self, workload: &mut Workload, first: Hashes, sources: &[Node]) -> Result<(), ClusterError> {
        let mut hashes = first;
        for attempt in 1.. {
            let guard = Guard::exactly(workload.text("uid"), workload.text("resourceVersion"));
            let patch = patch(workload, &hashes);
            let sent = self
                .cluster
                .apply_as(marks::RELOAD_MANAGER, &workload.endpoint, &patch, &guard, true, DryRun::No)
                .await;
            match sent {
                Ok(_) => break,
                Err(error) if error.code == Code::NotFound => return Ok(()),
                Err(error) if error.code == Code::Conflict && attempt < ATTEMPTS_MAX => {}
                Err(error) => return Err(error),
            }
            let (namespace, name) = (workload.text("namespace").to_owned(), workload.text("name").to_owned());
            match self.cluster.get(&workload.endpoint, &namespace, &name, Extent::Whole).await {
                Ok(object) => workload.object = object,
                Err(error) if error.code == Code::NotFound => return Ok(()),
                Err(error) => return Err(error),
            }
            let again = wanted(std::slice::from_ref(workload), sources).into_iter().next().flatten();
            // It holds them by now, or somebody of ours owns it.
            let Some(again) = again.filter(|_| workload.is_others()) else { return Ok(()) };
            hashes = again;
        }
        let rolled = Rolled { key: workload.key() };
        self.rolled.borrow_mut().push(rolled.clone());
        (self.events)(Event::Rolled(rolled));
        Ok(())
    }
}

/// All workloads of a namespace: those of ours as well, since an Argo Rollout may speak for one.
pub(super) async fn workloads<T: Transport>(
    cluster: &Cluster<T>,
    discovery: &Discovery,
    namespace: &str,
) -> Result<Vec<Workload>, ClusterError> {
    let endpoints = KINDS.iter().filter_map(|(group, kind)| {
        let kind = GroupKind::new(*group, *kind);
        let Lookup::Served(served) = discovery.lookup(&kind) else { return None };
        Some(Endpoint::new(&kind, served.preferred()))
    });
    // Together: on SQLite the API server may take half a second for each to be sure that it is of now.
    let list = |endpoint: Endpoint| async move {
        let query = ListQuery::of(&endpoint).within(namespace);
        let kept = |object| Some(Workload { endpoint: endpoint.clone(), object: without_books(object) });
        cluster.list_kept(&query, kept).await
    };
    let lists: Vec<Vec<Workload>> = stream::iter(endpoints).map(list).buffered(KINDS.len()).try_collect().await?;
    Ok(lists.into_iter().flatten().collect())
}

/// A namespace may have thousands: who owns which field, and how they are, is not asked here.
fn without_books(mut object: Value) -> Value {
    if let Some(map) = object.as_object_mut() {
        map.shift_remove("status");
        map.get_mut("metadata").and_then(Value::as_object_mut).map(|metadata| metadata.shift_remove("managedFields"));
    }
    object
}

/// What is hashed: the content that is sent.
pub(super) fn source(action: &Action) -> Option<Node> {
    Some(krm::yaml::from_json(&action.body.as_ref()?.manifest.open()))
}

/// Would it be refused again?
fn is_refused(error: &ClusterError) -> bool {
    matches!(error.code, Code::Forbidden | Code::Invalid)
}

/// For each workload the hashes that its pod template is to have, if one of them is new or another than it has.
pub(super) fn wanted(workloads: &[Workload], sources: &[Node]) -> Vec<Option<Hashes>> {
    let mut after: Vec<Node> = workloads.iter().map(|workload| krm::yaml::from_json(&workload.object)).collect();
    let before: Vec<Hashes> = after.iter().map(hashes).collect();
    let mut sources = sources.to_vec();
    let mut items: Vec<&mut Node> = after.iter_mut().chain(&mut sources).collect();
    // What is not base64 was refused by the API server, and could not have been applied.
    if ContentHash::default().annotate(&mut items).is_err() {
        return vec![None; workloads.len()];
    }
    let changed = |(had, after): (&Hashes, &Node)| {
        let has = hashes(after);
        has.iter().any(|(name, hash)| had.get(name) != Some(hash)).then_some(has)
    };
    before.iter().zip(&after).map(changed).collect()
}

/// The hashes that a workload's pod template has.
pub(super) fn present(workload: &Workload) -> Hashes {
    hashes(&krm::yaml::from_json(&workload.object))
}

fn hashes(workload: &Node) -> Hashes {
    let annotations = workload.at(&TEMPLATE_ANNOTATIONS).and_then(Node::as_map);
    let all = annotations.into_iter().flat_map(krm::Mapping::iter);
    let ours = all.filter(|(name, _)| name.starts_with(ANNOTATION_PREFIX));
    ours.filter_map(|(name, value)| Some((name.to_owned(), value.as_str()?.to_owned()))).collect()
}

fn patch(workload: &Workload, hashes: &Hashes) -> Value {
    let annotations: Map<String, Value> =
        hashes.iter().map(|(name, hash)| (name.clone(), hash.as_str().into())).collect();
    json!({
        "apiVersion": workload.endpoint.api_version(),
        "kind": workload.endpoint.kind,
        "metadata": {"name": workload.text("name"), "namespace": workload.text("namespace")},
        "spec": {"template": {"metadata": {"annotations": annotations}}},
    })
}
