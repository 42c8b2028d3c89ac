//! An object deleted behind our back is created again.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: v}\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.kubectl(&["delete", "configmap", "a"]).ok();
    sandbox.gitops(&["diff", "app"]).exit(1);
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 created");
    assert_eq!(sandbox.field("configmap", "a", "/data/key"), "v");
}
