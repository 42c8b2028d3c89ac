//! The command line of `sync` that an installation runs. Owns its flags; each is one word with its value, so that no value is
//! taken for a flag.

use super::Installation;
use crate::settings::{Access, ReferenceSettings};

/// `sync` and its flags. `credentials`: the directory in which it finds them; `driver`: what runs it.
pub(super) fn words(installation: &Installation, credentials: Option<&str>, driver: Option<&str>) -> Vec<String> {
    let Installation { name, address, reference, path, fill, access, sync_flags, namespace, .. } = installation;
    let ReferenceSettings { branch, tag, semver, ref_name, commit } = reference;
    let mut words = vec!["sync".to_owned()];
    let secret = match access {
        Access::SecretRef(name) if credentials.is_none() => Some(name.as_str()),
        _ => None,
    };
    let namespaced = (namespace != crate::settings::SYSTEM_NAMESPACE).then_some(namespace.as_str());
    let flags = [
        ("--url", Some(address.as_str())),
        ("--branch", branch.as_deref()),
        ("--tag", tag.as_deref()),
        ("--semver", semver.as_deref()),
        ("--ref-name", ref_name.as_deref()),
        ("--commit", commit.as_deref()),
        ("--path", Some(path.as_str())),
        ("--name", Some(name.as_str())),
        ("--namespace", Some(fill.as_str())),
        ("--inventory-namespace", namespaced),
        ("--credentials-dir", credentials),
        ("--secret-ref", secret),
        ("--driver", driver),
    ];
    words.extend(flags.into_iter().filter_map(|(flag, value)| Some(format!("{flag}={}", value?))));
    words.extend(sync_flags.iter().cloned());
    words
}
