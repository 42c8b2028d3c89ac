//! What the fuzzers start from and what they once found, through the same laws (`tests/fuzz`), without a fuzzer. Every
//! target's seeds and regressions are replayed; a new finding is one more file in `tests/fuzz/regressions/TARGET/`.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    unreachable_pub,
    dead_code,
    reason = "a test reads its cases; the laws are another crate's"
)]

#[path = "fuzz/src/targets.rs"]
mod targets;
#[path = "fuzz/src/tree.rs"]
mod tree;

use std::path::Path;

type Law = fn(&[u8]);

const TARGETS: [(&str, Law); 7] = [
    ("json_patch", targets::json_patch),
    ("kustomization", targets::kustomization),
    ("merge", targets::merge),
    ("replacements", targets::replacements),
    ("round_trip", targets::round_trip),
    ("whole_build", targets::whole_build),
    ("yaml", targets::yaml),
];

/// The files of a target below one of the two folders.
fn files(folder: &str, target: &str) -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz").join(folder).join(target);
    let Ok(entries) = std::fs::read_dir(&directory) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("a readable directory").path());
    let mut files: Vec<_> =
        paths.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a readable file"))).collect();
    files.sort();
    files
}

#[test]
fn what_fuzzers_found_stays_fixed() {
    let mut count = 0;
    for (target, law) in TARGETS {
        for (name, content) in ["seeds", "regressions"].iter().flat_map(|folder| files(folder, target)) {
            println!("{name}");
            law(&content);
            count += 1;
        }
    }
    assert!(count >= 6, "only {count} files were found");
}

#[test]
fn every_golden_file_obeys_the_laws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut waiting = vec![root];
    let mut count = 0;
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).expect("a readable directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                println!("{}", path.display());
                let content = std::fs::read(&path).expect("a readable file");
                targets::yaml(&content);
                targets::round_trip(&content);
                count += 1;
            }
        }
    }
    assert!(count > 500, "only {count} files were found");
}

#[test]
fn a_guarded_tree_notices_who_leaves_it() {
    let text = b"=== kustomization.yaml\nresources: [out]\n=== out -> /secret/token\n";
    let open = tree::Tree::read(text, false);
    let options = kustomize::Options { restriction: kustomize::Restriction::None, ..kustomize::Options::default() };
    let error =
        kustomize::build(&open, &kustomize::Nowhere, &open.start, &options).expect_err("a token is no resource");
    assert!(error.to_string().contains("kind"), "it was read: {error}");
    let guarded = tree::Tree::read(text, true);
    let noticed =
        std::panic::catch_unwind(|| kustomize::build(&guarded, &kustomize::Nowhere, &guarded.start, &options));
    assert!(noticed.is_err(), "the guard noticed nothing");
}
