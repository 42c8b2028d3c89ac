//! A namespace that left Git is kept while it holds what others made, and the run goes on.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let own = format!("{}-kept", sandbox.namespace);
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml, namespace.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
        .write("app/namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: NAMESPACE-kept}\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.kubectl_in(&own, &["create", "configmap", "foreign"]).ok();
    sandbox.write("app/kustomization.yaml", "resources: [a.yaml]\n");
    sandbox.gitops(&["apply", "app"]).exit(0).says(&own);
    assert!(sandbox.field("namespace", &own, "/metadata/deletionTimestamp").is_null());
    sandbox.kubectl_in(&own, &["delete", "configmap", "foreign"]).ok();
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.until("the empty namespace is pruned", 60, || sandbox.get("namespace", &own).is_none());
}
