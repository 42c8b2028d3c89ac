//! Git servers and repositories for tests: made by the git program and served by real programs (git's own HTTP backend, sshd,
//! Gitea) on an address of this machine. Owns starting, breaking and ending them; must not know what is tested with them.

mod gitea;
mod http;
mod message;
mod process;
mod repository;
mod sshd;
mod tls;

pub use gitea::{Gitea, GiteaUser};
pub use http::{Asked, GitServer, Manner, Serving};
pub use message::Answer;
pub use repository::{AUTHOR, EMAIL, Repository};
pub use sshd::{Key, KeyKind, Sshd};
pub use tls::{Authority, Identity};

/// For a server of this name or address whom nobody is to check.
pub(crate) fn server_config(name: &str) -> std::sync::Arc<rustls::ServerConfig> {
    tls::server_config(&Authority::named("nobody").server(name), None)
}

/// The digest of a file, as the tests' application prints it of its own.
pub fn sha256(content: &[u8]) -> String {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    sha2::Sha256::digest(content).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string");
        hex
    })
}

/// Says in the words that the summary of `make test` collects that a test is passed over, if there is a reason.
pub fn skipped(reason: Option<&str>, test: &str) -> bool {
    if let Some(reason) = reason {
        #[expect(clippy::print_stdout, reason = "the summary of `make test` collects these lines")]
        {
            println!("skipped: {test}: {reason}");
        }
    }
    reason.is_some()
}

#[cfg(test)]
mod tests;
