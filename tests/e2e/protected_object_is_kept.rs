//! `kubectl-gitops.dev/prune: disabled` keeps an object that left Git.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml, b.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
        .write("app/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, annotations: {kubectl-gitops.dev/prune: disabled}}\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.write("app/kustomization.yaml", "resources: [a.yaml]\n");
    sandbox.gitops(&["apply", "app"]).exit(0).says("kept");
    assert!(sandbox.get("configmap", "b").is_some());
}
