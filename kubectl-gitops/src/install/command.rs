//! The command line of `sync` that an installation runs. Owns its flags; each is one word with its value, so that no value is
//! taken for a flag.

use super::Installation;
use crate::settings::{Access, InstallVerify, Reference, TrustedKeys};

/// Where the command finds what it must not be told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Places<'a> {
    /// The directory of credentials.
    pub(super) credentials: Option<&'a str>,
    /// The file, or the directory, of keys.
    pub(super) keys: Option<&'a str>,
    /// The directory of public keys whose signatures count.
    pub(super) trusted: Option<&'a str>,
}

/// `sync` and its flags. `driver`: what runs it.
pub(super) fn words(installation: &Installation, places: Places<'_>, driver: Option<&str>) -> Vec<String> {
    let Installation { name, address, reference, path, fill, access, sync_flags, namespace, .. } = installation;
    let Places { credentials, keys, trusted } = places;
    let mut words = vec!["sync".to_owned()];
    let secret = match access {
        Access::SecretRef(name) if credentials.is_none() => Some(name.as_str()),
        _ => None,
    };
    let namespaced = (namespace != crate::settings::SYSTEM_NAMESPACE).then_some(namespace.as_str());
    let flags = [
        ("--path", Some(path.as_str())),
        ("--name", Some(name.as_str())),
        ("--namespace", Some(fill.as_str())),
        ("--inventory-namespace", namespaced),
        ("--credentials-dir", credentials),
        ("--secret-ref", secret),
        ("--age-key-file", keys),
        ("--driver", driver),
    ];
    let flags = flags.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
    let source = [("--url", address.as_str())].into_iter().chain(reference_flags(reference));
    words.extend(source.chain(flags).map(|(flag, value)| format!("{flag}={value}")));
    words.extend(verify_words(installation, trusted));
    words.extend(sync_flags.iter().cloned());
    words
}

/// What must be signed, and where the keys are.
fn verify_words(installation: &Installation, trusted: Option<&str>) -> Vec<String> {
    let Some(InstallVerify { mode, keys }) = &installation.verify else { return Vec::new() };
    let mut words = vec![format!("--verify={}", mode.word())];
    match (trusted, keys) {
        (Some(directory), _) => words.push(format!("--verify-keys={directory}")),
        (None, TrustedKeys::SecretRef(name)) => {
            words.push(format!("--verify-secret-ref={}/{name}", installation.namespace));
        }
        (None, TrustedKeys::Files(paths)) => {
            words.extend(paths.iter().map(|path| format!("--verify-keys={}", path.display())));
        }
        // Only a pod has them so, and it has a directory.
        (None, TrustedKeys::Given(_)) => {}
    }
    words
}

/// The flags that name a commit, with their values.
pub(super) fn reference_flags(reference: &Reference) -> Vec<(&'static str, &str)> {
    match reference {
        Reference::Head => Vec::new(),
        Reference::Branch(branch) => vec![("--branch", branch)],
        Reference::Tag(tag) => vec![("--tag", tag)],
        Reference::SemVer(range) => vec![("--semver", range)],
        Reference::Name(name) => vec![("--ref-name", name)],
        Reference::Commit { commit, branch } => {
            let branch = branch.as_ref().map(|branch| ("--branch", branch.as_str()));
            branch.into_iter().chain([("--commit", commit.as_str())]).collect()
        }
    }
}
