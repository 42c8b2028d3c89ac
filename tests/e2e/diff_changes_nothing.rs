//! `diff` and `--dry-run=server` show what apply would do, with kubectl's exit codes, and write nothing.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml]\nsecretGenerator:\n- name: s\n  literals: [password=hunter2]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: one}\n");
    sandbox.gitops(&["diff", "app"]).exit(1).says("ConfigMap").hides("hunter2");
    sandbox.gitops(&["apply", "app", "--dry-run=server"]).exit(0).says("ConfigMap").hides("hunter2");
    sandbox.gitops(&["apply", "app", "--dry-run=client"]).exit(0).says("ConfigMap").hides("hunter2");
    assert!(sandbox.get("configmap", "a").is_none());
    assert!(sandbox.get("configmap", "gitops-app").is_none());
    sandbox.gitops(&["apply", "app"]).exit(0).hides("hunter2");
    let version = sandbox.field("configmap", "a", "/metadata/resourceVersion");
    sandbox.write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {key: two}\n");
    sandbox.gitops(&["diff", "app"]).exit(1).says("data.key").says("one").says("two");
    assert_eq!(sandbox.field("configmap", "a", "/metadata/resourceVersion"), version);
    let data = sandbox.field("configmap", "gitops-app", "/data").to_string();
    assert!(!data.contains("hunter2") && !data.contains("aHVudGVyMg"), "the inventory holds no secret");
}
