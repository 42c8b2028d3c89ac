//! Input that means harm: each ends in a clear error, or in output, within bounded time and memory. What concerns a real disk
//! (links, pipes, odd names) is done on one.

#![allow(
    clippy::disallowed_methods,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::disallowed_types,
    reason = "a test measures time and writes its trees to a disk"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use kustomize::{BuildError, MemoryFiles, Nowhere, Options};
use testkit::disk::Disk;

/// Far more than any of these needs; a hang or an explosion takes longer.
const ENOUGH: Duration = Duration::from_mins(1);

fn built(files: &[(&str, &str)]) -> Result<String, BuildError> {
    let tree: MemoryFiles = files.iter().map(|(path, content)| (format!("/in/{path}"), *content)).collect();
    let start = Instant::now();
    let built = kustomize::build(&tree, &Nowhere, Path::new("/in"), &Options::default()).and_then(|b| b.to_yaml());
    assert!(start.elapsed() < ENOUGH, "took {:?}", start.elapsed());
    built
}

fn refused(files: &[(&str, &str)]) -> String {
    built(files).expect_err("this must be refused").report()
}

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n";

#[test]
fn yaml_bombs_are_refused() {
    let mut bomb = format!("{HEAD}a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let uses = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{uses}]\n"));
    }
    let report = refused(&[("kustomization.yaml", "resources: [r.yaml]"), ("r.yaml", &bomb)]);
    assert!(report.contains("the document expands to more than 1000000 nodes through aliases"), "{report}");
    assert!(report.contains("at: r.yaml:"), "{report}");
    let report = refused(&[("kustomization.yaml", &bomb)]);
    assert!(report.contains("expands to more than"), "{report}");
    let patch = "resources: [r.yaml]\npatches: [{path: p.yaml}]\n";
    let report = refused(&[("kustomization.yaml", patch), ("r.yaml", HEAD), ("p.yaml", &bomb)]);
    assert!(report.contains("expands to more than"), "{report}");
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{HEAD}x: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let maps: String = (0..3000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    for (file, text) in [("r.yaml", &deep), ("r.yaml", &maps)] {
        let report = refused(&[("kustomization.yaml", "resources: [r.yaml]"), (file, text)]);
        assert!(report.contains("collections are nested deeper than 1000 levels"), "{report}");
    }
    let json =
        format!("[{{\"op\": \"add\", \"path\": \"/x\", \"value\": {}{}}}]", "[".repeat(100_000), "]".repeat(100_000));
    let kustomization = "resources: [r.yaml]\npatches: [{path: p.json, target: {kind: ConfigMap}}]\n";
    refused(&[("kustomization.yaml", kustomization), ("r.yaml", HEAD), ("p.json", &json)]);
    let text = format!("{HEAD}data:\n  f: '{}'\n", "[".repeat(100_000));
    let replacements = "resources: [r.yaml]\nreplacements:\n- sourceValue: x\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.f.0.0]\n";
    refused(&[("kustomization.yaml", replacements), ("r.yaml", &text)]);
}

#[test]
fn a_patch_cannot_nest_without_end() {
    // Each operation puts the object into itself: the size doubles each time.
    let mut patch = String::new();
    for _ in 0..64 {
        patch.push_str("- {op: copy, from: /x, path: /x/a}\n- {op: copy, from: /x, path: /x/b}\n");
    }
    let kustomization = "resources: [r.yaml]\npatches: [{path: p.yaml, target: {kind: ConfigMap}}]\n";
    let start = format!("{HEAD}x: {{k: v}}\n");
    let report = refused(&[("kustomization.yaml", kustomization), ("r.yaml", &start), ("p.yaml", &patch)]);
    assert!(report.contains("the patch copies more than a build has room for"), "{report}");
    // Each operation goes on where the one before ended.
    let mut patch = String::new();
    for level in 0..40 {
        let value = format!("{}{}", "{a: ".repeat(99), "}".repeat(99));
        patch.push_str(&format!("- {{op: add, path: '/x{}', value: {value}}}\n", "/a".repeat(level * 99)));
    }
    let report = refused(&[("kustomization.yaml", kustomization), ("r.yaml", &start), ("p.yaml", &patch)]);
    assert!(report.contains("nested deeper than 1000 levels"), "{report}");
}

#[test]
fn replacements_cannot_copy_without_end() {
    let mut kustomization = "resources: [r.yaml]\nreplacements:\n".to_owned();
    for n in 0..64 {
        kustomization.push_str(&format!(
            "- source: {{kind: Widget, fieldPath: spec}}\n  targets: [{{select: {{kind: Widget}}, fieldPaths: [spec.a{n}], options: {{create: true}}}}]\n"
        ));
    }
    let widget = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {x: 1}\n";
    let report = refused(&[("kustomization.yaml", &kustomization), ("r.yaml", widget)]);
    assert!(report.contains("the replacements copy more than a build has room for"), "{report}");
}

#[test]
fn vars_cannot_fill_all_memory() {
    let kustomization = "resources: [r.yaml]\nvars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: c}, fieldref: {fieldpath: data.a}}]\n";
    let args = "        - x$(V)$(V)$(V)$(V)\n".repeat(100);
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{a: {}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d}}\nspec:\n  template:\n    spec:\n      containers:\n      - name: x\n        args:\n{args}",
        "v".repeat(1 << 20)
    );
    let report = refused(&[("kustomization.yaml", kustomization), ("r.yaml", &text)]);
    assert!(
        report.contains("the vars put more than 256 MB into the resources"),
        "{}",
        &report[..200.min(report.len())]
    );
}

#[test]
fn huge_keys_and_texts_are_no_trouble() {
    let long = "k".repeat(2_000_000);
    let report = refused(&[
        ("kustomization.yaml", "resources: [r.yaml]"),
        ("r.yaml", &format!("{HEAD}data:\n  ? {long}\n  : x\n")),
    ]);
    assert!(report.contains("a key is longer than 1022 characters"), "{}", &report[..200.min(report.len())]);
    let text = format!("{HEAD}data:\n  a: {long}\n");
    assert!(built(&[("kustomization.yaml", "resources: [r.yaml]"), ("r.yaml", &text)]).is_ok());
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_by_its_size() {
    let large = format!("{HEAD}data:\n  a: {}\n", "x".repeat(100 << 20));
    let report = refused(&[("kustomization.yaml", "resources: [r.yaml]"), ("r.yaml", &large)]);
    assert!(report.contains("more than the limit of 67108864"), "{report}");
    assert!(report.contains("hint: split the file"), "{report}");
}

#[test]
fn thousands_of_bases_end() {
    // Twelve levels of three uses each are more than half a million.
    let mut files = Vec::new();
    for level in 0..12 {
        let next = level + 1;
        let uses = format!("resources: [../d{next}, ../d{next}/, ../d{next}/.]\n");
        files.push((format!("/in/d{level}/kustomization.yaml"), uses));
    }
    files.push(("/in/d12/kustomization.yaml".to_owned(), "namePrefix: x-\n".to_owned()));
    let tree: MemoryFiles = files.into_iter().collect();
    let error = kustomize::build(&tree, &Nowhere, Path::new("/in/d0"), &Options::default()).expect_err("too many");
    assert!(error.report().contains("bases are used more than 10000 times"), "{}", error.report());
}

#[test]
fn patterns_that_explode_are_refused_or_linear() {
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\n", "a".repeat(200));
    let patch = |pattern: &str| {
        format!(
            "resources: [r.yaml]\npatches: [{{patch: '[{{\"op\": \"add\", \"path\": \"/data\", \"value\": {{}}}}]', target: {{name: '{pattern}'}}}}]\n"
        )
    };
    for pattern in ["(a*)*b", "(a|aa)+$", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)[b]"] {
        built(&[("kustomization.yaml", &patch(pattern)), ("r.yaml", &text)]).expect("linear");
    }
    let report = refused(&[("kustomization.yaml", &patch("((a{1000}){1000}){1000}")), ("r.yaml", &text)]);
    assert!(report.contains("is no regular expression"), "{report}");
    let nested = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
    refused(&[("kustomization.yaml", &patch(&nested)), ("r.yaml", &text)]);
}

#[test]
fn names_cannot_steer_a_terminal() {
    let report = refused(&[("kustomization.yaml", "resources: [\"a\\e[2Jb\\nhint: trust me.yaml\"]")]);
    assert!(!report.contains('\u{1b}'), "{report:?}");
    assert!(!report.contains("\nhint: trust me"), "{report}");
}

#[cfg(unix)]
mod on_a_disk {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    fn build(directory: &Path) -> Result<String, BuildError> {
        let start = Instant::now();
        let built = kustomize::build(&Disk, &Nowhere, directory, &Options::default()).and_then(|b| b.to_yaml());
        assert!(start.elapsed() < ENOUGH, "took {:?}", start.elapsed());
        built
    }

    fn directory(kustomization: &str) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(directory.path().join("kustomization.yaml"), kustomization).expect("a file");
        directory
    }

    fn report(directory: &Path) -> String {
        build(directory).expect_err("this must be refused").report()
    }

    #[test]
    fn loops_of_links_end() {
        let loops = directory("resources: [a.yaml]");
        symlink("b.yaml", loops.path().join("a.yaml")).expect("a link");
        symlink("a.yaml", loops.path().join("b.yaml")).expect("a link");
        let text = report(loops.path());
        assert!(text.contains("a.yaml"), "{text}");
        let loops = directory("resources: [self]");
        symlink(".", loops.path().join("self")).expect("a link");
        let text = report(loops.path());
        assert!(text.contains("which refers to it"), "{text}");
        let loops = directory("resources: [self/self/self]\nconfigMapGenerator: [{name: x, files: [self/self/x]}]");
        symlink(".", loops.path().join("self")).expect("a link");
        report(loops.path());
    }

    #[test]
    fn links_do_not_lead_out() {
        let outside = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(outside.path().join("token"), "password: hunter2\n").expect("a file");
        for kustomization in [
            "resources: [link]",
            "configMapGenerator: [{name: x, files: [link]}]",
            "configMapGenerator: [{name: x, envs: [link]}]",
            "patches: [{path: link}]",
            "resources: []\nreplacements: [{path: link}]",
        ] {
            let root = directory(kustomization);
            symlink(outside.path().join("token"), root.path().join("link")).expect("a link");
            let text = report(root.path());
            assert!(text.contains("`link` is not in or below `.`"), "{kustomization}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        let through = directory("configMapGenerator: [{name: x, files: [d/token]}]");
        symlink(outside.path(), through.path().join("d")).expect("a link");
        assert!(report(through.path()).contains("is not in or below"), "a directory is no way out either");
    }

    #[test]
    fn pipes_are_not_waited_for() {
        for kustomization in ["resources: [pipe]", "configMapGenerator: [{name: x, files: [pipe]}]"] {
            let root = directory(kustomization);
            let made = Command::new("mkfifo").arg(root.path().join("pipe")).status().expect("mkfifo");
            assert!(made.success());
            report(root.path());
        }
        let root = tempfile::tempdir().expect("a temporary directory");
        let made = Command::new("mkfifo").arg(root.path().join("kustomization.yaml")).status().expect("mkfifo");
        assert!(made.success());
        report(root.path());
    }

    #[test]
    fn a_kustomization_is_no_resource_of_its_own() {
        let text = report(directory("resources: [kustomization.yaml]").path());
        assert!(text.contains("kustomization.yaml:1"), "{text}");
    }

    #[test]
    fn odd_names_are_read() {
        let root = directory("resources: [\"a\\nb.yaml\", -dash.yaml, '--help']");
        for (index, name) in ["a\nb.yaml", "-dash.yaml", "--help"].iter().enumerate() {
            let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: n{index}}}\n");
            std::fs::write(root.path().join(name), text).expect("a file");
        }
        assert!(build(root.path()).is_ok());
        let root = directory("resources: [absent.yaml]");
        std::fs::write(root.path().join(OsStr::from_bytes(b"ab\xffsent.yaml")), "").expect("a file");
        assert!(report(root.path()).contains("there is no such file"));
    }
}
