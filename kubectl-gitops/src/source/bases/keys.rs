//! The user's own keys and known hosts for ssh, under the names that ssh itself looks for. Owns where they are; an agent and
//! `~/.ssh/config` are not asked.

use std::path::{Path, PathBuf};

use krm::Masked;

use super::super::repository::small_text;
use super::credentials::Variable;
use crate::git::SshAccess;

/// In the order in which they are tried.
pub(super) const NAMES: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// Hosts that all users of the machine know.
const KNOWN_TO_ALL: &str = "/etc/ssh/ssh_known_hosts";

/// The user's `which`-th key that is there, for a URL of ssh.
pub(super) fn access(url: &str, which: usize, variable: Variable<'_>) -> Option<SshAccess> {
    if !is_ssh(url) {
        return None;
    }
    let directory = PathBuf::from(variable("HOME")?).join(".ssh");
    let key = NAMES.iter().filter_map(|name| small_text(&directory.join(name))).nth(which)?;
    let hosts = [directory.join("known_hosts"), directory.join("known_hosts2"), Path::new(KNOWN_TO_ALL).to_owned()];
    let hosts: Vec<String> = hosts.iter().filter_map(|path| small_text(path)).collect();
    Some(SshAccess { private_key: Masked::new(key), passphrase: None, known_hosts: hosts.join("\n") })
}

/// `ssh://…`, `user@host:path`, `host:path`
fn is_ssh(url: &str) -> bool {
    match url.split_once("://") {
        Some((scheme, _)) => matches!(scheme, "ssh" | "git+ssh" | "ssh+git"),
        None => url.split_once(':').is_some_and(|(host, _)| !host.contains('/')) && !url.starts_with(['/', '.']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_the_order_of_ssh() {
        let home = tempfile::tempdir().unwrap();
        let ssh = home.path().join(".ssh");
        std::fs::create_dir(&ssh).unwrap();
        for (name, text) in [("id_rsa", "rsa"), ("id_ed25519", "ed25519"), ("known_hosts", "host key"), ("other", "x")]
        {
            std::fs::write(ssh.join(name), text).unwrap();
        }
        let here = home.path().display().to_string();
        let variable = |name: &str| (name == "HOME").then(|| here.clone());
        let key = |url: &str, which| access(url, which, &variable).map(|found| found.private_key.expose().clone());
        for url in ["ssh://git@example.com/x", "git@example.com:x", "example.com:x"] {
            assert_eq!(key(url, 0).as_deref(), Some("ed25519"));
            assert_eq!(key(url, 1).as_deref(), Some("rsa"));
            assert_eq!(key(url, 2), None);
        }
        assert!(access("git@h:x", 0, &variable).unwrap().known_hosts.starts_with("host key"));
        for url in ["https://git@example.com/x", "file:///x:y", "/srv/x:y", "./x:y"] {
            assert_eq!(key(url, 0), None, "{url}");
        }
    }
}
