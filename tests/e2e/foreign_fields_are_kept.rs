//! Fields of others stay when we change ours, and do not count as drift.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {ours: '1'}\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.kubectl(&["annotate", "configmap", "a", "example.com/theirs=yes"]).ok();
    sandbox.kubectl(&["patch", "configmap", "a", "--type=merge", "-p", r#"{"data":{"theirs":"2"}}"#]).ok();
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 unchanged");
    sandbox.write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {ours: '3'}\n");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated");
    assert_eq!(sandbox.field("configmap", "a", "/data"), serde_json::json!({"ours": "3", "theirs": "2"}));
    assert_eq!(sandbox.field("configmap", "a", "/metadata/annotations/example.com~1theirs"), "yes");
}
