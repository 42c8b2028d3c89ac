//! What left the directory is deleted, what stayed is not touched.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml, b.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
        .write("app/b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n");
    sandbox.gitops(&["apply", "app"]).ok();
    let version = sandbox.field("configmap", "a", "/metadata/resourceVersion");
    sandbox.write("app/kustomization.yaml", "resources: [a.yaml]\n");
    sandbox.gitops(&["apply", "app", "--prune=false"]).ok();
    assert!(sandbox.get("configmap", "b").is_some(), "--prune=false prunes nothing");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 pruned").says("1 unchanged");
    assert!(sandbox.get("configmap", "b").is_none());
    assert_eq!(sandbox.field("configmap", "a", "/metadata/resourceVersion"), version);
}
