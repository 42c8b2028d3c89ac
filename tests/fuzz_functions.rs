//! What the fuzzer of the functions starts from, and what it once found, through the same laws without a fuzzer: the cases of
//! `fixtures/function` and `tests/fuzz/regressions/functions`, and the templates of `tests/fuzz/seeds/substitution`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test reads its cases; the laws are another crate's"
)]

#[path = "fuzz/src/functions.rs"]
mod functions;
#[path = "fuzz/src/substitution.rs"]
mod substitution;

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the fuzzer of this target starts from.
fn seeds(target: &str, directory: &Path) -> Vec<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz");
    let status = Command::new(tests.join("seeds.sh")).arg(target).arg(directory).status().expect("bash is there");
    assert!(status.success());
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("a readable directory")
        .map(|entry| entry.expect("a readable entry").path())
        .collect();
    files.sort();
    files
}

#[test]
fn every_template_obeys_the_laws() {
    let directory = tempfile::tempdir().expect("a directory");
    let files = seeds("substitution", directory.path());
    assert!(files.len() >= 4, "only {} templates were found", files.len());
    for file in files {
        println!("{}", file.display());
        substitution::substitution(&std::fs::read(&file).expect("a readable file"));
    }
}

#[test]
fn every_case_obeys_the_laws() {
    let directory = tempfile::tempdir().expect("a directory");
    let files = seeds("functions", directory.path());
    assert!(files.len() >= 40, "only {} cases were found", files.len());
    let mut lists = 0;
    for file in files {
        println!("{}", file.display());
        let content = std::fs::read(&file).expect("a readable file");
        lists += usize::from(
            krm::list::ResourceList::read(&String::from_utf8_lossy(&content), "f", &krm::yaml::Limits::default())
                .is_ok(),
        );
        functions::functions(&content);
    }
    assert!(lists >= 40, "only {lists} of them are lists");
}
