//! No error shows what is secret: neither a Secret's data, nor a patch of one, nor a generator's literals and env files, in
//! its report, its `Display` or its `Debug`, whatever it is that fails.

use std::path::Path;

use kustomize::{MemoryFiles, Nowhere, Options};

/// Stands wherever a secret may stand.
const SECRET: &str = "hunter2";

const PLAIN: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  password: hunter2\n";

/// What fails, and how: files of a tree.
const FAILING: &[(&str, &[(&str, &str)])] = &[
    ("an unquoted value is taken for an alias", &[("r.yaml", "kind: Secret\nstringData:\n  password: *hunter2\n")]),
    ("… for a tag", &[("r.yaml", "kind: Secret\nstringData:\n  password: !hunter2!x\n")]),
    ("text behind a separator", &[("r.yaml", "kind: Secret\nmetadata: {name: s}\n--- hunter2\n")]),
    (
        "a value is no number",
        &[("r.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: !!int hunter2}\n")],
    ),
    (
        "a value is no text",
        &[("r.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: !!binary hunter2}\n")],
    ),
    (
        "a control character",
        &[("r.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: \"hunter2\\x01\\x7f\"}\n")],
    ),
    ("a broken line", &[("r.yaml", "kind: Secret\nstringData:\n  password: hunter2\n bad\n")]),
    ("no name", &[("r.yaml", "kind: Secret\nstringData: {password: hunter2}\n")]),
    ("twice", &[("r.yaml", PLAIN), ("kustomization.yaml", "resources: [r.yaml, r.yaml]")]),
    (
        "a number as a key",
        &[("r.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {1: hunter2}\n")],
    ),
    (
        "a patch of another kind of value",
        &[
            ("r.yaml", PLAIN),
            ("kustomization.yaml", "resources: [r.yaml]\npatches: [{path: p.yaml}]"),
            ("p.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: [hunter2]\n"),
        ],
    ),
    (
        "a patch for nothing",
        &[
            ("r.yaml", PLAIN),
            ("kustomization.yaml", "resources: [r.yaml]\npatches: [{path: p.yaml}]"),
            ("p.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: t}\nstringData: {a: hunter2}\n"),
        ],
    ),
    (
        "a test of a value",
        &[
            ("r.yaml", PLAIN),
            ("kustomization.yaml", "resources: [r.yaml]\npatches: [{path: p.yaml, target: {kind: Secret}}]"),
            ("p.yaml", "- {op: test, path: /stringData/password, value: hunter2-old}\n"),
        ],
    ),
    (
        "a value that cannot be added",
        &[
            ("r.yaml", PLAIN),
            ("kustomization.yaml", "resources: [r.yaml]\npatches: [{path: p.yaml, target: {kind: Secret}}]"),
            ("p.yaml", "- {op: add, path: /data/password, value: hunter2}\n"),
        ],
    ),
    (
        "a broken JSON patch",
        &[
            ("r.yaml", PLAIN),
            ("kustomization.yaml", "resources: [r.yaml]\npatches: [{path: p.yaml, target: {kind: Secret}}]"),
            ("p.yaml", "[{\"op\": \"add\", \"path\": \"/a\", \"value\": hunter2}]\n"),
        ],
    ),
    (
        "a broken inline patch",
        &[
            ("r.yaml", PLAIN),
            (
                "kustomization.yaml",
                "resources: [r.yaml]\npatches:\n- patch: |\n    kind: Secret\n    stringData: hunter2: x\n",
            ),
        ],
    ),
    ("a literal without a key", &[("kustomization.yaml", "secretGenerator: [{name: s, literals: [hunter2]}]")]),
    ("a literal twice", &[("kustomization.yaml", "secretGenerator: [{name: s, literals: [a=hunter2, a=hunter2]}]")]),
    ("a literal in the list of files", &[("kustomization.yaml", "secretGenerator: [{name: s, files: [a=hunter2=x]}]")]),
    ("literals as a map", &[("kustomization.yaml", "secretGenerator: [{name: s, literals: {a: hunter2}}]")]),
    ("a literal as a map", &[("kustomization.yaml", "secretGenerator: [{name: s, literals: [{a: hunter2}]}]")]),
    (
        "a key twice in an env file",
        &[("kustomization.yaml", "secretGenerator: [{name: s, envs: [e]}]"), ("e", "a=hunter2\na=hunter2\n")],
    ),
    (
        "a generated Secret that is there",
        &[
            ("r.yaml", PLAIN),
            ("kustomization.yaml", "resources: [r.yaml]\nsecretGenerator: [{name: s, literals: [a=hunter2]}]"),
        ],
    ),
    (
        "a replacement below a value",
        &[
            ("r.yaml", PLAIN),
            (
                "kustomization.yaml",
                "resources: [r.yaml]\nreplacements:\n- source: {kind: Secret, fieldPath: stringData.password.x}\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.a]}]\n",
            ),
        ],
    ),
    (
        "a replacement into a value",
        &[
            ("r.yaml", PLAIN),
            (
                "kustomization.yaml",
                "resources: [r.yaml]\nreplacements:\n- source: {kind: Secret, fieldPath: stringData.password}\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.absent]}]\n",
            ),
        ],
    ),
    (
        "a piece of a value",
        &[
            ("r.yaml", PLAIN),
            (
                "kustomization.yaml",
                "resources: [r.yaml]\nreplacements:\n- source: {kind: Secret, fieldPath: stringData.password, options: {delimiter: '/', index: 5}}\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.a]}]\n",
            ),
        ],
    ),
    (
        "a source of a value that is a list",
        &[
            ("r.yaml", PLAIN),
            (
                "kustomization.yaml",
                "resources: [r.yaml]\nreplacements:\n- sourceValue: hunter2\n  targets: [{select: {kind: Secret}, fieldPaths: [stringData.absent.x]}]\n",
            ),
        ],
    ),
];

#[test]
fn no_error_shows_a_secret() {
    for (what, files) in FAILING {
        let mut tree: MemoryFiles = [("/in/kustomization.yaml", "resources: [r.yaml]")].into_iter().collect();
        for (path, content) in *files {
            tree.insert(format!("/in/{path}"), *content);
        }
        let built = kustomize::build(&tree, &Nowhere, Path::new("/in"), &Options::default());
        let built = built.and_then(|built| built.to_yaml());
        let Err(error) = built else { panic!("{what}: this must fail") };
        let mut shown = format!("{}\n{error}\n{error:?}\n", error.report());
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            shown.push_str(&error.to_string());
            cause = error.source();
        }
        assert!(!shown.contains(SECRET), "{what}:\n{shown}");
    }
}

#[test]
fn what_is_built_shows_nothing_either() {
    let files = [
        ("/in/kustomization.yaml", "resources: [r.yaml]\nsecretGenerator: [{name: g, literals: [a=hunter2]}]"),
        ("/in/r.yaml", PLAIN),
    ];
    let tree: MemoryFiles = files.into_iter().collect();
    let built = kustomize::build(&tree, &Nowhere, Path::new("/in"), &Options::default()).expect("a build");
    assert!(built.to_yaml().expect("output").contains(SECRET), "so that this proves something");
    assert!(!format!("{built:?} {tree:?}").contains(SECRET));
}
