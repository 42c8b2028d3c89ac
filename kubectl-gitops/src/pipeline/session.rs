//! One connection to a cluster for one command. Owns the runtime, finding the cluster and what the command asked of it; must
//! not know what is done over it.

use std::cell::Cell;
use std::rc::Rc;

use crate::cluster::{
    Cluster, ClusterError, Code as Answer, Endpoint, Extent, FindCluster, KubeTransport, MakeClient, Patience,
    find_cluster,
};
use crate::error::{CliError, Code, Kind, Result};
use crate::execute::{Interrupt, Signal};
use crate::plan::scope::Namespace;
use crate::report::Story;
use crate::settings::Connection;

/// As much as the main thread of a process has: builds recurse.
const WORK_STACK_BYTES: usize = 8 << 20;

/// A cluster, and where in it things go by default.
#[derive(Debug)]
pub(super) struct Session {
    /// The cluster.
    pub(super) cluster: Cluster<KubeTransport>,
    /// Address of the API server.
    pub(super) server: String,
    /// An execution is under way, which ends in order after a signal.
    pub(super) executing: Cell<bool>,
    /// Tells whether to stop.
    pub(super) interrupt: Interrupt,
    /// Where the story is told.
    pub(super) story: Rc<Story>,
    asked: Option<String>,
    default: String,
}

impl Session {
    /// Which namespace objects without one get.
    pub(super) fn fill(&self) -> Namespace<'_> {
        match &self.asked {
            Some(namespace) => Namespace::Asked(namespace),
            None => Namespace::Default(&self.default),
        }
    }

    /// The namespace of `-n`, else of the context.
    pub(super) fn namespace(&self) -> &str {
        self.asked.as_deref().unwrap_or(&self.default)
    }

    /// What tells this cluster from others: the uid of a namespace that each has. Empty where it may not be read.
    pub(super) async fn cluster_uid(&self) -> String {
        let system = self.cluster.get(&Endpoint::namespaces(), "", "kube-system", Extent::Metadata).await;
        let uid = system.ok().and_then(|object| object.pointer("/metadata/uid")?.as_str().map(str::to_owned));
        uid.unwrap_or_default()
    }

    /// The namespace of `-n`.
    pub(super) fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }
}

/// Connects and does `work`. Requests are sent from one thread: a run is I/O bound, and threads cost memory.
pub(super) fn with<R>(
    connection: &Connection,
    story: &Rc<Story>,
    work: impl AsyncFnOnce(&Session) -> Result<R>,
) -> Result<R> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new(Code::Bug, error))?;
    let result = runtime.block_on(async {
        let address = find_cluster(connection).await?;
        let patience = Patience::default().with_request_timeout(connection.request_timeout);
        let listener = Rc::clone(story);
        let cluster = address.open(patience, Box::new(move |notice| listener.notice(notice)))?;
        let session = Session {
            cluster,
            server: address.server.clone(),
            executing: Cell::new(false),
            interrupt: Interrupt::listen().map_err(|error| CliError::new(Code::Bug, error))?,
            story: Rc::clone(story),
            asked: connection.namespace.clone().filter(|namespace| !namespace.is_empty()),
            default: address.namespace.clone(),
        };
        let work = async { work(&session).await.map_err(|error| name_server(error, &session.server)) };
        tokio::select! {
            biased;
            result = work => result,
            error = given_up(&session.interrupt, &session.executing) => Err(error),
        }
    });
    // A name that is still being looked up in the background must not hold up the end.
    runtime.shutdown_background();
    result
}

/// Ends when a signal came and nobody takes care of it: before anything is executed at once, during an execution (which ends
/// in order by itself) at the second signal.
async fn given_up(interrupt: &Interrupt, executing: &Cell<bool>) -> CliError {
    let first = interrupt.raised().await;
    let mut error = if executing.get() {
        second_signal().await;
        CliError::new(Code::Interrupted, "interrupted again: ended without the answers that were under way")
            .hint("run the same command again: it takes over once the lock has stood still for its time, and converges")
    } else {
        CliError::new(Code::Interrupted, "interrupted")
    };
    if first == Signal::Terminate {
        error.kind = Kind::Terminated;
    }
    error
}

/// Work that blocks, on a thread of its own: a signal ends the run meanwhile, and the work may have a runtime of its own.
pub(super) async fn apart<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R> {
    let (sender, answer) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("work".to_owned()).stack_size(WORK_STACK_BYTES);
    // If nobody waits for the answer any more, it does not matter.
    let spawned = thread.spawn(move || drop(sender.send(work())));
    spawned.map_err(|error| CliError::new(Code::Bug, error))?;
    answer.await.map_err(|error| CliError::new(Code::Bug, error))
}

async fn second_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// An unreachable server is named: the address is what is wrong most often.
fn name_server(error: CliError, server: &str) -> CliError {
    if error.code == Code::Unreachable { error.note(format!("the server is {server}")) } else { error }
}

impl From<FindCluster> for CliError {
    fn from(error: FindCluster) -> Self {
        Self::new(Code::Kubeconfig, error)
    }
}

impl From<MakeClient> for CliError {
    fn from(error: MakeClient) -> Self {
        Self::new(Code::Kubeconfig, error)
    }
}

impl From<ClusterError> for CliError {
    fn from(error: ClusterError) -> Self {
        let code = match error.code {
            Answer::Unreachable | Answer::Timeout => Code::Unreachable,
            Answer::Unauthorized => Code::Unauthorized,
            Answer::Forbidden => Code::Forbidden,
            Answer::Interrupted => Code::Interrupted,
            Answer::NamespaceMissing => Code::NamespaceMissing,
            _ => Code::ClusterError,
        };
        let hint = match code {
            Code::Unreachable => Some("is the cluster up? `kubectl cluster-info` asks the same address"),
            Code::Unauthorized => Some("log in again, or check the user of the context: `kubectl auth whoami`"),
            Code::Forbidden => Some("`kubectl auth can-i --list` shows what this account may do"),
            _ => None,
        };
        let converted = Self::new(code, error);
        match hint {
            Some(hint) => converted.hint(hint),
            None => converted,
        }
    }
}
