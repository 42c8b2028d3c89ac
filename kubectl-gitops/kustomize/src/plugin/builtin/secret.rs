//! `SecretGenerator`.

use super::super::{ConfigError, Context, Generate, PluginProblem, config};
use crate::draft::Draft;
use crate::generate;
use crate::kustomization::SecretArgs;

/// The fields of an item of `secretGenerator`.
pub(super) struct SecretGenerator {
    args: SecretArgs,
    origin: krm::Origin,
}

impl SecretGenerator {
    pub(super) fn configure(draft: &Draft) -> Result<Self, ConfigError> {
        let mut args: SecretArgs = config::read_embedded(draft)?;
        config::name_from_metadata(draft, &mut args.name, &mut args.namespace)?;
        Ok(Self { args, origin: draft.origin.clone() })
    }
}

impl Generate for SecretGenerator {
    fn generate(&self, context: &Context<'_>) -> Result<Vec<Draft>, PluginProblem> {
        let draft = generate::secret(context.loader, &self.args, None, self.origin.clone())?;
        Ok(vec![draft])
    }
}
