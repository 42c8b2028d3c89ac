//! The cluster: requests, answers, errors. Owns everything that goes over the wire to an API server; must not decide what
//! to do with an answer. `kube.rs` is the only file that names a `kube::Client`.

pub mod discovery;
pub mod error;
pub mod transport;

pub use discovery::{Discovery, Lookup, ServedKind, ServedVersion};
pub use error::{Cause, ClusterError, Code};
pub use transport::{Broken, Method, Request, Response, Traffic, Transport, Verb};
