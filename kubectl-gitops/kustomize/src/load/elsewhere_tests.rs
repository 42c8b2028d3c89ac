//! Builds whose parts live elsewhere, over a tree in memory and an outside that answers from it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::{BuildError, Checkout, MemoryFiles, Nowhere, Options, Outside, OutsideError, RepositoryRequest, build};

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: p}}";

/// Answers with files under `/web/HOST/…` and repositories at `/git/HOST/…`, and remembers what it was asked for.
struct Fake {
    tree: MemoryFiles,
    asked: Mutex<Vec<String>>,
}

impl Outside for Fake {
    fn fetch_file(&self, url: &str) -> Result<Vec<u8>, OutsideError> {
        self.asked.lock().unwrap().push(url.to_owned());
        let path = Path::new("/web").join(url.split_once("://").unwrap().1);
        let missing = |_| OutsideError::Status { status: 404, reason: "Not Found".to_owned() };
        crate::Files::read(&self.tree, &path).map(std::borrow::Cow::into_owned).map_err(missing)
    }

    fn fetch_repository(&self, request: &RepositoryRequest) -> Result<Checkout, OutsideError> {
        self.asked.lock().unwrap().push(format!("{} {}", request.clone_url, request.reference));
        let name = request.clone_url.trim_start_matches("https://").trim_start_matches("git@").replace(':', "/");
        Ok(Checkout { top: PathBuf::from("/git").join(name) })
    }
}

fn fake(files: &[(&str, &str)]) -> Fake {
    Fake { tree: files.iter().copied().collect(), asked: Mutex::default() }
}

fn built(outside: &Fake) -> Result<String, BuildError> {
    build(&outside.tree, outside, Path::new("/r"), &Options::default())?.to_yaml()
}

fn fails(files: &[(&str, &str)]) -> String {
    built(&fake(files)).unwrap_err().report()
}

#[test]
fn a_file_comes_from_a_server_once() {
    let outside = fake(&[
        ("/r/kustomization.yaml", "resources: [a, 'https://h/o/pod.yaml', b]\npatches: [{path: 'https://h/o/p'}]"),
        ("/r/a/kustomization.yaml", "configMapGenerator: [{name: a, files: ['k=https://h/o/text']}]"),
        ("/r/b/kustomization.yaml", "configMapGenerator: [{name: b, files: ['k=https://h/o/text']}]"),
        ("/web/h/o/pod.yaml", POD),
        ("/web/h/o/p", "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {patched: 'yes'}}}"),
        ("/web/h/o/text", "hello"),
    ]);
    let yaml = built(&outside).unwrap();
    assert!(yaml.contains("patched: \"yes\"") && yaml.matches("k: hello").count() == 2, "{yaml}");
    let mut asked = outside.asked.into_inner().unwrap();
    asked.sort();
    assert_eq!(asked, ["https://h/o/p", "https://h/o/pod.yaml", "https://h/o/text"]);
}

#[test]
fn a_repository_nests_and_stays_within_itself() {
    let outside = fake(&[
        ("/r/kustomization.yaml", "resources: ['https://h/o/one//top?ref=v1', 'git@h:o/two']"),
        ("/git/h/o/one/top/kustomization.yaml", "namePrefix: one-\nresources: [../base]"),
        ("/git/h/o/one/base/kustomization.yaml", "resources: [pod.yaml, 'https://h/o/three']"),
        ("/git/h/o/one/base/pod.yaml", POD),
        ("/git/h/o/two/kustomization.yaml", "resources: ['https://h/o/one//base?ref=v1']\nnamePrefix: two-"),
        ("/git/h/o/three/kustomization.yaml", "resources: [pod.yaml]\nnameSuffix: -three"),
        ("/git/h/o/three/pod.yaml", POD),
    ]);
    let yaml = built(&outside).unwrap();
    let names: Vec<&str> = yaml.lines().filter_map(|line| line.strip_prefix("  name: ")).collect();
    assert_eq!(names, ["one-p", "one-p-three", "two-p", "two-p-three"]);
    // Files are asked for first, as kustomize does; a repository that is asked for twice is fetched once.
    let asked = outside.asked.into_inner().unwrap();
    let repositories: Vec<&String> = asked.iter().filter(|text| text.contains(' ')).collect();
    assert_eq!(repositories, ["https://h/o/one v1", "https://h/o/three ", "git@h:o/two "]);
}

#[test]
fn what_leaves_a_repository_is_refused() {
    for (kustomization, said) in [
        ("resources: [../../two]", "leads out of the repository"),
        ("resources: [../../../../../r/base]", "leads out of the repository"),
        ("resources: [../../two/pod.yaml]", "is not in or below"),
        ("resources: [../pod.yaml]", "is not in or below"),
        ("resources: [/r/base/pod.yaml]", "is not in or below"),
        ("components: [../../two]", "leads out of the repository"),
        ("configMapGenerator: [{name: x, files: [/r/base/pod.yaml]}]", "is not in or below"),
    ] {
        let files = [
            ("/r/kustomization.yaml", "resources: ['https://h/o/one//top']"),
            ("/r/base/kustomization.yaml", "resources: [pod.yaml]"),
            ("/r/base/pod.yaml", POD),
            ("/git/h/o/one/pod.yaml", POD),
            ("/git/h/o/one/top/kustomization.yaml", kustomization),
            ("/git/h/o/two/kustomization.yaml", "resources: [pod.yaml]"),
            ("/git/h/o/two/pod.yaml", POD),
        ];
        let outside = fake(&files);
        // Lifting the restriction is for the user's own files.
        for restriction in [crate::Restriction::RootOnly, crate::Restriction::None] {
            let options = Options { restriction, ..Options::default() };
            let error = build(&outside.tree, &outside, Path::new("/r"), &options).unwrap_err().report();
            assert!(error.contains(said) && error.contains("https://h/o/one//top"), "{kustomization}: {error}");
        }
    }
    let error =
        fails(&[("/r/kustomization.yaml", "resources: ['git@h:o/one.git/////../../two']"), ("/git/h/o/one.git/x", "")]);
    assert!(error.contains("leads out of the repository"), "{error}");
}

#[test]
fn a_repository_that_refers_to_itself_is_refused() {
    let error = fails(&[
        ("/r/kustomization.yaml", "resources: ['git@h:o/one//a']"),
        ("/git/h/o/one/a/kustomization.yaml", "resources: ['git@h:o/two']"),
        ("/git/h/o/two/kustomization.yaml", "resources: ['git@h:o/one']"),
    ]);
    let expected = "`git@h:o/one` refers to itself, by way of `git@h:o/one//a`
  at: git@h:o/two//kustomization.yaml:1:13, `resources[0]`
  reached through: git@h:o/one//a -> git@h:o/two
  hint: refer to its directories by relative paths
";
    assert_eq!(error, expected);
}

#[test]
fn a_page_of_a_forge_is_no_file_and_a_broken_file_is_no_repository() {
    let kustomization = ("/r/kustomization.yaml", "resources: ['https://h/o/one?ref=v1']");
    let page = ("/web/h/o/one?ref=v1", "<!DOCTYPE html>\n<html lang=\"en\">\n");
    let base = [("/git/h/o/one/kustomization.yaml", "resources: [pod.yaml]"), ("/git/h/o/one/pod.yaml", POD)];
    let outside = fake(&[kustomization, page, base[0], base[1]]);
    assert!(built(&outside).is_ok());
    let fetches_files = |page: &str| {
        struct NoGit<'a>(&'a str);
        impl Outside for NoGit<'_> {
            fn fetch_file(&self, _: &str) -> Result<Vec<u8>, OutsideError> {
                Ok(self.0.as_bytes().to_vec())
            }
        }
        build(&outside.tree, &NoGit(page), Path::new("/r"), &Options::default()).unwrap_err().report()
    };
    assert!(fetches_files("<html>").starts_with("cannot fetch the repository `https://h/o/one?ref=v1`"));
    assert!(fetches_files("kind: [").contains("at: https://h/o/one?ref=v1:"), "{}", fetches_files("kind: ["));
}

#[test]
fn what_is_nowhere_says_what_was_tried() {
    let said = |path: &str| {
        let kustomization = format!("resources: ['{path}']");
        let tree: MemoryFiles = [("/r/kustomization.yaml", kustomization)].into_iter().collect();
        build(&tree, &Nowhere, Path::new("/r"), &Options::default()).unwrap_err().to_string()
    };
    let at = "kustomization.yaml:1:13, `resources[0]`: ";
    assert_eq!(said("https://h/x.yaml"), format!("{at}cannot fetch `https://h/x.yaml`"));
    assert_eq!(said("git@h:o/one"), format!("{at}cannot fetch the repository `git@h:o/one`"));
    let neither = "neither as a file (this build does not fetch files from the network) nor as a repository";
    assert_eq!(said("https://a:pw@h/o/x.yaml"), format!("{at}cannot fetch `https://h/o/x.yaml`, {neither}"));
    assert_eq!(said("git@h:o/one?ref=-x"), format!("{at}`git@h:o/one?ref=-x` is refused"));
    assert_eq!(said("../../x"), format!("{at}cannot read `../../x`"));
}
