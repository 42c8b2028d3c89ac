//! Digest of everything that a run reads besides the cluster: commit, settings, values, keys, our own version. Equal digests
//! mean that fetching and building would give the same again.
//!
//! Everybody who may read the inventory can read the digest, so it must not confirm a guess. Values that could be guessed are
//! digested only together with a key that cannot be; without one there is no digest, and every run fetches and builds.

use std::env;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::error::{CliError, Code, Result};
use crate::settings::{EngineSettings, RunSettings, SyncSettings};
use crate::source::{Revision, operator_file, shown_url};

/// Variables that hold keys.
const KEY_VARIABLES: [&str; 4] =
    ["SOPS_AGE_KEY", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_CMD", "KUBECTL_GITOPS_SEED"];
/// Variables that name files with keys.
const KEY_FILE_VARIABLES: [&str; 4] =
    ["SOPS_AGE_KEY_FILE", "SOPS_AGE_SSH_PRIVATE_KEY_FILE", "KUBECTL_GITOPS_PGP_KEY_FILE", "KUBECTL_GITOPS_SEED_FILE"];
/// Where keys lie that nobody names, below the home directory.
const KEY_FILES: [&str; 3] = [".config/sops/age/keys.txt", ".ssh/id_ed25519", ".ssh/id_rsa"];
/// Fewer bytes of keys than this protect nothing.
const KEY_BYTES_MIN: usize = 32;
/// The form of the digest: another one is never equal.
const FORM: &str = "1";

/// The digest, or nothing where none may be taken.
///
/// # Errors
/// A file that the settings name cannot be read.
pub(super) fn digest(settings: &SyncSettings, revision: &Revision, namespace: &str) -> Result<String> {
    let SyncSettings { remote, path, engine, stages, run, driver: _, termination_log: _ } = settings;
    let mut read = Read::default();
    for text in [FORM, env!("CARGO_PKG_VERSION"), &shown_url(remote), path, &revision.to_string(), namespace] {
        read.add(text.as_bytes());
    }
    read.add(format!("{:?} {} {}", plan_of(run), stages.ignore_mac, stages.substitute_lenient).as_bytes());
    add_engine(engine, &mut read);
    for (name, value) in &stages.substitute {
        read.add(name.as_bytes());
        read.add_guessable(value.expose().as_bytes());
    }
    for path in &stages.substitute_from {
        let Some(content) = content(path)? else { return Ok(String::new()) };
        read.add_guessable(&content);
    }
    for entry in &engine.env {
        let own = entry.contains('=').then(|| entry.clone());
        let value = own.or_else(|| Some(format!("{entry}={}", env::var(entry).ok()?)));
        read.add_guessable(value.unwrap_or_else(|| entry.clone()).as_bytes());
    }
    add_keys(&stages.variables(), &mut read);
    Ok(read.finish())
}

/// What of a run's settings decides what a plan is.
fn plan_of(run: &RunSettings) -> impl std::fmt::Debug + use<> {
    let RunSettings { prune, adopt, force_conflicts, reload, create_namespace, allow_prune, allow_empty, wait, .. } =
        run;
    let allow = (*allow_prune, *allow_empty, run.allow_delete.clone());
    (*prune, *adopt, *force_conflicts, *reload, *create_namespace, allow, *wait)
}

fn add_engine(engine: &EngineSettings, read: &mut Read) {
    let EngineSettings {
        load_restrictor,
        reorder,
        managed_by_label,
        alpha_plugins,
        exec,
        network,
        mounts,
        env: _,
        as_current_user,
        helm,
        helm_command,
        helm_api_versions,
        helm_kube_version,
        helm_debug: _,
        // Where trees are kept changes none.
        cache_dir: _,
    } = engine;
    let flags = (managed_by_label, alpha_plugins, exec, network, as_current_user, helm);
    let texts = (load_restrictor, reorder, mounts, helm_command, helm_api_versions, helm_kube_version);
    read.add(format!("{flags:?} {texts:?}").as_bytes());
}

/// Keys as our functions look for them: `given` by flags, then by the environment, then where they lie by custom.
fn add_keys(given: &[String], read: &mut Read) {
    let given =
        |name: &str| given.iter().find_map(|entry| entry.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
    let value = |name: &str| given(name).or_else(|| env::var(name).ok()).filter(|value| !value.is_empty());
    for name in KEY_VARIABLES {
        read.add_key(name, value(name).map(String::into_bytes));
    }
    for name in KEY_FILE_VARIABLES {
        read.add_key(name, value(name).and_then(|path| content(Path::new(&path)).ok().flatten()));
    }
    let home = env::home_dir().unwrap_or_default();
    let config = env::var_os("XDG_CONFIG_HOME").map(|config| PathBuf::from(config).join("sops/age/keys.txt"));
    for path in KEY_FILES.iter().map(|path| home.join(path)).chain(config) {
        read.add_key("", content(&path).ok().flatten());
    }
}

/// A file's content; nothing of a pipe, which can be read only once, and by somebody else.
fn content(path: &Path) -> Result<Option<Vec<u8>>> {
    if path.exists() && !path.is_file() {
        return Ok(None);
    }
    let failed = |error| CliError::new(Code::Unreadable, format!("`{}`: {error}", path.display()));
    operator_file(path).map(|content| Some(content.into_exposed())).map_err(failed)
}

/// What was read so far.
#[derive(Default)]
struct Read {
    all: Sha256,
    key_bytes: usize,
    guessable: bool,
}

impl Read {
    /// Its length goes in front, so that no two sequences are one.
    fn add(&mut self, part: &[u8]) {
        self.all.update((part.len() as u64).to_be_bytes());
        self.all.update(part);
    }

    fn add_guessable(&mut self, part: &[u8]) {
        self.guessable = true;
        self.add(part);
    }

    fn add_key(&mut self, name: &str, key: Option<Vec<u8>>) {
        self.add(name.as_bytes());
        let mut key = krm::Masked::new(key.unwrap_or_default());
        self.key_bytes += key.expose().len();
        self.add(key.expose_mut());
    }

    fn finish(self) -> String {
        if self.guessable && self.key_bytes < KEY_BYTES_MIN {
            return String::new();
        }
        self.all.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(parts: &[&str], guessable: &[&str], key: &str) -> String {
        let mut read = Read::default();
        for part in parts {
            read.add(part.as_bytes());
        }
        for part in guessable {
            read.add_guessable(part.as_bytes());
        }
        read.add_key("K", Some(key.as_bytes().to_vec()));
        read.finish()
    }

    #[test]
    fn every_part_counts_and_none_runs_into_another() {
        let key = "k".repeat(KEY_BYTES_MIN);
        let digests = [
            finish(&["a", "b"], &[], ""),
            finish(&["ab"], &[], ""),
            finish(&["ab", ""], &[], ""),
            finish(&["a", "b"], &[], &key),
            finish(&["a", "b"], &["1234"], &key),
            finish(&["a", "b"], &["1235"], &key),
        ];
        for (index, digest) in digests.iter().enumerate() {
            assert_eq!(digest.len(), 32);
            assert!(!digests[..index].contains(digest), "{index}");
        }
    }

    #[test]
    fn what_could_be_guessed_is_digested_only_beside_a_key() {
        assert_eq!(finish(&["a"], &["1234"], ""), "");
        assert_eq!(finish(&["a"], &["1234"], "short"), "");
        assert_ne!(finish(&["a"], &["1234"], &"k".repeat(KEY_BYTES_MIN)), "");
    }
}
