//! What `install` and `uninstall` were asked for, as plain values: nothing is checked here (see the room `install`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use krm::Masked;

use super::choice::Rbac;
use super::remote::{Credential, Given, Reference, Signed};

/// What is installed, and how it runs.
#[derive(Debug, Clone, Default)]
pub struct InstallSettings {
    /// `--url`
    pub url: String,
    /// `--branch` and its kin.
    pub reference: Reference,
    /// `--path`
    pub path: String,
    /// `--name`; else it follows from path or URL.
    pub name: Option<String>,
    /// `-n`: where objects without a namespace go; with `--rbac=namespaced` everything lives there.
    pub namespace: Option<String>,
    /// With what the repository is read.
    pub access: Access,
    /// With what encrypted files are opened.
    pub keys: Keys,
    /// What must be signed, and by whom.
    pub verify: Option<InstallVerify>,
    /// When it runs.
    pub clock: Clock,
    /// `--suspend`
    pub suspend: bool,
    /// What only the CronJob has.
    pub pod: PodSettings,
    /// Flags for `sync`, after `--`.
    pub sync_flags: Vec<String>,
}

/// With what the repository is read.
#[derive(Debug, Clone, Default)]
pub enum Access {
    /// Nothing was said: what an earlier installation left stays.
    #[default]
    Unsaid,
    /// `--anonymous`
    Anonymous,
    /// `--secret-ref`: a Secret that somebody else keeps.
    SecretRef(String),
    /// Flags: where values come from.
    Flags(BTreeMap<Credential, Given>),
    /// The values themselves.
    Given(BTreeMap<Credential, Masked<Vec<u8>>>),
}

/// What must be signed, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallVerify {
    /// `--verify`
    pub mode: Signed,
    /// Whose signatures count.
    pub keys: TrustedKeys,
}

/// Public keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedKeys {
    /// `--verify-secret-ref`: a Secret that somebody else keeps.
    SecretRef(String),
    /// `--verify-keys`
    Files(Vec<PathBuf>),
    /// What these files hold, by their names.
    Given(BTreeMap<String, Masked<Vec<u8>>>),
}

/// With what encrypted files are opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Keys {
    /// Nothing was said: what an earlier installation left stays.
    #[default]
    Unsaid,
    /// `--no-age-key`
    None,
    /// `--age-key-secret`: a Secret that somebody else keeps.
    SecretRef(String),
    /// `--age-key-file`
    File(PathBuf),
    /// What that file holds.
    Given(Masked<Vec<u8>>),
}

/// When it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Clock {
    /// As the driver's default says.
    #[default]
    Default,
    /// `--every`
    Every(Duration),
    /// `--schedule`
    Cron(String),
}

/// What only the CronJob has.
#[derive(Debug, Clone, Default)]
pub struct PodSettings {
    /// `--image`; else that of this version.
    pub image: Option<String>,
    /// `--image-pull-secret`
    pub image_pull_secret: Option<String>,
    /// `--rbac`
    pub rbac: Rbac,
    /// `--cluster-role`; else that of the level.
    pub cluster_role: Option<String>,
    /// `--critical`: pods that are not evicted for others.
    pub critical: bool,
    /// `--on-server`: pods on nodes of the control plane only.
    pub on_server: bool,
}

/// What only the timer of a host has.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// `--root`: in place of `/`.
    pub root: PathBuf,
    /// The program that the service starts.
    pub binary: PathBuf,
    /// `--kubeconfig`, as the service reads it.
    pub kubeconfig: PathBuf,
}

/// What `uninstall` was asked for.
#[derive(Debug, Clone, Default)]
pub struct UninstallSettings {
    /// `--name`; else the only one there is.
    pub name: Option<String>,
    /// `--delete-objects`: none if nothing was said.
    pub delete_objects: Option<bool>,
}
