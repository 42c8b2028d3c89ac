//! An object that another tool applies is not ours to take, unless told so.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("theirs.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: theirs}\n")
        .write("app/kustomization.yaml", "resources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: ours}\n");
    sandbox.kubectl(&["apply", "--server-side", "--field-manager=operator", "-f", "theirs.yaml"]).ok();
    sandbox.gitops(&["apply", "app"]).exit(3).says("operator").says("ConfigMap");
    assert_eq!(sandbox.field("configmap", "a", "/data/key"), "theirs");
    sandbox.gitops(&["apply", "app", "--adopt=all", "--force-conflicts"]).ok();
    assert_eq!(sandbox.field("configmap", "a", "/data/key"), "ours");
}
