//! A namespace and what lives in it come and go in one run.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [all.yaml]\n")
        .write(
            "app/all.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inside, namespace: NAMESPACE-own}\n---\n\
             apiVersion: v1\nkind: Namespace\nmetadata: {name: NAMESPACE-own}\n",
        );
    let own = format!("{}-own", sandbox.namespace);
    let inventory = ["--inventory-namespace", &sandbox.namespace];
    sandbox.gitops_anywhere(&[&["apply", "app"], &inventory[..]].concat()).exit(0).says("2 created");
    assert!(sandbox.kubectl_in(&own, &["get", "configmap", "inside"]).code == 0);
    sandbox.gitops(&["delete", "app", "--wait"]).exit(0);
    sandbox.until("the namespace is gone", 60, || sandbox.get("namespace", &own).is_none());
}
