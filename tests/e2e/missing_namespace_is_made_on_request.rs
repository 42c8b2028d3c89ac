//! An object in a namespace that does not exist: a hint first, the namespace with --create-namespace.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let absent = format!("{}-absent", sandbox.namespace);
    sandbox
        .write("app/kustomization.yaml", "namespace: NAMESPACE-absent\nresources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    let inventory = ["--inventory-namespace", &sandbox.namespace];
    sandbox.gitops_anywhere(&[&["apply", "app"], &inventory[..]].concat()).exit(2).says("--create-namespace").says(&absent);
    // The server cannot be asked about what goes into it: that the namespace comes with the run is known all the same.
    let rehearsal = ["apply", "app", "--create-namespace", "--dry-run=server"];
    sandbox.gitops_anywhere(&[&rehearsal[..], &inventory].concat()).exit(0).says("1 created");
    assert!(sandbox.get("namespace", &absent).is_none());
    sandbox.gitops_anywhere(&[&["apply", "app", "--create-namespace"], &inventory[..]].concat()).ok();
    assert!(sandbox.get("namespace", &absent).is_some());
    drop(sandbox.kubectl(&["delete", "namespace", &absent, "--wait=false"]));
}
