//! Golden builds: every directory `fixtures/build/TOPIC/CASE` is one test of that name.
//!
//! `in/` is the tree, `case.toml` says where the build starts and with which flags if that is not
//! plain; programs in `bin/` stand for the machine's, `plugins/` is the plugin home. `expected.yaml` and
//! `expected-error.txt` are written by the real kustomize (`make golden`), never by us:
//! - where `expected.yaml` stands, our build prints these bytes, or `deviation.diff` holds exactly how ours differs and `why.md`
//!   why; a deviation that is no longer needed fails the test;
//! - where `expected-error.txt` stands, our build fails too, with the message in `our-error.txt`.
//!
//! And what a build printed builds to the same bytes again (`again::TOPIC::CASE`).
//!
//! `UPDATE_GOLDEN=1` writes `our-error.txt` and existing deviations anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustomize::{BuildError, Files as _, MemoryFiles, Nowhere, Options, Reorder, Restriction};
use libtest_mimic::{Arguments, Failed, Trial};
use testkit::disk::Disk;
use testkit::outside::{self, Programs};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/build");
    let mut trials = Vec::new();
    for topic in directories(&root) {
        for case in directories(&topic) {
            let name = format!("{}::{}", file_name(&topic), file_name(&case));
            let expected = read(&case.join("expected.yaml"));
            // What the annotations of `buildMetadata` say is true of one build only.
            if let Some(expected) = expected.filter(|text| {
                !text.contains("config.kubernetes.io/origin:")
                    && !text.contains("config.kubernetes.io/transformations:")
            }) {
                let check = move || check_again(&expected).map_err(Failed::from);
                trials.push(Trial::test(format!("again::{name}"), check));
            }
            let ignored = file_name(&topic) == "helmCharts" && outside::lacks_helm(&case);
            trials.push(Trial::test(name, move || check(&case).map_err(Failed::from)).with_ignored_flag(ignored));
        }
    }
    assert!(!trials.is_empty(), "no cases under {}", root.display());
    libtest_mimic::run(&arguments, trials).exit_code()
}

#[expect(clippy::disallowed_methods, reason = "a test reads its cases from the disk")]
fn directories(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What a case's files say.
struct Case<'a> {
    directory: &'a Path,
    expected: Option<String>,
    expected_error: Option<String>,
    deviation: Option<String>,
    our_error: Option<String>,
}

fn check(directory: &Path) -> Result<(), String> {
    let file = |name: &str| read(&directory.join(name));
    let case = Case {
        directory,
        expected: file("expected.yaml"),
        expected_error: file("expected-error.txt"),
        deviation: file("deviation.diff"),
        our_error: file("our-error.txt"),
    };
    if case.deviation.is_some() && file("why.md").is_none() {
        return Err("a deviation needs a why.md".to_owned());
    }
    let built = build(directory)?;
    match (&case.expected, &case.expected_error) {
        (Some(expected), None) => check_output(&case, expected, &built),
        (None, Some(_)) => check_error(&case, &built),
        _ => Err("a case has either expected.yaml or expected-error.txt: run `make golden`".to_owned()),
    }
}

/// A build's output as the only resource of a kustomization that changes nothing.
fn check_again(printed: &str) -> Result<(), String> {
    let kustomization = "resources: [all.yaml]\nsortOptions: {order: fifo}";
    let tree: MemoryFiles =
        [("/in/kustomization.yaml", kustomization), ("/in/all.yaml", printed)].into_iter().collect();
    let built = kustomize::build(&tree, &Nowhere, Path::new("/in"), &Options::default());
    match built.and_then(|built| built.to_yaml()) {
        Ok(again) if again == printed => Ok(()),
        Ok(again) => Err(difference(printed, &again)),
        Err(error) => Err(error.report()),
    }
}

fn build(directory: &Path) -> Result<Result<String, BuildError>, String> {
    let mut options = Options::default();
    let mut entry = directory.join("in");
    for line in read(&directory.join("case.toml")).unwrap_or_default().lines() {
        match line.split_once(" = ") {
            Some(("entry", value)) => entry = entry.join(value.trim_matches('"')),
            Some(("args", value)) => set_options(&mut options, value)?,
            _ if line.trim().is_empty() || line.starts_with('#') => {}
            _ => return Err(format!("case.toml: cannot understand `{line}`")),
        }
    }
    options.functions.plugin_home =
        Some(directory.join("plugins")).filter(|home| Disk.kind(home) == kustomize::Kind::Directory);
    Ok(kustomize::build(&Disk, &Programs::of_case(directory), &entry, &options).and_then(|built| built.to_yaml()))
}

/// kustomize's flags. Of words without blanks, so that a shell reads them too.
fn set_options(options: &mut Options, words: &str) -> Result<(), String> {
    let words = words.trim_matches(['[', ']']).split(',').map(|word| word.trim().trim_matches('"').to_owned());
    let mut words = words.collect::<Vec<String>>().into_iter();
    while let Some(flag) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("case.toml: `{flag}` needs a value"));
        match flag.as_str() {
            "--load-restrictor" => match value()?.as_str() {
                "LoadRestrictionsNone" => options.restriction = Restriction::None,
                other => return Err(format!("case.toml: unknown restriction `{other}`")),
            },
            "--reorder" => match value()?.as_str() {
                "none" => options.reorder = Reorder::None,
                "legacy" => options.reorder = Reorder::Legacy,
                other => return Err(format!("case.toml: unknown order `{other}`")),
            },
            "--enable-managedby-label" => options.managed_by_label = true,
            // As the plugin has it: who enables plugins enables helm.
            "--enable-alpha-plugins" => (options.alpha_plugins, options.helm.enabled) = (true, true),
            "--enable-exec" => options.functions.exec = true,
            "--network" => options.functions.network = true,
            "--network-name" => drop(value()?),
            "-e" | "--env" => options.functions.env.push(value()?),
            "--enable-helm" => options.helm.enabled = true,
            "--helm-command" => options.helm.command = value()?,
            "--helm-kube-version" => options.helm.kube_version = value()?,
            "--helm-api-versions" => options.helm.api_versions.push(value()?),
            "--helm-debug" => options.helm.debug = true,
            _ => return Err(format!("case.toml: unknown argument `{flag}`")),
        }
    }
    Ok(())
}

fn check_output(case: &Case<'_>, expected: &str, built: &Result<String, BuildError>) -> Result<(), String> {
    if case.our_error.is_some() && case.deviation.is_none() {
        return Err("our-error.txt is left over: this build succeeds".to_owned());
    }
    let ours = match built {
        Ok(yaml) if yaml == expected => {
            return if case.deviation.is_some() {
                Err("deviation.diff is no longer needed".to_owned())
            } else {
                Ok(())
            };
        }
        Ok(yaml) => difference(expected, yaml),
        Err(error) => format!("kustomize builds it, we fail:\n{}", error.report()),
    };
    snapshot(case.directory, "deviation.diff", case.deviation.as_deref(), &ours, case.deviation.is_some())
}

fn check_error(case: &Case<'_>, built: &Result<String, BuildError>) -> Result<(), String> {
    match built {
        Ok(yaml) => {
            let ours = format!("kustomize fails, we print:\n{yaml}");
            snapshot(case.directory, "deviation.diff", case.deviation.as_deref(), &ours, case.deviation.is_some())
        }
        Err(_) if case.deviation.is_some() => Err("deviation.diff is no longer needed".to_owned()),
        Err(error) => {
            let resolved = Disk.canonical(case.directory).unwrap_or_default().display().to_string();
            let text =
                error.report().replace(&case.directory.display().to_string(), "/case").replace(&resolved, "/case");
            snapshot(case.directory, "our-error.txt", case.our_error.as_deref(), &text, true)
        }
    }
}

/// Compares with a file, or writes it if asked to and if it may exist at all.
#[expect(clippy::disallowed_methods, reason = "a test may be asked to write its snapshots")]
fn snapshot(directory: &Path, name: &str, there: Option<&str>, ours: &str, may_write: bool) -> Result<(), String> {
    if there == Some(ours) {
        return Ok(());
    }
    if may_write && std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(directory.join(name), ours).map_err(|error| format!("{name}: {error}"));
    }
    match there {
        Some(there) => Err(format!("{name} differs:\n{}", difference(there, ours))),
        None if may_write => Err(format!("no {name} yet (UPDATE_GOLDEN=1 writes it); ours:\n{ours}")),
        None => Err(ours.to_owned()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test reads its cases from the disk")]
fn read(path: &Path) -> Option<String> {
    // The real tool may show what it read as it is.
    std::fs::read(path).ok().map(|content| String::from_utf8_lossy(&content).into_owned())
}

/// Line by line: `-` theirs, `+` ours, with the equal beginning and end left out.
fn difference(theirs: &str, ours: &str) -> String {
    let theirs: Vec<&str> = theirs.lines().collect();
    let ours: Vec<&str> = ours.lines().collect();
    let head = theirs.iter().zip(&ours).take_while(|(a, b)| a == b).count();
    let tail = theirs[head..].iter().rev().zip(ours[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let mut text = format!("@@ line {} @@\n", head + 1);
    for (sign, lines) in [('-', &theirs), ('+', &ours)] {
        for line in &lines[head..lines.len() - tail] {
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "{sign}{line}");
        }
    }
    text
}
