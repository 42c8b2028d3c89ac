//! Where the master seed comes from: the operator, through the environment or a file of this machine. Never from Git.

use krm::Masked;

use super::derive::Seed;
use super::error::SecretError;
use crate::Inputs;

/// The variable that holds the seed itself.
pub(super) const SEED: &str = "KUBECTL_GITOPS_SEED";
/// The variable that names a file with the seed.
pub(super) const SEED_FILE: &str = "KUBECTL_GITOPS_SEED_FILE";

/// Is there a seed that can be used?
pub fn has_seed(inputs: &dyn Inputs) -> bool {
    seed(inputs).is_ok()
}

/// The operator's seed.
pub(super) fn seed(inputs: &dyn Inputs) -> Result<Seed, SecretError> {
    let given = |name| inputs.variable(name).filter(|value| !value.expose().is_empty());
    let bytes = match (given(SEED), given(SEED_FILE)) {
        (Some(_), Some(_)) => return Err(SecretError::TwoSeeds),
        (None, None) => return Err(SecretError::NoSeed),
        (Some(seed), None) => Masked::new(seed.into_exposed().into_bytes()),
        (None, Some(path)) => inputs.operator_file(path.expose()).map_err(SecretError::SeedFile)?,
    };
    Ok(Seed::new(&bytes)?)
}
