//! A field of ours that somebody edited is shown by diff and set back by apply.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: right}\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.kubectl(&["patch", "configmap", "a", "--type=merge", "-p", r#"{"data":{"key":"wrong"}}"#]).ok();
    sandbox.gitops(&["diff", "app"]).exit(1).says("data.key").says("wrong").says("right");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated");
    assert_eq!(sandbox.field("configmap", "a", "/data/key"), "right");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 unchanged");
}
