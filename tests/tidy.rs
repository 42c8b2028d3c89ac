//! Rules of this code base that the compiler does not know: sizes, module heads, who may import what, complete fixtures,
//! no forgotten test file. Each test lists every offender.

use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Hard limit of a source file; half of it is what we aim at.
const LINES_MAX: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace holds the crate").to_owned()
}

/// Source files below the given folders, as (path from the root, content), in order.
fn sources(folders: &[&str], extension: &str) -> Vec<(String, String)> {
    let root = root();
    let mut found: Vec<_> = folders
        .iter()
        .flat_map(|folder| WalkDir::new(root.join(folder)).sort_by_file_name())
        .map(|entry| entry.expect("a readable tree").into_path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a readable source file");
            (path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned(), text)
        })
        .collect();
    found.sort();
    found
}

fn rust() -> Vec<(String, String)> {
    sources(&["krm-functions", "kubectl-gitops", "tests"], "rs")
}

/// Lines of code: those before the file's own tests, without comments.
fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
}

fn demand(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<_> = rust()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    demand("a source file has at most 800 lines: split it by meaning", &long);
}

#[test]
fn every_module_says_what_it_owns() {
    let bare: Vec<_> = rust().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path).collect();
    demand("a module starts with `//!`: what it owns and what it must not know", &bare);
}

#[test]
fn no_module_is_a_drawer() {
    let drawers: Vec<_> = rust()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| {
            Path::new(path).components().any(|part| {
                let name = part.as_os_str().to_string_lossy();
                ["util", "utils", "common", "helpers", "helper", "manager", "misc"]
                    .contains(&name.trim_end_matches(".rs"))
            })
        })
        .collect();
    demand("name a module after what it owns", &drawers);
}

#[test]
fn rooms_import_only_what_they_may() {
    // room, what its code must not name
    let rules: &[(&str, &[&str])] = &[
        (
            "krm-functions/krm/src/",
            &["std::fs", "std::env", "std::process", "SystemTime", "Instant", "tokio", "kube::"],
        ),
        ("krm-functions/src/", &["tokio", "kube::", "SystemTime", "Instant"]),
        (
            "kubectl-gitops/kustomize/src/",
            &["std::fs", "std::env", "std::process", "SystemTime", "Instant", "krm_functions", "kube::"],
        ),
        (
            "kubectl-gitops/src/plan/",
            &[
                "kube::",
                "tokio",
                "std::fs",
                "SystemTime",
                "Instant",
                "crate::cluster",
                "crate::execute",
                "crate::report",
            ],
        ),
        (
            "kubectl-gitops/src/health/",
            &["kube::", "tokio", "std::fs", "SystemTime", "Instant", "crate::cluster", "crate::plan"],
        ),
        (
            "kubectl-gitops/src/inventory/",
            &["kube::", "tokio", "std::fs", "SystemTime", "Instant", "crate::cluster", "crate::plan"],
        ),
        ("kubectl-gitops/src/report/", &["kube::", "crate::cluster::kube"]),
        ("kubectl-gitops/src/execute/", &["kube::", "clap"]),
    ];
    let mut offenders = Vec::new();
    for (path, text) in rust() {
        for (room, forbidden) in rules {
            if path.starts_with(room)
                && !path.contains("/bin/")
                && !path.contains("/tests")
                && !path.contains("/benches/")
                && !path.contains("/examples/")
            {
                for name in code_lines(&text).flat_map(|line| forbidden.iter().filter(move |name| names(line, name))) {
                    offenders.push(format!("{path} names {name}"));
                }
            }
        }
        let may_know_the_command_line =
            ["kubectl-gitops/src/cli/", "kubectl-gitops/src/main.rs", "kubectl-gitops/src/lib.rs"];
        if path.starts_with("kubectl-gitops/src/")
            && !may_know_the_command_line.iter().any(|free| path.starts_with(free))
            && code_lines(&text).any(|line| line.contains("crate::cli") || names(line, "clap::"))
        {
            offenders.push(format!("{path} knows the command line"));
        }
        if path.starts_with("kubectl-gitops/src/")
            && !path.starts_with("kubectl-gitops/src/cluster/")
            && code_lines(&text).any(|line| line.contains("kube::Client"))
        {
            offenders.push(format!("{path} names kube::Client"));
        }
    }
    demand("rooms know only their neighbours (ARCHITECTURE.md)", &offenders);
}

/// Does the line name this path, and not merely a longer word that ends like it?
fn names(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn no_test_file_is_forgotten() {
    let manifests: String =
        sources(&["krm-functions", "kubectl-gitops", "tests/testkit"], "toml").into_iter().map(|(_, t)| t).collect();
    let forgotten: Vec<_> = sources(&["tests"], "rs")
        .into_iter()
        .filter(|(path, _)| !path.starts_with("tests/testkit/") && !path.starts_with("tests/fuzz/"))
        .filter(|(path, _)| {
            let declared = manifests.contains(&format!("../{path}\""));
            // `a/b/mod.rs` is the module `b` of `a`.
            let module = path.strip_suffix("/mod.rs").unwrap_or(path);
            let name = Path::new(module).file_stem().expect("a file name").to_string_lossy().into_owned();
            let folder = Path::new(module).parent().expect("below tests");
            let parents = [folder.join("main.rs"), folder.join("mod.rs"), folder.with_extension("rs")];
            let is_module = parents
                .iter()
                .any(|parent| fs::read_to_string(root().join(parent)).is_ok_and(|text| declares(&text, &name)));
            !declared && !is_module
        })
        .map(|(path, _)| path)
        .collect();
    demand("a file below tests/ is a declared target or a module of one", &forgotten);
}

/// Is `name` a module of this file: by `mod`, or in the list of behaviours of the end-to-end target?
fn declares(text: &str, name: &str) -> bool {
    text.contains(&format!("mod {name};")) || text.lines().any(|line| line.ends_with(&format!(" {name},")))
}

#[test]
fn every_build_case_is_complete() {
    let mut broken = Vec::new();
    let cases = WalkDir::new(root().join("fixtures/build")).min_depth(2).max_depth(2).sort_by_file_name();
    let mut count = 0;
    for case in cases {
        let case = case.expect("a readable tree").into_path();
        count += 1;
        let has = |name: &str| case.join(name).exists();
        if !has("in") || has("expected.yaml") == has("expected-error.txt") {
            broken.push(format!("{} needs in/ and one of expected.yaml, expected-error.txt", case.display()));
        }
        if has("deviation.diff") != has("why.md") {
            broken.push(format!("{} deviates without a reason, or gives one without deviating", case.display()));
        }
    }
    assert!(count >= 150, "only {count} build cases were found");
    demand("a build case is complete", &broken);
}

#[test]
fn nothing_is_left_unfinished_and_nothing_names_a_machine() {
    // Split, so that this file does not name them itself.
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("unimplemented", "!"),
        concat!("/wo", "rk/"),
        concat!("/tmp/", "wt"),
    ];
    let mut offenders = Vec::new();
    let scripts = ["rs", "sh", "go", "toml", "mk", "md"]
        .iter()
        .flat_map(|e| sources(&["krm-functions", "kubectl-gitops", "tests"], e));
    for (path, text) in scripts {
        for (number, line) in text.lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                offenders.push(format!("{path}:{}: {mark}", number + 1));
            }
        }
    }
    demand("finish it, or file it", &offenders);
}

/// The table of scenarios is complete, and names tests that exist.
#[test]
fn every_scenario_has_tests_that_exist() {
    let table = fs::read_to_string(root().join("tests/scenarios.tsv")).expect("the table of scenarios");
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap_or_default();
    let (behaviours, words) = (read("tests/e2e/main.rs"), read("tests/faults/cell.rs"));
    let units: String = sources(&["kubectl-gitops/src"], "rs").into_iter().map(|(_, text)| text).collect();
    let mut wrong = Vec::new();
    let lines: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    for (line, number) in lines.iter().zip(1..) {
        let mut columns = line.split('\t');
        let (told, tests) = (columns.next(), columns.nth(1).unwrap_or_default());
        if told.and_then(|told| told.parse().ok()) != Some(number) {
            wrong.push(format!("scenario {number} is missing before: {line}"));
        }
        if tests == "-" && columns.next().is_none_or(|open| !open.starts_with("open")) {
            wrong.push(format!("scenario {number} has no test and is not said to be open"));
        }
        for test in tests.split(' ').filter(|test| *test != "-") {
            let exists = match test.split_once(':') {
                Some(("e2e", name)) => declares(&behaviours, name),
                Some(("unit", name)) => units.contains(&format!("fn {name}(")),
                Some(("faults", word)) => words.contains(&format!("\"{word}\"")),
                _ => false,
            };
            if !exists {
                wrong.push(format!("scenario {number} names {test}, which is not there"));
            }
        }
    }
    assert_eq!(lines.len(), 64, "the table has 64 scenarios");
    demand("a scenario names its tests", &wrong);
}
