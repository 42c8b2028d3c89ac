//! Digest of everything that a run reads besides the cluster: commit, settings, values, keys, our own version. Equal digests
//! mean that fetching and building would give the same again.
//!
//! Everybody who may read the inventory can read the digest, so it must not confirm a guess. Values that could be guessed are
//! digested only together with a key that cannot be; without one there is no digest, and every run fetches and builds.

use std::cell::RefCell;
use std::env;
use std::path::Path;

use krm::Masked;
use krm_functions::secret::has_seed;
use krm_functions::sops::Keyring;
use krm_functions::{InputError, Inputs};
use kustomize::outside::TreeFiles;
use sha2::{Digest as _, Sha256};

use super::super::carry::hex;
use crate::error::{CliError, Code, Result};
use crate::settings::{EngineSettings, RunSettings, SyncSettings};
use crate::source::{Revision, Surroundings, operator_file, shown_url};

/// The form of the digest: another one is never equal.
const FORM: &str = "2";

/// The digest, or nothing where none may be taken. `trust`: what stands for the keys whose signatures count.
///
/// # Errors
/// A file that the settings name cannot be read.
pub(super) fn digest(settings: &SyncSettings, revision: &Revision, namespace: &str, trust: &[u8]) -> Result<String> {
    let SyncSettings { remote, path, engine, stages, run, driver: _, driver_every: _, termination_log: _ } = settings;
    let mut read = Read::default();
    for text in [FORM, env!("CARGO_PKG_VERSION"), &shown_url(remote), path, &revision.to_string(), namespace] {
        read.add(text.as_bytes());
    }
    read.add(trust);
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
    let wait = (*wait, run.wait_for_load_balancers);
    (*prune, *adopt, *force_conflicts, *reload, *create_namespace, allow, wait)
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

/// Keys, where our functions look for them: they look, and what they were answered is digested. `env`: variables that flags
/// stand for.
fn add_keys(env: &[String], read: &mut Read) {
    let answers = Answers { machine: Surroundings { tree: &NoTree, env }, read: RefCell::new(read) };
    let any = !Keyring::from_environment(&answers).is_empty() | has_seed(&answers);
    read.keys |= any;
}

/// No tree is read for a digest of what lies outside of it.
struct NoTree;

impl TreeFiles for NoTree {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("no tree is there yet".to_owned())
    }

    fn directory(&self) -> &Path {
        Path::new("")
    }
}

/// This machine's answers, digested as they are given. A command may ask a person, so none is run.
struct Answers<'a> {
    machine: Surroundings<'a>,
    read: RefCell<&'a mut Read>,
}

impl Answers<'_> {
    fn note(&self, name: &str, answer: Option<&[u8]>) {
        let mut read = self.read.borrow_mut();
        read.add(name.as_bytes());
        read.add(&[u8::from(answer.is_some())]);
        read.add(answer.unwrap_or_default());
    }
}

impl Inputs for Answers<'_> {
    fn operator_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        // A pipe can be read only once, and by somebody else.
        let odd = Path::new(path).exists() && !Path::new(path).is_file();
        let answer = if odd { Err(InputError::failed("it is no file")) } else { self.machine.operator_file(path) };
        self.note(path, answer.as_ref().ok().map(|content| content.expose().as_slice()));
        answer
    }

    fn operator_directory(&self, path: &str) -> Result<Vec<String>, InputError> {
        self.machine.operator_directory(path)
    }

    fn variable(&self, name: &str) -> Option<Masked<String>> {
        let answer = self.machine.variable(name);
        self.note(name, answer.as_ref().map(|value| value.expose().as_bytes()));
        answer
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
    /// There is a key in it, which nobody guesses.
    keys: bool,
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

    fn finish(self) -> String {
        if self.guessable && !self.keys {
            return String::new();
        }
        hex(&self.all.finalize()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "KUBECTL_GITOPS_SEED=0123456789abcdef0123456789abcdef";

    /// `env` answers for every variable that is asked for, so that this machine's own keys play no part.
    fn finish(parts: &[&str], guessable: &[&str], env: &[&str]) -> String {
        let mut read = Read::default();
        for part in parts {
            read.add(part.as_bytes());
        }
        for part in guessable {
            read.add_guessable(part.as_bytes());
        }
        let own = ["HOME=/nowhere", "XDG_CONFIG_HOME=/nowhere", "SOPS_AGE_KEY=", "SOPS_AGE_KEY_FILE=/nowhere"];
        let env: Vec<String> = own.iter().chain(env).map(|entry| (*entry).to_owned()).collect();
        add_keys(&env, &mut read);
        read.finish()
    }

    #[test]
    fn every_part_counts_and_none_runs_into_another() {
        let other = SEED.replace('f', "e");
        let digests = [
            finish(&["a", "b"], &[], &[]),
            finish(&["ab"], &[], &[]),
            finish(&["ab", ""], &[], &[]),
            finish(&["a", "b"], &[], &[SEED]),
            finish(&["a", "b"], &[], &[&other]),
            finish(&["a", "b"], &["1234"], &[SEED]),
            finish(&["a", "b"], &["1235"], &[SEED]),
        ];
        for (index, digest) in digests.iter().enumerate() {
            assert_eq!(digest.len(), 32);
            assert!(!digests[..index].contains(digest), "{index}");
        }
    }

    #[test]
    fn what_could_be_guessed_is_digested_only_beside_a_key() {
        assert_eq!(finish(&["a"], &["1234"], &[]), "");
        assert_eq!(finish(&["a"], &["1234"], &["KUBECTL_GITOPS_SEED=short"]), "");
        assert_eq!(finish(&["a"], &["1234"], &["SOPS_AGE_KEY_CMD=print-the-key-of-this-machine"]), "");
        assert_ne!(finish(&["a"], &["1234"], &[SEED]), "");
    }

    #[test]
    fn keys_that_are_mounted_count() {
        let directory = tempfile::tempdir().unwrap();
        let entry = format!("SOPS_AGE_KEY_FILE={}", directory.path().display());
        let digest = || finish(&["a"], &[], &[&entry]);
        let without = digest();
        std::fs::write(directory.path().join("a.agekey"), "one").unwrap();
        let one = digest();
        std::fs::write(directory.path().join("a.agekey"), "two").unwrap();
        assert!(without != one && one != digest());
    }
}
