//! `install`: settings → checks → objects → the same plan and execution as any set. Owns what is kept of an earlier installation and
//! what is said about it; what the objects are is the room `install`'s.

use krm::{GroupKind, Node, Origin};
use kustomize::Object;
use serde_json::Value;

use super::carry::Run;
use super::given;
use super::identity::Identity;
use super::judge;
use super::order::Order;
use super::session::{self, Session};
use crate::cluster::{Code as Answer, Endpoint, Extent};
use crate::error::{CliError, Code, Result, exit};
use crate::install::{self, CredentialsError, InstallError, Installation, Pod, Scheme};
use crate::inventory::{Inventory, RootRef, Source};
use crate::report::{Command, Console};
use crate::settings::{Access, Connection, DryRun, InstallSettings, Keys, Rbac, RunSettings, TrustedKeys};

/// Prints the objects. Reaches no cluster.
pub(crate) fn export(settings: &InstallSettings, console: &Console) -> Result<u8> {
    let settings = &given::for_pod(settings)?;
    let (installation, pod) = checked(install::for_pod(settings, ""))?;
    demand_key(&installation)?;
    warn(&installation, &pod, console);
    if matches!(installation.access, Access::Given(_)) || matches!(installation.keys, Keys::Given(_)) {
        console.warn(
            "a Secret in the output holds credentials or keys in the clear: encrypt it before it goes to Git \
             (`kubectl gitops secrets encrypt`), or name one that is kept elsewhere with --secret-ref, --age-key-secret",
        );
    }
    super::deliver::deliver(&objects(&install::export(&installation, &pod)), None, console)?;
    Ok(exit::DONE)
}

/// Brings the objects into the cluster.
pub(crate) fn install(
    settings: &InstallSettings,
    run: &RunSettings,
    connection: &Connection,
    console: &Console,
) -> Result<u8> {
    let system = settings.pod.rbac != Rbac::Namespaced;
    let run = RunSettings { create_namespace: system, ..run.clone() };
    let order = Order::new(Command::Apply, &run, console)?;
    let settings = &given::for_pod(settings)?;
    // What is wrong with the flags is told before anything is reached.
    checked(install::for_pod(settings, ""))?;
    // The objects name their namespaces: `-n` is for what is synced.
    let connection = Connection { namespace: None, ..connection.clone() };
    session::with(&connection, &order.story, async |session| {
        let (mut installation, pod) = checked(install::for_pod(settings, &session.cluster_uid().await))?;
        keep_credentials(session, &mut installation, console).await?;
        keep_keys(session, &mut installation, console).await?;
        demand_key(&installation)?;
        warn(&installation, &pod, console);
        warn_of_missing_secrets(session, &installation, console).await;
        let desired = objects(&install::objects(&installation, &pod));
        let desired = judge::desired(desired, session, session.fill(), &mut |text| order.story.warn(&text)).await?;
        let identity = identity(&installation);
        let headline = |_: &Inventory| headline(&installation, &pod);
        let run = Run::new(&order, session, &identity, &headline);
        let shown = format!("{} into {}", installation.name, installation.namespace);
        let code = super::converge(&run, desired, &shown).await?.code(false)?;
        if code == exit::DONE && order.settings.dry_run == DryRun::None {
            console.tell(&next_step(&installation));
        }
        Ok(code)
    })
}

/// The settings are as they must be, or everything that is wrong.
pub(super) fn checked<T>(result: Result<T, Vec<InstallError>>) -> Result<T> {
    result.map_err(|problems| {
        let hints: Vec<String> = problems.iter().filter_map(InstallError::hint).collect();
        let mut error = match <[InstallError; 1]>::try_from(problems) {
            Ok([one]) => CliError::new(Code::Installation, one),
            Err(several) => {
                let text = format!("{} things are wrong with what is to be installed", several.len());
                let error = CliError::new(Code::Installation, text);
                several.iter().fold(error, |error, problem| error.note(problem.to_string()))
            }
        };
        error.hints.extend(hints);
        error
    })
}

/// An ssh address without a key, after what was kept was looked for.
pub(super) fn demand_key(installation: &Installation) -> Result<()> {
    if matches!(installation.access, Access::Unsaid) && installation.address.scheme() == Scheme::Ssh {
        return checked(Err(vec![CredentialsError::NoKey.into()]));
    }
    Ok(())
}

/// What the user should know before it is done.
fn warn(installation: &Installation, pod: &Pod, console: &Console) {
    if let Some(cost) = pod.schedule.cost() {
        console.warn(&cost);
    }
    warn_of_clear_text(installation, console);
}

/// Credentials over plain http.
pub(super) fn warn_of_clear_text(installation: &Installation, console: &Console) {
    let secret = matches!(installation.access, Access::Given(_) | Access::SecretRef(_));
    if secret && installation.address.scheme() == Scheme::Http {
        console.warn("the credentials go over http, in the clear: whoever sits in between can read them");
    }
}

/// A Secret that is not there holds the pods up without a word in any log.
async fn warn_of_missing_secrets(session: &Session, installation: &Installation, console: &Console) {
    let credentials = if let Access::SecretRef(name) = &installation.access { Some(name) } else { None };
    let keys = if let Keys::SecretRef(name) = &installation.keys { Some(name) } else { None };
    let trusted = match installation.verify.as_ref().map(|verify| &verify.keys) {
        Some(TrustedKeys::SecretRef(name)) => Some(name),
        _ => None,
    };
    for name in credentials.into_iter().chain(keys).chain(trusted) {
        if let Ok(None) = secret(session, &installation.namespace, name, Extent::Metadata).await {
            let place = &installation.namespace;
            console.warn(&format!("there is no Secret {place}/{name} yet: the pods of the CronJob wait for it"));
        }
    }
}

/// Without a word about keys, those of an earlier installation stay.
async fn keep_keys(session: &Session, installation: &mut Installation, console: &Console) -> Result<()> {
    if installation.keys != Keys::Unsaid {
        return Ok(());
    }
    let name = installation.keys_name();
    let Some(secret) = secret(session, &installation.namespace, &name, Extent::Whole).await? else { return Ok(()) };
    if let Some(keys) = install::kept_keys(&secret, installation) {
        console
            .tell(&format!("keeping the keys in Secret {}/{name} (--no-age-key drops them)\n", installation.namespace));
        installation.keys = Keys::Given(keys);
    }
    Ok(())
}

/// Without a word about credentials, those of an earlier installation stay: nobody types a password to change a schedule.
async fn keep_credentials(session: &Session, installation: &mut Installation, console: &Console) -> Result<()> {
    if !matches!(installation.access, Access::Unsaid) {
        return Ok(());
    }
    let name = installation.secret_name();
    let Some(secret) = secret(session, &installation.namespace, &name, Extent::Whole).await? else { return Ok(()) };
    match install::kept_credentials(&secret, &installation.address) {
        Ok(None) => {}
        Ok(Some(kept)) => {
            let place = &installation.namespace;
            console.tell(&format!("keeping the credentials in Secret {place}/{name} (--anonymous drops them)\n"));
            installation.access = Access::Given(kept);
        }
        Err(server) => return Err(for_another_server(&server, installation)),
    }
    Ok(())
}

/// Credentials never go to a server that they were not given for.
pub(super) fn for_another_server(server: &str, installation: &Installation) -> CliError {
    let text = format!("the credentials that are kept are for {server}, not for {}", installation.address.server());
    CliError::new(Code::Installation, text).hint("give those of the new server, or `--anonymous`")
}

async fn secret(session: &Session, namespace: &str, name: &str, extent: Extent) -> Result<Option<Value>> {
    let kind = GroupKind::new("", "Secret");
    let discovery = session.cluster.discover().await?;
    let Some(served) = discovery.served(&kind) else { return Ok(None) };
    let endpoint = Endpoint::new(&kind, served.preferred());
    match session.cluster.get(&endpoint, namespace, name, extent).await {
        Ok(secret) => Ok(Some(secret)),
        Err(error) if error.code == Answer::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn identity(installation: &Installation) -> Identity {
    Identity {
        root: RootRef::of_set(installation.namespace.clone(), &installation.set_name()),
        derived: !installation.named,
        source: Source::Git { url: installation.address.to_string(), path: installation.path.clone() },
        revision: String::new(),
    }
}

fn objects(values: &[Value]) -> Vec<Object> {
    let object = |value: &Value| Object { node: node(value), origin: Origin::default() };
    values.iter().map(object).collect()
}

fn node(value: &Value) -> Node {
    krm::yaml::from_json(value)
}

/// `CronJob gitops-system/gitops-home (2-59/5 * * * *) syncs https://… (main, clusters/home), with all rights of …`
fn headline(installation: &Installation, pod: &Pod) -> String {
    let Installation { namespace, address, path, .. } = installation;
    let rights = match pod.rbac {
        Rbac::Cluster => format!("may do in the cluster what ClusterRole {} grants", pod.cluster_role),
        Rbac::Namespaced => format!("may do in {namespace} what ClusterRole {} grants", pod.cluster_role),
        Rbac::None => format!("may do what is granted to ServiceAccount {namespace}/{}", installation.object_name()),
    };
    format!(
        "CronJob {namespace}/{} ({}{}) syncs {address} ({}, {path}) and {rights}.",
        installation.object_name(),
        pod.schedule,
        if installation.suspend { ", suspended" } else { "" },
        installation.reference_shown(),
    )
}

fn next_step(installation: &Installation) -> String {
    let Installation { namespace, .. } = installation;
    let name = installation.object_name();
    if installation.suspend {
        return format!("Suspended: `kubectl gitops install` with the same flags, without --suspend, starts {name}.\n");
    }
    format!("It runs by its schedule; at once: kubectl -n {namespace} create job --from=cronjob/{name} {name}-now\n")
}
