//! Which form a result is printed in. Owns the choice between people and programs.

use super::console::Console;
use super::human::View;
use super::machine;
use super::markdown;
use super::model::Report;
use crate::error::Result;
use crate::settings::OutputFormat;

impl Console {
    /// How to draw on standard output.
    pub fn view(&self) -> View {
        View {
            paint: self.paint_out(),
            width: self.surface().width.filter(|_| self.surface().stdout_is_terminal || self.surface().unattended),
            verbosity: self.presentation().verbosity,
            wide: self.presentation().output == Some(OutputFormat::Wide),
        }
    }

    /// Is the content of new objects part of the result of a run?
    pub fn tells_wholly(&self) -> bool {
        !matches!(self.presentation().output, None | Some(OutputFormat::Wide | OutputFormat::Name))
    }

    /// The result of a diff.
    pub fn present_diff(&self, report: &Report) -> Result<()> {
        let text = match self.presentation().output {
            None | Some(OutputFormat::Wide) => self.view().diff(report),
            Some(OutputFormat::Json) => machine::to_json(report)?,
            Some(OutputFormat::Yaml) => machine::to_yaml(report)?,
            Some(OutputFormat::JsonLines) => machine::stream_head() + &machine::stream_tail(report, true)?,
            Some(OutputFormat::Name) => machine::changed_names(report),
            Some(OutputFormat::Markdown) => markdown::comment(report),
        };
        self.page(&text)
    }

    /// The end of a diff whose differences a program of the user's has shown.
    pub fn present_plan(&self, report: &Report) {
        let view = View { paint: self.paint_err(), ..self.view() };
        self.tell(&view.plan(report));
    }

    /// The result of a run that had nothing to plan.
    pub fn present_unchanged(&self, report: &Report) -> Result<()> {
        if self.presentation().output == Some(OutputFormat::JsonLines) {
            self.result(machine::stream_head().as_bytes())?;
        }
        self.present_run(report, false)
    }

    /// The result of an apply or delete. `streamed`: the lines of changed objects were told already.
    pub fn present_run(&self, report: &Report, streamed: bool) -> Result<()> {
        let view = self.view();
        let text = match self.presentation().output {
            None if streamed => view.summary(report),
            None | Some(OutputFormat::Wide) => view.actions(report) + &view.summary(report),
            Some(OutputFormat::Json) => machine::to_json(report)?,
            Some(OutputFormat::Yaml) => machine::to_yaml(report)?,
            Some(OutputFormat::JsonLines) => machine::stream_tail(report, !streamed)?,
            Some(OutputFormat::Name) => machine::names(report),
            Some(OutputFormat::Markdown) => markdown::comment(report),
        };
        self.result(text.as_bytes())
    }
}
