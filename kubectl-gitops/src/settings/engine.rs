//! How a kustomization is built, as kustomize's own flags say it.

use std::fmt;
use std::path::PathBuf;

use super::{LoadRestrictor, Reorder};

/// `kustomize build`'s flags.
#[derive(Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// `--load-restrictor`
    pub load_restrictor: LoadRestrictor,
    /// `--reorder`
    pub reorder: Option<Reorder>,
    /// `--enable-managedby-label`
    pub managed_by_label: bool,
    /// `--enable-alpha-plugins`
    pub alpha_plugins: bool,
    /// `--enable-exec`
    pub exec: bool,
    /// `--network`
    pub network: bool,
    /// `--mount`
    pub mounts: Vec<String>,
    /// `--env`: values may be secret
    pub env: Vec<String>,
    /// `--as-current-user`
    pub as_current_user: bool,
    /// `--enable-helm`
    pub helm: bool,
    /// `--helm-command`
    pub helm_command: String,
    /// `--helm-api-versions`
    pub helm_api_versions: Vec<String>,
    /// `--helm-kube-version`
    pub helm_kube_version: String,
    /// `--helm-debug`
    pub helm_debug: bool,
    /// `--cache-dir`: where repositories of remote bases are kept
    pub cache_dir: Option<PathBuf>,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            load_restrictor: LoadRestrictor::default(),
            reorder: None,
            managed_by_label: false,
            alpha_plugins: false,
            exec: false,
            network: false,
            mounts: Vec::new(),
            env: Vec::new(),
            as_current_user: false,
            helm: false,
            helm_command: "helm".to_owned(),
            helm_api_versions: Vec::new(),
            helm_kube_version: String::new(),
            helm_debug: false,
            cache_dir: None,
        }
    }
}

/// Values of variables stay out.
impl fmt::Debug for EngineSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineSettings")
            .field("load_restrictor", &self.load_restrictor)
            .field("alpha_plugins", &self.alpha_plugins)
            .field("exec", &self.exec)
            .field("helm", &self.helm)
            .finish_non_exhaustive()
    }
}
