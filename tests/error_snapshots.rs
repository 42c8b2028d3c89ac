//! Every message that a build can end with has a snapshot: `our-error.txt` of a golden case, which the real kustomize fails as
//! well. Messages are found in the source by their `#[error("…")]`; those that no tree of files brings about are listed here
//! with the reason.

#![allow(clippy::disallowed_methods, reason = "a test reads its cases from the disk")]

use std::path::{Path, PathBuf};

use regex::Regex;

/// Source files and beginnings of messages that cannot have a golden case, and why.
const WITHOUT_A_CASE: &[(&str, &str)] = &[
    ("kubectl-gitops/kustomize/src/load/remote/", "a URL leads to the network; told apart in the table tests there"),
    ("kubectl-gitops/kustomize/src/edit/", "edits are no builds; fixtures/edit has which of them fail"),
    ("kubectl-gitops/kustomize/src/outside/", "what the caller of the engine says; tested with callers that refuse"),
    ("kubectl-gitops/kustomize/src/plugin/function/", "depends on which programs and leave there are; tested there"),
    ("kubectl-gitops/kustomize/src/helm/", "depends on a program; tested there"),
    ("cannot fetch", "needs a server or git; load/elsewhere_tests"),
    ("cannot open the encrypted file", "needs a caller that opens such files; outside/tests.rs"),
    ("`{url}` is refused", "needs a server or git; load/elsewhere_tests"),
    ("`{url}` refers to itself", "needs a server or git; load/elsewhere_tests"),
    ("`{path}` leads out of the repository", "needs a server or git; load/elsewhere_tests"),
    ("bases refer to bases more than", "a limit of ours that the real tool does not have; tests.rs"),
    ("bases are used more than", "a limit of ours that the real tool does not have; tests.rs"),
    ("a path has at most", "a limit of ours that the real tool does not have"),
    ("the input has {bytes} bytes", "a limit of ours that the real tool does not have; tests/hostile.rs"),
    ("the document expands to more", "the real tool takes all memory there is; tests/hostile.rs"),
    ("operation {index}: the object would be nested", "a limit of ours; tests/hostile.rs"),
    ("two keys of a map, a text and another", "no build reads so; krm's loose JSON, for functions"),
    ("the vars put more than", "a limit of ours; tests/hostile.rs"),
    ("the replacements copy more than", "a limit of ours; tests/hostile.rs"),
    ("operation {index} (copy): the patch copies more", "a limit of ours; tests/hostile.rs"),
    ("collections are nested deeper", "the real tool takes all memory there is; tests/hostile.rs"),
    ("it is larger than {limit} bytes", "a limit of the caller's files"),
    ("`{field}` is not supported by this version", "fields whose engine is not built in; tests.rs"),
    ("the object from {origin} is not usable", "of the way from a build to a cluster; tests.rs"),
    ("no item matches `{pattern}`, and one with", "the real tool does not end"),
    ("anchor `{name}` cannot be kept", "the real tool keeps it; a bound of ours"),
    ("`{path}` is no path of a field", "a path of more steps than anybody writes; a limit of ours"),
    ("`{path}`, which var `{name}` reads, is no path", "a path of more steps than anybody writes; a limit of ours"),
    ("`{id}` wants a hash in its name", "annotations that only the real tool writes; transform/hashes.rs"),
    ("types refer to types more than", "a limit of ours that the real tool does not have; tables/crd.rs"),
    ("the definitions describe more than", "a limit of ours that the real tool does not have; tables/crd.rs"),
    ("the reference `{reference}` goes round", "the real tool does not end; schema/"),
    ("the text cannot be written and read back", "what go-yaml prints wrongly; found by generated trees only"),
    ("the {section} of two configurations disagree", "the real tool prints all its tables, 40 kB; tables.rs"),
    ("`metadata` must be a map", "a guard behind others: what has no name is refused earlier"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Paths below a directory for which `wanted` holds, in order.
fn find(directory: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).expect("a readable directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The templates of messages in a source file: the text of each `#[error("…"` that is no `transparent`.
fn templates(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or(source);
    let pattern = Regex::new(r#"#\[error\(\s*"((?:[^"\\]|\\.)*)""#).expect("a valid pattern");
    pattern.captures_iter(code).map(|found| found[1].replace("\\\"", "\"").replace("\\\\", "\\")).collect()
}

/// A template as a pattern: what is between braces may be anything.
fn pattern(template: &str) -> Regex {
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        text.push_str(&regex::escape(&rest[..open]));
        text.push_str(".*");
        rest = rest[open..].find('}').map_or("", |close| &rest[open + close + 1..]);
    }
    text.push_str(&regex::escape(rest));
    Regex::new(&text).expect("an escaped text is a valid pattern")
}

#[test]
fn every_message_has_a_snapshot() {
    let is_source = |path: &Path| path.extension().is_some_and(|ending| ending == "rs");
    let mut sources = find(&root().join("kubectl-gitops/kustomize/src"), &is_source);
    sources.push(root().join("krm-functions/krm/src/yaml/error.rs"));
    let snapshots: Vec<String> = find(&root().join("fixtures/build"), &|path| path.ends_with("our-error.txt"))
        .iter()
        .map(|path| read(path))
        .collect();
    assert!(snapshots.len() >= 60, "only {} snapshots were found", snapshots.len());
    let all = snapshots.concat();
    let mut count = 0;
    let mut bare = Vec::new();
    for source in &sources {
        let path = source.strip_prefix(root()).unwrap_or(source).display().to_string();
        for template in templates(&read(source)) {
            count += 1;
            // Nothing but a placeholder says nothing that could be looked for.
            let says_something =
                template.split(['{', '}']).step_by(2).any(|piece| piece.chars().any(char::is_alphabetic));
            let excused =
                |(beginning, _): &(&str, &str)| template.starts_with(beginning) || path.starts_with(beginning);
            let excused = WITHOUT_A_CASE.iter().any(excused);
            let shown = pattern(&template).is_match(&all);
            if says_something && !excused && !shown {
                bare.push(format!("{path}: {template}"));
            }
        }
    }
    assert!(count > 80, "only {count} messages were found");
    assert!(bare.is_empty(), "{} messages without a snapshot:\n{}", bare.len(), bare.join("\n"));
}
