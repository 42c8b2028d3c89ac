//! Two directories of one name must not prune each other: the name was derived, so the second is refused until it is named.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    for app in ["one", "two"] {
        sandbox
            .write(&format!("{app}/prod/kustomization.yaml"), "resources: [a.yaml]\n")
            .write(&format!("{app}/prod/a.yaml"), &format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {app}}}\n"));
    }
    sandbox.gitops(&["apply", "one/prod"]).ok();
    sandbox.gitops(&["apply", "two/prod"]).exit(3).says("--name");
    assert!(sandbox.get("configmap", "one").is_some());
    sandbox.gitops(&["apply", "two/prod", "--name", "two"]).exit(0).says("1 created");
    assert!(sandbox.get("configmap", "one").is_some());
}
