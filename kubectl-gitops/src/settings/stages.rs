//! What the user says about the stages after the build: keys, seeds, variables.

use std::fmt;
use std::path::PathBuf;

use krm::Masked;

/// Flags for our functions. What the tree configures comes on top.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StageSettings {
    /// `--age-key-file`: identities that open encrypted files and objects.
    pub age_key_file: Option<PathBuf>,
    /// `--ignore-mac`: what is encrypted is opened even if its MAC does not match.
    pub ignore_mac: bool,
    /// `--seed-file`: from which secrets are derived.
    pub seed_file: Option<PathBuf>,
    /// `--substitute NAME=VALUE`: variables, the later of a name wins.
    pub substitute: Vec<(String, Masked<String>)>,
    /// `--substitute-from FILE`: env files.
    pub substitute_from: Vec<PathBuf>,
    /// `--substitute-lenient`: a variable that is not set is empty, as in Flux.
    pub substitute_lenient: bool,
    /// `--reload=off`: no content hashes, whatever the tree configures.
    pub without_hashes: bool,
}

impl StageSettings {
    /// Was anything asked for?
    pub fn any(&self) -> bool {
        *self != Self::default()
    }

    /// Variables of the environment that the flags stand for, as `NAME=value`.
    pub fn variables(&self) -> Vec<String> {
        let files = [("SOPS_AGE_KEY_FILE", &self.age_key_file), ("KUBECTL_GITOPS_SEED_FILE", &self.seed_file)];
        files.into_iter().filter_map(|(name, path)| Some(format!("{name}={}", path.as_ref()?.display()))).collect()
    }
}

/// Values stay out.
impl fmt::Debug for StageSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StageSettings")
            .field("substitute", &self.substitute.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
