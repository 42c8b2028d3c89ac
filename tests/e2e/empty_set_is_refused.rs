//! An empty build against a filled inventory is refused (exit 3) and prunes nothing, unless asked for.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.write(
        "app/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: {config.kubernetes.io/local-config: 'true'}\n",
    );
    sandbox.gitops(&["apply", "app"]).exit(3).says("--allow-empty");
    assert!(sandbox.get("configmap", "a").is_some());
    sandbox.gitops(&["apply", "app", "--allow-empty"]).exit(0).says("1 pruned");
    assert!(sandbox.get("configmap", "a").is_none());
}
