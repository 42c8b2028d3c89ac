//! `helmCharts` of a kustomization: which namespace a chart gets, and where what it renders to goes.

use super::{Accumulated, Target};
use crate::error::{BuildError, Place};
use crate::helm::Chart;

impl Target<'_> {
    /// The namespace that charts here are rendered for: kustomize does not change it afterwards.
    pub(super) fn namespace_of_charts(&self) -> &str {
        let own = &self.kustomization().namespace;
        if own.is_empty() { &self.namespace_above } else { own }
    }

    pub(super) fn render_charts(&self, so_far: &mut Accumulated) -> Result<(), BuildError> {
        let k = self.kustomization();
        let globals = k.helm_globals.clone().unwrap_or_default();
        let place = |index, mark| Place::field(self.file(), format!("helmCharts[{index}]"), mark);
        let mut charts = Vec::with_capacity(k.helm_charts.len());
        for (index, chart) in k.helm_charts.iter().enumerate() {
            let mut chart = chart.clone();
            if chart.namespace.is_empty() {
                self.namespace_of_charts().clone_into(&mut chart.namespace);
            }
            let place = place(index, chart.mark);
            let checked = Chart::new(chart, globals.clone(), &self.options.helm, self.loader);
            charts.push((checked.map_err(|error| BuildError::new(error, place.clone()))?, place));
        }
        for (chart, place) in charts {
            let origin = self.origin(&place.field, place.mark.line);
            let drafts = chart.render(self.loader, &origin).map_err(|error| BuildError::new(error, place.clone()))?;
            for mut draft in drafts {
                if let Some(here) = &self.provenance {
                    here.builtin(self.read.file_name, "HelmChartInflationGenerator").set_origin_if_none(&mut draft);
                }
                so_far.drafts.absorb(draft).map_err(|error| BuildError::new(error, place.clone()))?;
            }
        }
        Ok(())
    }
}
