//! Facts about the place where we print: terminal or not, width, colours, characters. Read once from the environment;
//! everything else takes them as a parameter, so that renderings are reproducible.

use std::io::IsTerminal;

use crate::settings::{ColorChoice, ProgressMode};

/// Where we print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    /// Is standard output a terminal?
    pub stdout_is_terminal: bool,
    /// Is standard error a terminal?
    pub stderr_is_terminal: bool,
    /// Is standard input a terminal, so that somebody can answer?
    pub stdin_is_terminal: bool,
    /// Do we run in a CI system (or on a terminal that cannot move its cursor)?
    pub unattended: bool,
    /// Colours asked for or forbidden by the environment; `None` leaves it to the terminal.
    pub color: Option<bool>,
    /// Columns; `None` if lines may be of any length.
    pub width: Option<usize>,
    /// Rows of the terminal.
    pub rows: usize,
    /// May we print more than ASCII?
    pub unicode: bool,
}

impl Surface {
    /// What the process finds around itself.
    pub fn from_environment() -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let on = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0");
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let ci = ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL"].iter().any(|name| on(name));
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let stderr_is_terminal = std::io::stderr().is_terminal();
        let size = (stdout_is_terminal || stderr_is_terminal).then(terminal_size::terminal_size).flatten();
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        Self {
            stdout_is_terminal,
            stderr_is_terminal,
            stdin_is_terminal: std::io::stdin().is_terminal(),
            unattended: ci || dumb,
            // These CI systems render colours without being a terminal.
            color: if set("NO_COLOR") {
                Some(false)
            } else if on("CLICOLOR_FORCE")
                || on("FORCE_COLOR")
                || on("GITHUB_ACTIONS")
                || on("GITLAB_CI")
                || on("GITEA_ACTIONS")
            {
                Some(true)
            } else {
                dumb.then_some(false)
            },
            width: size.map(|(width, _)| usize::from(width.0)).or(columns).or(ci.then_some(100)),
            rows: size.map_or(24, |(_, height)| usize::from(height.0)),
            unicode: speaks_utf8(),
        }
    }

    /// A pipe in a plain environment: for tests and for what is written to files.
    pub const fn plain() -> Self {
        Self {
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            stdin_is_terminal: false,
            unattended: false,
            color: None,
            width: None,
            rows: 24,
            unicode: true,
        }
    }

    /// Shall text for a stream be coloured?
    pub fn colored(&self, choice: ColorChoice, stream_is_terminal: bool) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => self.color.unwrap_or(stream_is_terminal),
        }
    }

    /// The way in which progress is told.
    pub fn progress(&self, mode: ProgressMode) -> ProgressMode {
        match mode {
            ProgressMode::Auto if self.stderr_is_terminal && !self.unattended => ProgressMode::Live,
            ProgressMode::Auto => ProgressMode::Lines,
            given => given,
        }
    }

    /// Can we ask a question?
    pub fn interactive(&self) -> bool {
        self.stdin_is_terminal && self.stderr_is_terminal && !self.unattended
    }
}

/// The locale in POSIX's order of precedence. Without any, as in containers and CronJobs, logs are UTF-8.
fn speaks_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_region_needs_a_terminal_that_somebody_watches() {
        let pipe = Surface::plain();
        let terminal = Surface { stderr_is_terminal: true, ..Surface::plain() };
        let ci = Surface { unattended: true, ..terminal.clone() };
        assert_eq!(pipe.progress(ProgressMode::Auto), ProgressMode::Lines);
        assert_eq!(terminal.progress(ProgressMode::Auto), ProgressMode::Live);
        assert_eq!(ci.progress(ProgressMode::Auto), ProgressMode::Lines);
        assert_eq!(pipe.progress(ProgressMode::None), ProgressMode::None);
    }

    #[test]
    fn the_flag_beats_the_environment_which_beats_the_terminal() {
        let forbidden = Surface { color: Some(false), ..Surface::plain() };
        let forced = Surface { color: Some(true), ..Surface::plain() };
        assert!(forbidden.colored(ColorChoice::Always, false));
        assert!(!forbidden.colored(ColorChoice::Auto, true));
        assert!(forced.colored(ColorChoice::Auto, false));
        assert!(!forced.colored(ColorChoice::Never, true));
        assert!(Surface::plain().colored(ColorChoice::Auto, true));
        assert!(!Surface::plain().colored(ColorChoice::Auto, false));
    }
}
