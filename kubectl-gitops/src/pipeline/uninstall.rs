//! `uninstall`: find the installation → delete its set → delete what it synced, if wanted → delete the namespace, if nothing is left
//! in it. Owns the order, so that nothing comes back: what runs goes first.

use serde_json::Value;

use super::carry::{self, Run};
use super::find;
use super::identity::Identity;
use super::order::Order;
use super::session::{self, Session};
use crate::cluster::{Code as Answer, DryRun, Endpoint, Extent, Guard, Look};
use crate::error::{CliError, Code, Result, exit};
use crate::install::{SET_PREFIX, SYNCS_ANNOTATION, object_name};
use crate::inventory::{Inventory, InventoryId, RootRef, Source, marks};
use crate::plan::Foreign;
use crate::report::{Command, Console, counted};
use crate::settings::{self, Connection, RunSettings, SYSTEM_NAMESPACE, UninstallSettings};

/// Undoes `install`.
pub(crate) fn uninstall(
    settings: &UninstallSettings,
    run: &RunSettings,
    connection: &Connection,
    console: &Console,
) -> Result<u8> {
    let order = Order::new(Command::Delete, run, console)?;
    session::with(connection, &order.story, async |session| {
        let root = find_installation(session, settings.name.as_deref()).await?;
        let name = root.set_name().strip_prefix(SET_PREFIX).unwrap_or_default().to_owned();
        let synced = synced_by(session, &root, &name).await?;
        let held = match &synced {
            Some(synced) => session.cluster.read_root(synced).await?.map(|stored| stored.inventory.entries.len()),
            None => None,
        };
        let delete_objects = wants_objects_deleted(settings, run, held, &name, console).await?;
        let code = delete(session, &order, &root, &format!("installation {name}")).await?;
        match (synced, held) {
            (Some(synced), Some(_)) if delete_objects => {
                let order = Order::new(Command::Delete, run, console)?;
                delete(session, &order, &synced, synced.set_name()).await?;
            }
            (Some(synced), Some(count)) => console.tell(&kept(&synced, count)),
            _ => {}
        }
        if run.dry_run == settings::DryRun::None {
            remove_namespace(session, &root.namespace, console).await?;
        }
        Ok(code)
    })
}

/// The objects of a set on a machine's own timer: the units are gone, what they applied is still there.
pub(crate) fn delete_synced(set: &str, run: &RunSettings, connection: &Connection, console: &Console) -> Result<u8> {
    let order = Order::new(Command::Delete, run, console)?;
    session::with(connection, &order.story, async |session| {
        let synced = RootRef::of_set(SYSTEM_NAMESPACE, set);
        if session.cluster.read_root(&synced).await?.is_none() {
            console.tell(&format!("nothing is applied as {set}\n"));
            return Ok(exit::DONE);
        }
        let code = delete(session, &order, &synced, set).await?;
        if run.dry_run == settings::DryRun::None {
            remove_namespace(session, &synced.namespace, console).await?;
        }
        Ok(code)
    })
}

async fn delete(session: &Session, order: &Order<'_>, root: &RootRef, shown: &str) -> Result<u8> {
    let identity = Identity { root: root.clone(), derived: false, source: Source::Files, revision: String::new() };
    let headline = |inventory: &Inventory| format!("Deleting {shown}: {}.", counted(inventory.entries.len(), "object"));
    let run = Run::new(order, session, &identity, &headline);
    super::converge(&run, Vec::new(), shown).await?.code(false)
}

/// The installation of this name, or the only one.
async fn find_installation(session: &Session, name: Option<&str>) -> Result<RootRef> {
    let named = |root: &RootRef| root.set_name().strip_prefix(SET_PREFIX).is_some_and(|n| name.is_none_or(|w| w == n));
    let mut found: Vec<RootRef> = find::roots(session, None).await?.iter().map(find::root_ref).filter(named).collect();
    if let Some(asked) = session.asked().filter(|asked| *asked != SYSTEM_NAMESPACE) {
        // As it was installed: `-n` is where objects go, and the installation lies elsewhere. Who may not look there has none there.
        let elsewhere = session.cluster.list_roots(Some(SYSTEM_NAMESPACE)).await.unwrap_or_default();
        for root in elsewhere.iter().map(find::root_ref).filter(named) {
            let name = root.set_name().strip_prefix(SET_PREFIX).unwrap_or_default();
            let synced = synced_by(session, &root, name).await?;
            if synced.is_some_and(|set| set.set_name().strip_suffix(name).is_some_and(|of| of == format!("{asked}."))) {
                found.push(root);
            }
        }
    }
    match (found.as_slice(), name) {
        ([root], _) => Ok(root.clone()),
        ([], Some(name)) => Err(CliError::new(Code::NotInstalled, format!("nothing is installed as `{name}`"))
            .hint("`kubectl gitops status` lists installations as `install-NAME`; a timer needs --systemd")),
        ([], None) => Err(CliError::new(Code::NotInstalled, "nothing is installed in this cluster")
            .hint("a timer on a host is uninstalled there, with --systemd --name NAME")),
        (several, _) => {
            let names: Vec<String> = several.iter().map(shown).collect();
            let text = format!("there are several installations: {}", names.join(", "));
            Err(CliError::new(Code::SetAmbiguous, text).hint("say which one: `--name NAME`, and `-n NAMESPACE`"))
        }
    }
}

fn shown(root: &RootRef) -> String {
    format!("{}/{}", root.namespace, root.set_name().strip_prefix(SET_PREFIX).unwrap_or_default())
}

/// As the flags say; else whoever is there to answer; else no.
async fn wants_objects_deleted(
    settings: &UninstallSettings,
    run: &RunSettings,
    held: Option<usize>,
    name: &str,
    console: &Console,
) -> Result<bool> {
    let ask = settings.delete_objects.is_none() && !run.yes && run.dry_run == settings::DryRun::None;
    let Some(count) = held.filter(|_| ask && console.surface().interactive()) else {
        return Ok(settings.delete_objects.unwrap_or(false));
    };
    let objects = counted(count, "object");
    console.ask(&format!("{name} applied {objects}. Are they to be deleted, too? Otherwise they stay."), &[]);
    carry::answer().await
}

fn kept(root: &RootRef, count: usize) -> String {
    let (objects, name, namespace) = (counted(count, "object"), root.set_name(), &root.namespace);
    format!("Kept: {objects} of {name}, and their inventory {root} (kubectl gitops delete {name} -n {namespace})\n")
}

/// The set that the runs of an installation keep, as its CronJob says.
async fn synced_by(session: &Session, root: &RootRef, name: &str) -> Result<Option<RootRef>> {
    let endpoint = Endpoint::cron_jobs();
    match session.cluster.get(&endpoint, &root.namespace, &object_name(name), Extent::Metadata).await {
        Ok(object) => {
            let set = marks::annotation(&object, SYNCS_ANNOTATION);
            Ok(set.map(|set| RootRef::of_set(root.namespace.clone(), set)))
        }
        // Somebody deleted it by hand.
        Err(error) if error.code == Answer::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The system's namespace goes when we made it and nothing is left in it.
async fn remove_namespace(session: &Session, namespace: &str, console: &Console) -> Result<()> {
    if namespace != SYSTEM_NAMESPACE {
        return Ok(());
    }
    let endpoint = Endpoint::namespaces();
    let object = match session.cluster.get(&endpoint, "", namespace, Extent::Whole).await {
        Ok(object) => object,
        Err(error) if matches!(error.code, Answer::NotFound | Answer::Forbidden) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if !made_by_us(&object) {
        return Ok(());
    }
    // Nothing there is ours any more: whatever is found is somebody else's.
    let nobody = Inventory::new(InventoryId::from_bytes([0; 16]), RootRef::of_set(namespace, "nobody"));
    let look = Look { desired: &[], inventory: &nobody, recorded: false };
    let discovery = session.cluster.discover().await?;
    if session.cluster.foreign_content(&look, &discovery, namespace).await? != Foreign::None {
        return Ok(());
    }
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let guard = Guard::exactly(text("/metadata/uid"), text("/metadata/resourceVersion"));
    match session.cluster.delete(&endpoint, "", namespace, &guard, DryRun::No).await {
        Ok(()) => console.tell(&format!("The namespace {namespace} was empty and is deleted.\n")),
        // Somebody changed it just now, or we may not: it stays.
        Err(error) if matches!(error.code, Answer::Conflict | Answer::NotFound | Answer::Forbidden) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// A namespace that a run of ours created has our field manager, and not by an apply.
fn made_by_us(namespace: &Value) -> bool {
    let managers = namespace.pointer("/metadata/managedFields").and_then(Value::as_array);
    let ours = |entry: &Value| entry["manager"] == marks::FIELD_MANAGER && entry["operation"] == "Update";
    managers.is_some_and(|entries| entries.iter().any(ours))
}

/// What is left of an installation that `--systemd` removed, and how to delete it.
pub(super) fn left_behind(set: &str) -> String {
    format!("What it applied stays: `kubectl gitops delete {set} -n {SYSTEM_NAMESPACE}` deletes it.\n")
}
