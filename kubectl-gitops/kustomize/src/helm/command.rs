//! The commands that are run: `helm version`, `helm pull`, `helm template`. Owns their arguments and environment, which are
//! kustomize's; must not know what is in a chart.

use std::path::{Path, PathBuf};

use super::{HelmError, HelmOptions};
use crate::kustomization::{HelmChart, HelmGlobals};
use crate::load::{Loader, clean};
use crate::outside::{Process, Program, ScratchFile, Word};

/// Where charts lie if nothing is said, beside the kustomization.
const CHART_HOME: &str = "charts";
/// Most text of a failing helm that is shown.
const SAID_MAX: usize = 2000;
const VALUES_FILE: &str = "values.yaml";

/// helm, for one chart.
pub(super) struct Helm<'a> {
    chart: &'a HelmChart,
    options: &'a HelmOptions,
    loader: &'a Loader<'a>,
    config_home: &'a str,
    chart_home: PathBuf,
}

impl<'a> Helm<'a> {
    pub(super) fn new(
        chart: &'a HelmChart,
        globals: &'a HelmGlobals,
        options: &'a HelmOptions,
        loader: &'a Loader<'a>,
    ) -> Self {
        let home = if globals.chart_home.is_empty() { CHART_HOME } else { &globals.chart_home };
        let mut chart_home = clean(&loader.root().join(home));
        // Several versions of one chart that are pulled must not meet.
        if !chart.version.is_empty() && !chart.repo.is_empty() {
            chart_home.push(format!("{}-{}", chart.name, chart.version));
        }
        Self { chart, options, loader, config_home: &globals.config_home, chart_home }
    }

    /// The chart's directory.
    pub(super) fn chart_path(&self) -> PathBuf {
        clean(&self.chart_home.join(&self.chart.name))
    }

    /// Asked once in a build.
    pub(super) fn check_version(&self) -> Result<(), HelmError> {
        if self.loader.knows_helm() {
            return Ok(());
        }
        let found = self.run(&["version", "--short"].map(Word::from), Vec::new())?;
        let found = String::from_utf8_lossy(&found).trim().to_owned();
        match version_in(&found) {
            Some(version) if matches!(version.split('.').next(), Some("3" | "4")) => {
                self.loader.remember_helm();
                Ok(())
            }
            _ => Err(HelmError::Version { command: self.options.command.clone(), found }),
        }
    }

    pub(super) fn pull(&self) -> Result<(), HelmError> {
        let chart = self.chart;
        let mut args = vec!["pull".to_owned(), "--untar".to_owned(), "--untardir".to_owned()];
        args.push(self.chart_home.display().to_string());
        if chart.repo.starts_with("oci://") {
            args.push(format!("{}/{}", chart.repo.strip_suffix('/').unwrap_or(&chart.repo), chart.name));
        } else {
            args.extend(["--repo".to_owned(), chart.repo.clone(), chart.name.clone()]);
        }
        if !chart.version.is_empty() {
            args.extend(["--version".to_owned(), chart.version.clone()]);
        }
        if chart.devel {
            args.push("--devel".to_owned());
        }
        let args: Vec<Word> = args.into_iter().map(Word::from).collect();
        self.run(&args, Vec::new()).map(drop)
    }

    /// What the chart renders to with these values.
    pub(super) fn template(&self, values: &str) -> Result<Vec<u8>, HelmError> {
        let file = ScratchFile { name: VALUES_FILE.to_owned(), content: values.as_bytes().to_vec() };
        self.run(&self.template_args(), vec![file])
    }

    fn template_args(&self) -> Vec<Word> {
        let chart = self.chart;
        let mut args = vec![Word::from("template")];
        let mut put = |words: &[&str]| args.extend(words.iter().map(|word| Word::from(*word)));
        let path = self.chart_path().display().to_string();
        let name = if chart.release_name.is_empty() { "--generate-name" } else { &chart.release_name };
        put(&[name, &path]);
        for (flag, value) in [("--namespace", &chart.namespace), ("--name-template", &chart.name_template)] {
            if !value.is_empty() {
                put(&[flag, value]);
            }
        }
        put(&["-f"]);
        args.push(Word::Scratch(VALUES_FILE.to_owned()));
        let mut put = |words: &[&str]| args.extend(words.iter().map(|word| Word::from(*word)));
        for file in &chart.additional_values_files {
            put(&["-f", &below(self.loader.root(), file).display().to_string()]);
        }
        for version in &chart.api_versions {
            put(&["--api-versions", version]);
        }
        if !chart.kube_version.is_empty() {
            put(&["--kube-version", &chart.kube_version]);
        }
        let flags = [
            ("--include-crds", chart.include_crds),
            ("--skip-tests", chart.skip_tests),
            ("--no-hooks", chart.skip_hooks),
            ("--debug", chart.debug),
            ("--devel", chart.devel),
        ];
        flags.into_iter().filter(|(_, set)| *set).for_each(|(flag, _)| put(&[flag]));
        args
    }

    fn run(&self, args: &[Word], scratch: Vec<ScratchFile>) -> Result<Vec<u8>, HelmError> {
        let command = &self.options.command;
        let mut process = Process::new(Program::Named(command.clone()), None);
        process.args = args.to_vec();
        process.env = self.homes();
        process.scratch = scratch;
        let finished = self.loader.outside().run(&process)?;
        if finished.succeeded() {
            return Ok(finished.stdout);
        }
        let verb = if let Some(Word::Text(verb)) = args.first() { verb.as_str() } else { "" };
        let said = finished.stderr.trim();
        let said = said.char_indices().nth(SAID_MAX).map_or(said, |(end, _)| &said[..end]);
        Err(HelmError::Failed { command: format!("{command} {verb}"), ending: finished.ending, said: said.to_owned() })
    }

    /// helm keeps its own files out of the user's home.
    fn homes(&self) -> Vec<(String, Word)> {
        let home = self.config_home;
        let inside = |path: &str| match (home, path) {
            ("", path) => Word::Scratch(format!("helm{path}")),
            (home, path) => Word::Text(format!("{home}{path}")),
        };
        [("HELM_CONFIG_HOME", ""), ("HELM_CACHE_HOME", "/.cache"), ("HELM_DATA_HOME", "/.data")]
            .map(|(name, path)| (name.to_owned(), inside(path)))
            .to_vec()
    }
}

/// The path below a directory: an absolute one is seen from there too.
fn below(directory: &Path, path: &str) -> PathBuf {
    clean(&directory.join(path.trim_start_matches('/')))
}

/// The first thing in a text that looks like a version, as `3.14.0`.
fn version_in(text: &str) -> Option<&str> {
    let starts = text.char_indices().filter(|(_, sign)| sign.is_ascii_digit()).map(|(at, _)| at);
    starts.into_iter().find_map(|start| {
        let rest = &text[start..];
        let end = rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.').unwrap_or(rest.len());
        let version = rest[..end].trim_end_matches('.');
        let parts = version.split('.').count();
        (parts > 1 && !version.contains("..")).then_some(version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_helm_says() {
        for (text, expected) in [
            ("v3.22.0+gabc", Some("3.22.0")),
            ("v3.22", Some("3.22")),
            ("Client: v2.17.0+g5", Some("2.17.0")),
            ("4 is 4.0", Some("4.0")),
            ("none", None),
        ] {
            assert_eq!(version_in(text), expected, "{text}");
        }
    }

    #[test]
    fn an_absolute_path_is_seen_from_the_kustomization() {
        assert_eq!(below(Path::new("/k"), "/x/../v.yaml"), Path::new("/k/v.yaml"));
        assert_eq!(below(Path::new("/k"), "../v.yaml"), Path::new("/v.yaml"));
    }
}
