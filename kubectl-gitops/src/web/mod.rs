//! How the plugin speaks TLS to anything but a cluster: one provider, the machine's trust, what is given on top of it. Owns
//! the set-up only; must not send anything.

mod tls;

pub(crate) use tls::{TlsIdentity, TrustError, tls_config};
