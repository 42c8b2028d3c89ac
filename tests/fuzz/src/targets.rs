//! The laws. Each takes any bytes; a panic is a finding. That nothing hangs or eats memory is watched by the fuzzer, which
//! is given limits of both.

use krm::node::Extra;
use krm::yaml::{self, Limits};
use krm::{Node, Style};
use kustomize::{Built, Nowhere, Options, Restriction};

use super::tree::{Tree, sections};

/// Any text is read or refused.
pub fn yaml(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _refused = yaml::parse_first_document(&text, "f.yaml", &Limits::default());
    let Ok(documents) = yaml::parse_documents(&text, "f.yaml", &Limits::default()) else { return };
    for document in documents {
        let (mut build, mut function) = (String::new(), String::new());
        let _refused = yaml::emit_build(&document.root, &mut build);
        let _refused = yaml::emit_function(&document.root, &mut function);
        let _refused = yaml::to_json(&document.root);
    }
}

/// What either profile writes reads as the same values, and writes the same again.
pub fn round_trip(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(documents) = yaml::parse_documents(&text, "f.yaml", &Limits::default()) else { return };
    for document in documents.iter().filter(|document| survives(&document.root)) {
        let root = Node::Map([("root", document.root.clone())].into_iter().collect());
        let Ok(json) = yaml::to_json(&root) else { continue };
        let mut built = String::new();
        if yaml::emit_build(&root, &mut built).is_ok() {
            let again = only(&built);
            assert_eq!(yaml::to_json(&again).as_ref(), Ok(&json), "build profile\n{built}");
            let mut twice = String::new();
            assert_eq!(yaml::emit_build(&again, &mut twice), Ok(()), "build profile\n{built}");
            assert_eq!(built, twice, "build profile, twice");
        }
        let mut kept = String::new();
        if yaml::emit_function(&root, &mut kept).is_ok() {
            assert_eq!(yaml::to_json(&bare(&only(&kept))), yaml::to_json(&bare(&root)), "function profile\n{kept}");
        }
    }
}

/// Characters that kustomize's way through JSON turns into others, keys that come back as a merge, and indented lines or
/// outer empty lines in folded text, which become one more each time, do not survive there either.
fn survives(node: &Node) -> bool {
    let text = |text: &str| !text.contains(['\u{85}', '\r', '\u{2028}', '\u{2029}', '\u{feff}']);
    match node {
        Node::Scalar(scalar) if scalar.style == Style::Folded => {
            let lossy = scalar.text.starts_with('\n') || scalar.text.ends_with("\n\n");
            text(&scalar.text) && !lossy && !scalar.text.lines().any(|line| line.starts_with([' ', '\t']))
        }
        Node::Scalar(scalar) => text(&scalar.text),
        Node::Seq(seq) => seq.items.iter().all(survives),
        Node::Map(map) => map.iter().all(|(key, value)| key != "<<" && text(key) && survives(value)),
    }
}

/// The same without comments: kustomize's way to JSON prints them, and where two meet behind the header of a block the second
/// becomes a line of the text. That is of no account where a function writes YAML.
fn bare(node: &Node) -> Node {
    let mut node = node.clone();
    let mut open = vec![&mut node];
    while let Some(node) = open.pop() {
        match node {
            Node::Scalar(scalar) => without_comments(&mut scalar.extra),
            Node::Seq(seq) => {
                without_comments(&mut seq.extra);
                open.extend(&mut seq.items);
            }
            Node::Map(map) => {
                without_comments(&mut map.extra);
                for entry in &mut map.entries {
                    without_comments(&mut entry.key.extra);
                    open.push(&mut entry.value);
                }
            }
        }
    }
    node
}

fn without_comments(extra: &mut Option<Box<Extra>>) {
    if let Some(extra) = extra {
        **extra = Extra { tag: extra.tag.take(), ..Extra::default() };
    }
}

fn only(text: &str) -> Node {
    let read = yaml::parse_documents(text, "again.yaml", &Limits::default());
    let mut documents = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(documents.len(), 1, "one document\n{text}");
    documents.remove(0).root
}

/// One file as a kustomization, with a few files that it may name.
pub fn kustomization(data: &[u8]) {
    let mut tree = Tree::new(true);
    tree.insert("kustomization.yaml", data);
    for (name, content) in [
        ("a.yaml", WORKLOADS),
        ("patch.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"),
        ("x", "X=1\nY=\"2\"\n# c\nZ\n"),
        ("base/kustomization.yaml", "resources: [b.yaml]\nnamePrefix: b-\n"),
        ("base/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {a: '1'}\n"),
        ("part/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -p\n"),
    ] {
        tree.insert(name, content);
    }
    build_tree(&tree, Restriction::RootOnly);
}

/// `=== target` and `=== patch`: a strategic merge of one into everything of the other.
pub fn merge(data: &[u8]) {
    let kustomization = "resources: [target]\npatches: [{path: patch, target: {kind: .*}}]\n";
    patched(data, kustomization);
    patched(data, "resources: [target]\npatchesStrategicMerge: [patch]\n");
}

/// `=== target` and `=== patch`: a JSON patch.
pub fn json_patch(data: &[u8]) {
    patched(data, "resources: [target]\npatchesJson6902: [{path: patch, target: {name: .*}}]\n");
}

fn patched(data: &[u8], kustomization: &str) {
    let mut tree = Tree::new(true);
    tree.insert("kustomization.yaml", kustomization);
    for (name, content) in sections(data) {
        tree.insert(if name == "patch" { "patch" } else { "target" }, content);
    }
    build_tree(&tree, Restriction::RootOnly);
}

/// The text is the `replacements` of a kustomization; `=== all.yaml` holds the resources if the usual ones will not do.
pub fn replacements(data: &[u8]) {
    let mut tree = Tree::new(true);
    tree.insert("kustomization.yaml", "resources: [all.yaml]\nreplacements: [{path: r.yaml}]\n");
    for (name, content) in sections(data) {
        tree.insert(if name == "all.yaml" { "all.yaml" } else { "r.yaml" }, content);
    }
    tree.insert("all.yaml", WORKLOADS);
    build_tree(&tree, Restriction::RootOnly);
}

/// A whole tree, with and without the restriction on files.
pub fn whole_build(data: &[u8]) {
    build_tree(&Tree::read(data, true), Restriction::RootOnly);
    build_tree(&Tree::read(data, false), Restriction::None);
}

/// A build ends in output that reads as the same number of documents, or in an error that can be told.
fn build_tree(tree: &Tree, restriction: Restriction) {
    let options = Options { restriction, ..Options::default() };
    let built = kustomize::build(tree, &Nowhere, &tree.start, &options);
    match built.and_then(|built| Ok((built.to_yaml()?, built))) {
        Ok((text, built)) => reads_again(&text, &built),
        Err(error) => {
            assert!(!error.report().trim().is_empty());
            let _debug = format!("{error} {error:?}");
        }
    }
}

fn reads_again(text: &str, built: &Built) {
    let read = yaml::parse_documents(text, "out.yaml", &Limits::default());
    let documents = match read {
        Ok(documents) => documents,
        // A few characters are printed by kustomize as they are, and refused when they are read.
        Err(error) => {
            let odd = ['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'];
            assert!(text.contains(odd) || text.contains("<<"), "{error}\n{text}");
            return;
        }
    };
    let full = documents.iter().filter(|document| !document.root.is_null()).count();
    assert_eq!(full, built.objects.len(), "documents\n{text}");
}

const WORKLOADS: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
  annotations: {note: "a,b,c"}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.25
        args: [--port, "80"]
        env: [{name: A, value: "1"}, {name: HOST, value: $(HOST)}]
        ports: [{containerPort: 80, name: http}]
        volumeMounts: [{name: c, mountPath: /c}]
      volumes:
      - {name: c, configMap: {name: conf}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: prod}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {host: example.com:8080, n: "3", file.json: '{"a": 1}'}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {list: [a, b, {c: d}], deep: {a.b/c: x, n: null, b: true, f: 1.5}}
"#;
