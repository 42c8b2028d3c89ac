//! A field that left Git leaves the object; a field in Git comes.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {one: '1', two: '2'}\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {two: '2', three: '3'}\n");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated");
    assert_eq!(sandbox.field("configmap", "a", "/data"), serde_json::json!({"two": "2", "three": "3"}));
}
