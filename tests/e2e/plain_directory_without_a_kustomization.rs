//! A directory of plain YAML works as Flux reads it: recursively, with a kustomization made on the fly and never written.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("plain/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
        .write("plain/deep/b.yml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n")
        .write("plain/README.md", "# not a manifest\n");
    sandbox.gitops(&["apply", "plain"]).exit(0).says("2 created");
    assert!(sandbox.get("configmap", "b").is_some());
    assert!(!sandbox.dir().join("plain/kustomization.yaml").exists());
}
