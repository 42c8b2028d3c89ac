//! `ConfigMapGenerator`.

use super::super::{ConfigError, Context, Generate, PluginProblem, config};
use crate::draft::Draft;
use crate::generate;
use crate::kustomization::GeneratorArgs;

/// The fields of an item of `configMapGenerator`.
pub(super) struct ConfigMapGenerator {
    args: GeneratorArgs,
    origin: krm::Origin,
}

impl ConfigMapGenerator {
    pub(super) fn configure(draft: &Draft) -> Result<Self, ConfigError> {
        let mut args: GeneratorArgs = config::read_embedded(draft)?;
        config::name_from_metadata(draft, &mut args.name, &mut args.namespace)?;
        Ok(Self { args, origin: draft.origin.clone() })
    }
}

impl Generate for ConfigMapGenerator {
    fn generate(&self, context: &Context<'_>) -> Result<Vec<Draft>, PluginProblem> {
        let draft = generate::config_map(context.loader, &self.args, None, self.origin.clone())?;
        Ok(vec![draft])
    }
}
