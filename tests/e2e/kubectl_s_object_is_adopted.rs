//! An object made with kubectl is taken over, including fields that are no longer in Git.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("old.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: old, gone: x}\n")
        .write("app/kustomization.yaml", "resources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: new}\n");
    sandbox.kubectl(&["apply", "-f", "old.yaml"]).ok();
    sandbox.gitops(&["apply", "app", "--adopt=never"]).exit(3).says("ConfigMap");
    assert_eq!(sandbox.field("configmap", "a", "/data/key"), "old");
    sandbox.gitops(&["apply", "app"]).ok();
    assert_eq!(sandbox.field("configmap", "a", "/data"), serde_json::json!({"key": "new"}));
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 unchanged");
}
