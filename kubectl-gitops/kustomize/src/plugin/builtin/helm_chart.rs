//! `HelmChartInflationGenerator`: one chart, as `helmCharts` has it. It gets no namespace but its own.

use super::super::{Context, Generate, PluginProblem, config};
use crate::draft::Draft;
use crate::helm::Chart;

/// The fields of an item of `helmCharts`, and those of `helmGlobals` beside them.
pub(super) struct HelmChartInflationGenerator {
    chart: Chart,
    origin: krm::Origin,
}

impl HelmChartInflationGenerator {
    pub(super) fn configure(draft: &Draft, context: &Context<'_>) -> Result<Self, PluginProblem> {
        let chart = config::read_embedded(draft)?;
        let globals = config::read_embedded(draft)?;
        let chart = Chart::new(chart, globals, &context.options.helm, context.loader)?;
        Ok(Self { chart, origin: draft.origin.clone() })
    }
}

impl Generate for HelmChartInflationGenerator {
    fn generate(&self, context: &Context<'_>) -> Result<Vec<Draft>, PluginProblem> {
        Ok(self.chart.render(context.loader, &self.origin)?)
    }
}
