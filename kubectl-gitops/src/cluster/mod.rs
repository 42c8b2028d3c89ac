//! The cluster: requests, answers, errors. Owns everything that goes over the wire to an API server; must not decide what
//! to do with an answer. `kube.rs` is the only file that names a `kube::Client`.

mod cause;
mod claims;
pub mod client;
pub mod connect;
mod discover;
pub mod discovery;
pub mod endpoint;
pub mod error;
mod items;
pub mod kube;
mod list;
pub mod observe;
mod proxy;
pub mod query;
pub mod retry;
pub mod root;
#[cfg(test)]
pub(crate) mod scripted;
mod sources;
pub mod transport;
pub mod watch;

pub use claims::Claims;
pub use client::{Applied, Cluster, Gate, Notice};
pub use connect::{ClusterAddress, FindCluster, find_cluster};
pub use discovery::{Discovery, Lookup, ServedKind, ServedVersion};
pub use endpoint::{DryRun, Endpoint, Guard};
pub use error::{Cause, ClusterError, Code};
pub use kube::{KubeTransport, MakeClient};
pub use observe::{Look, Seen, lost_inventory, rebuild};
pub(crate) use proxy::from_environment as proxy_from_environment;
pub use query::{Extent, Freshness, ListQuery};
pub use retry::Patience;
pub use root::{RootError, StoredRoot};
pub use transport::{Broken, Chunks, Method, Opened, Request, Response, Traffic, Transport, Verb};
pub use watch::{Change, Heard, Pace, Start};
