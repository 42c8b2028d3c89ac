//! The YAML module against kustomize's recorded answers in `fixtures/yaml/` (JSON lines: `in`, and `out` or `err`).
//!
//! `found*.jsonl` hold what once differed, minimised; the others are samples of `tests/oracle_yaml.rs`, which records them.

// A test may read the disk.
#![allow(clippy::disallowed_methods)]

#[path = "../../../tests/oracle_yaml/ours.rs"]
mod ours;

use std::path::Path;

use ours::{Answer, ours, same};

/// Checks one file; the text of every difference.
fn check(path: &Path, function: bool) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut differences = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let case: serde_json::Value = serde_json::from_str(line).expect("a fixture is a JSON object");
        let input = case["in"].as_str().expect("a fixture has `in`");
        let expected = match (case["out"].as_str(), case["err"].as_str()) {
            (Some(out), None) => Answer::Out(out.to_owned()),
            (None, Some(err)) => Answer::Err(err.to_owned()),
            _ => panic!("{}:{}: needs `out` or `err`", path.display(), number + 1),
        };
        let got = ours(input, function);
        if !same(&got, &expected) {
            differences.push(format!(
                "{}:{}\n{input}\nexpected {expected:?}\n     got {got:?}",
                path.display(),
                number + 1
            ));
        }
    }
    assert!(!text.is_empty(), "{} is empty", path.display());
    differences
}

#[test]
fn recorded_answers_of_kustomize_are_ours() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/yaml");
    let mut files: Vec<_> =
        std::fs::read_dir(&directory).expect("fixtures/yaml exists").map(|e| e.expect("readable").path()).collect();
    files.sort();
    assert!(files.len() >= 10, "fixture files are missing in {}", directory.display());
    let is_function = |path: &Path| path.file_stem().is_some_and(|name| name.to_string_lossy().contains("function"));
    let differences: Vec<String> = files.iter().flat_map(|path| check(path, is_function(path))).collect();
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n\n"));
}
