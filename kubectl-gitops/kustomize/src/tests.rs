//! Whole builds over trees in memory: what golden cases cannot show, such as the story that an error tells.

use std::path::Path;

use crate::{BuildError, MemoryFiles, Nowhere, Options, Restriction, build};

fn built(files: &[(&str, &str)], entry: &str) -> Result<String, BuildError> {
    built_with(files, entry, &Options::default())
}

fn built_with(files: &[(&str, &str)], entry: &str, options: &Options) -> Result<String, BuildError> {
    let tree: MemoryFiles = files.iter().map(|(path, content)| (format!("/r/{path}"), *content)).collect();
    build(&tree, &Nowhere, &Path::new("/r").join(entry), options)?.to_yaml()
}

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p}}";

#[test]
fn an_error_tells_the_directories_that_led_to_it() {
    let files = [
        ("top/kustomization.yaml", "resources: [../middle]"),
        ("middle/kustomization.yaml", "resources: [../base]"),
        ("base/kustomization.yaml", "resources: [pod.yml]"),
        ("base/pod.yaml", POD),
    ];
    let error = built(&files, "top").unwrap_err();
    let report = error.report();
    let expected = "cannot read `pod.yml`
  because: there is no such file or directory
  at: ../base/kustomization.yaml:1:13, `resources[0]`
  reached through: ../middle -> ../base
  in `../base` there is:
    pod.yaml
    kustomization.yaml
  hint: did you mean `pod.yaml`?
";
    assert_eq!(report, expected);
}

#[test]
fn a_restriction_can_be_lifted() {
    let files = [("top/kustomization.yaml", "resources: [../pod.yaml]"), ("pod.yaml", POD)];
    assert!(built(&files, "top").is_err());
    let options = Options { restriction: Restriction::None, ..Options::default() };
    assert!(built_with(&files, "top", &options).is_ok());
}

#[test]
fn bases_have_a_greatest_depth() {
    let files: Vec<(String, String)> =
        (0..150).map(|n| (format!("d{n}/kustomization.yaml"), format!("resources: [../d{}]", n + 1))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    let error = built(&files, "d0").unwrap_err();
    assert_eq!(error.problem.to_string(), "bases refer to bases more than 100 levels deep");
}

#[test]
fn files_that_were_read_are_told() {
    let tree: MemoryFiles = [
        ("/r/a/kustomization.yaml", "resources: [../b]\nconfigMapGenerator: [{name: c, files: [x.txt]}]"),
        ("/r/a/x.txt", "x"),
        ("/r/a/unused.txt", "x"),
        ("/r/b/kustomization.yaml", "resources: [pod.yaml]"),
        ("/r/b/pod.yaml", POD),
    ]
    .into_iter()
    .collect();
    let built = build(&tree, &Nowhere, Path::new("/r/a"), &Options::default()).unwrap();
    let read: Vec<String> = built.files_read.iter().map(|path| path.display().to_string()).collect();
    assert_eq!(read, ["/r/a/kustomization.yaml", "/r/a/x.txt", "/r/b/kustomization.yaml", "/r/b/pod.yaml"]);
}

#[test]
fn deprecated_fields_are_warned_about_wherever_they_are() {
    let tree: MemoryFiles = [
        ("/r/a/kustomization.yaml", "bases: [../b]"),
        ("/r/b/kustomization.yaml", "resources: [pod.yaml]\ncommonLabels: {a: b}"),
        ("/r/b/pod.yaml", POD),
    ]
    .into_iter()
    .collect();
    let warnings = build(&tree, &Nowhere, Path::new("/r/a"), &Options::default()).unwrap().warnings;
    assert_eq!(
        warnings,
        [
            "kustomization.yaml: `bases` is deprecated, use `resources`",
            "../b/kustomization.yaml: `commonLabels` is deprecated, use `labels`"
        ]
    );
}

#[test]
fn what_a_cluster_cannot_take_is_built_but_no_resource() {
    let tree: MemoryFiles =
        [("/r/kustomization.yaml", "resources: [a.yaml]"), ("/r/a.yaml", "{kind: Pod, metadata: {name: p}}")]
            .into_iter()
            .collect();
    let built = build(&tree, &Nowhere, Path::new("/r"), &Options::default()).unwrap();
    assert_eq!(built.to_yaml().unwrap(), "kind: Pod\nmetadata:\n  name: p\n");
    let error = built.into_resources().unwrap_err();
    assert_eq!(error.to_string(), "the object from a.yaml:1 is not usable");
}

#[test]
fn a_generators_error_shows_no_value() {
    let kustomization = "secretGenerator: [{name: s, literals: [hunter2]}]";
    let error = built(&[("kustomization.yaml", kustomization)], "").unwrap_err();
    for text in [error.report(), error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn bases_that_double_at_each_level_come_to_an_end() {
    let mut files = vec![("d0/kustomization.yaml".to_owned(), "resources: [pod.yaml]".to_owned())];
    files.push(("d0/pod.yaml".to_owned(), POD.to_owned()));
    for level in 1..30 {
        for side in ["a", "b"] {
            let base = level - 1;
            let content = format!("namePrefix: {side}\nresources: [../d{base}]");
            files.push((format!("{side}{level}/kustomization.yaml"), content));
        }
        files.push((format!("d{level}/kustomization.yaml"), format!("resources: [../a{level}, ../b{level}]")));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    let error = built(&files, "d29").unwrap_err();
    assert_eq!(error.problem.to_string(), "bases are used more than 10000 times");
    assert!(built(&files, "d5").is_ok());
}
