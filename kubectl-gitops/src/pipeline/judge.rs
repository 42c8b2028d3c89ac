//! From objects to a plan: read the inventory, observe the cluster once, decide. Sends no write.

use std::collections::BTreeMap;

use krm::GroupKind;
use kustomize::Object;
use serde_json::Value;

use super::identity::Identity;
use super::session::Session;
use crate::cluster::{
    Cluster, Code as Answer, Endpoint, Extent, Look, RootError, Seen, Transport, lost_inventory, rebuild,
};
use crate::error::{CliError, Code, Place, Result};
use crate::inventory::{Inventory, InventoryId, OtherSource, RootRef, marks};
use crate::plan::{self, Adopt, Allow, Desired, Plan, Policy, Scope, scope};
use crate::report::warning_text;
use crate::settings::{self, RunSettings, SYSTEM_NAMESPACE};

/// A plan with everything it was made from.
#[derive(Debug)]
pub(super) struct Judged {
    /// What to do.
    pub(super) plan: Plan,
    /// The set as it is on record.
    pub(super) inventory: Inventory,
    /// The root as it was read; none if it does not exist.
    pub(super) root: Option<Value>,
    /// What was seen.
    pub(super) seen: Seen,
}

/// The objects in the form that is sent, with their namespaces settled. Warnings are told by `warn`.
pub(super) async fn desired(
    objects: Vec<Object>,
    session: &Session,
    fill: scope::Namespace<'_>,
    warn: &mut dyn FnMut(String),
) -> Result<Vec<Desired>> {
    let mut desired = Vec::with_capacity(objects.len());
    for Object { node, origin } in objects {
        let manifest =
            krm::yaml::to_json(&node).map_err(|error| CliError::new(Code::NotAnObject, error).at(&origin))?;
        desired.push(Desired::new(manifest, origin));
    }
    let discovery = session.cluster.discover().await?;
    let scope_of = |namespaced| if namespaced { Scope::Namespaced } else { Scope::Cluster };
    let scopes: BTreeMap<GroupKind, Scope> = desired
        .iter()
        .map(|object| object.key.group_kind())
        .filter_map(|kind| Some((kind.clone(), scope_of(discovery.namespaced(&kind)?))))
        .collect();
    let origins: BTreeMap<_, _> = desired.iter().map(|object| (object.key.clone(), object.origin.clone())).collect();
    let fitted = scope::fit(desired, &scopes, fill).map_err(|error| {
        let place = origins.get(&error.key).map(Place::from).unwrap_or_default();
        let hint = format!("drop `-n`, or write `namespace: {}` into the object", error.namespace);
        let note = format!("it says `{}`", error.key.namespace);
        CliError::new(Code::NamespaceMismatch, error).at(place).note(note).hint(hint)
    })?;
    for warning in fitted.warnings {
        warn(warning_text(&warning));
    }
    Ok(fitted.desired)
}

/// A refusal whose inventory changed under it is judged again so often.
const JUDGEMENTS_MAX: usize = 5;

/// Reads and decides. Marks what is desired as the set's: in place, because a large set is not held twice.
pub(super) async fn judge<T: Transport>(
    cluster: &Cluster<T>,
    identity: &Identity,
    desired: &mut [Desired],
    policy: &Policy,
) -> Result<Judged> {
    let mut judged = judge_once(cluster, identity, desired, policy).await?;
    for _ in 1..JUDGEMENTS_MAX {
        // A run that claimed the set between our two reads, of the root and of the objects, makes its members look like
        // another's. Nobody compares and swaps for a refusal, so it is made sure of here.
        if judged.plan.refusal.is_none() || !has_moved(cluster, identity, judged.root.as_ref()).await? {
            break;
        }
        judged = judge_once(cluster, identity, desired, policy).await?;
    }
    Ok(judged)
}

/// Is the root another one than the one that was read?
async fn has_moved<T: Transport>(cluster: &Cluster<T>, identity: &Identity, root: Option<&Value>) -> Result<bool> {
    let RootRef { namespace, name } = &identity.root;
    let now = match cluster.get(&Endpoint::config_maps(), namespace, name, Extent::Metadata).await {
        Ok(root) => Some(root),
        Err(error) if matches!(error.code, Answer::NotFound | Answer::NamespaceMissing) => None,
        Err(error) => return Err(error.into()),
    };
    let version = |root: &Value| {
        let text = |field: &str| root["metadata"][field].as_str().unwrap_or_default().to_owned();
        (text("uid"), text("resourceVersion"))
    };
    Ok(now.as_ref().map(version) != root.map(version))
}

async fn judge_once<T: Transport>(
    cluster: &Cluster<T>,
    identity: &Identity,
    desired: &mut [Desired],
    policy: &Policy,
) -> Result<Judged> {
    let stored = cluster.read_root(&identity.root).await?;
    let (inventory, root) = match stored {
        Some(stored) => (stored.inventory, Some(stored.object)),
        // To make one would leave it behind, if this run is interrupted, in place of the one that is lost.
        None if policy.delete_all => {
            let hint = "another run deleted the set, or somebody its inventory: then what it held is still there, under the label \
                        `kubectl-gitops.dev/inventory`";
            return Err(CliError::new(Code::SetNotFound, format!("the inventory {} is gone", identity.root)).hint(hint));
        }
        None => (Inventory::new(new_id(&identity.root)?, identity.root.clone()), None),
    };
    if !policy.delete_all {
        inventory.accepts(&identity.source, identity.derived)?;
    }
    let missing = match root {
        Some(_) => None,
        None => missing_namespace(cluster, &identity.root.namespace, desired, policy).await?,
    };
    // A root that only tells of attempts came after the one that is lost.
    let blank = root.is_none() || inventory.is_blank();
    let mut judged = look(cluster, inventory, root, desired, policy).await?;
    if blank && let Some(id) = lost_inventory(desired, &judged.seen.observation, &identity.root) {
        let rebuilt = rebuild(cluster, &judged.seen.discovery, id, identity.root.clone()).await?;
        judged = look(cluster, rebuilt, judged.root, desired, policy).await?;
    }
    if let Some(missing) = missing
        && !judged.plan.namespaces.contains(&missing)
    {
        judged.plan.namespaces.insert(0, missing);
    }
    Ok(judged)
}

/// One observation, and the plan over it. Our label and owner annotation travel with the content.
async fn look<T: Transport>(
    cluster: &Cluster<T>,
    inventory: Inventory,
    root: Option<Value>,
    desired: &mut [Desired],
    policy: &Policy,
) -> Result<Judged> {
    for object in desired.iter_mut() {
        marks::mark_member(object.manifest.make_mut(), &inventory.id);
        object.manifest = object.manifest.packed();
    }
    let recorded = root.is_some() || inventory.rebuilt;
    let look = Look { desired, inventory: &inventory, recorded };
    let mut seen = cluster.observe(&look).await?;
    let mut plan = plan::plan(desired, &inventory, &seen.observation, policy);
    // Members come from the API server's cache first; what would be written is made sure of.
    let unsure = plan.rests_on();
    if !unsure.is_empty() && cluster.observe_again(&look, &unsure, &mut seen).await? {
        // Not both at a time: each has all manifests.
        drop(plan);
        plan = plan::plan(desired, &inventory, &seen.observation, policy);
    }
    Ok(Judged { plan, inventory, root, seen })
}

/// The inventory's own namespace must exist, be in the set, or be asked for. Returns it if this run must create it first.
async fn missing_namespace<T: Transport>(
    cluster: &Cluster<T>,
    namespace: &str,
    desired: &[Desired],
    policy: &Policy,
) -> Result<Option<krm::Text>> {
    match cluster.get(&Endpoint::namespaces(), "", namespace, Extent::Metadata).await {
        Ok(_) => Ok(None),
        // An account without that right learns from the write itself.
        Err(error) if error.code == Answer::Forbidden => Ok(None),
        Err(error) if error.code != Answer::NotFound => Err(error.into()),
        // Ours is made by whoever needs it first.
        Err(_) if policy.create_namespace || namespace == SYSTEM_NAMESPACE => Ok(Some(namespace.into())),
        Err(_) => {
            let own = desired.iter().any(|object| object.key.kind == "Namespace" && object.key.name == namespace);
            let text = format!("the namespace `{namespace}`, where the inventory goes, does not exist");
            let error = CliError::new(Code::NamespaceMissing, text);
            Err(if own {
                error
                    .hint("the set itself brings it: keep the inventory elsewhere with `--inventory-namespace default`")
            } else {
                error.hint(format!("create it with `--create-namespace` or `kubectl create namespace {namespace}`"))
            })
        }
    }
}

pub(super) fn new_id(root: &RootRef) -> Result<InventoryId> {
    Ok(InventoryId::mint(random()?, root))
}

/// Bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| CliError::new(Code::Bug, format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

/// The settings in the plan's words.
pub(super) fn policy(settings: &RunSettings, delete_all: bool) -> Result<Policy> {
    let mut allow = Allow { empty: settings.allow_empty, prunes: settings.allow_prune, ..Allow::default() };
    for kind in &settings.allow_delete {
        match kind.as_str() {
            "pvc"
            | "pv"
            | "persistentvolumeclaim"
            | "persistentvolumeclaims"
            | "persistentvolume"
            | "persistentvolumes" => {
                allow.volumes = true;
            }
            "namespace" | "namespaces" | "ns" => allow.namespaces = true,
            "crd" | "crds" | "customresourcedefinition" | "customresourcedefinitions" => allow.crds = true,
            other => {
                let text = format!("`--allow-delete {other}` names no protected kind");
                return Err(CliError::new(Code::Usage, text).hint("the protected kinds are pvc, pv, namespace and crd"));
            }
        }
    }
    Ok(Policy {
        adopt: match settings.adopt {
            settings::Adopt::Auto => Adopt::Auto,
            settings::Adopt::Never => Adopt::Never,
            settings::Adopt::All => Adopt::All,
        },
        take_from: settings.take_from.iter().cloned().collect(),
        force_conflicts: settings.force_conflicts,
        prune: settings.prune || delete_all,
        delete_all,
        create_namespace: settings.create_namespace,
        full: settings.full,
        refresh: false,
        reload: settings.reload == settings::Reload::Annotated,
        allow,
    })
}

impl From<RootError> for CliError {
    fn from(error: RootError) -> Self {
        let lost_race = error.is_lost_race();
        match error {
            RootError::Request(error) => {
                let converted = Self::from(error);
                if lost_race {
                    Self { code: Code::InventoryConflict, kind: Code::InventoryConflict.kind(), ..converted }
                } else {
                    converted
                }
            }
            other => Self::new(Code::InventoryUnreadable, other),
        }
    }
}

impl From<OtherSource> for CliError {
    fn from(error: OtherSource) -> Self {
        let hint = "give this set a name of its own: `--name NAME`, or the annotation `kubectl-gitops.dev/name` in its kustomization; \
                    with `--name` and the old name it takes the set over";
        Self::new(Code::OtherSource, error).hint(hint)
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
