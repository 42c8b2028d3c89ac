//! `delete NAME` removes every object of the set and its inventory, and nothing else.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml]\nsecretGenerator:\n- name: s\n  literals: [a=b]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    sandbox.kubectl(&["create", "configmap", "bystander"]).ok();
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.gitops(&["delete", "app"]).exit(0);
    assert!(sandbox.get("configmap", "a").is_none());
    assert!(sandbox.get("configmap", "gitops-app").is_none());
    assert_eq!(sandbox.kubectl(&["get", "secrets", "-o", "name"]).ok(), "");
    assert!(sandbox.get("configmap", "bystander").is_some());
    // Applying again starts afresh.
    sandbox.gitops(&["apply", "app"]).exit(0).says("2 created");
}
