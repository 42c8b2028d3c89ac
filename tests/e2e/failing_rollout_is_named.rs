//! A rollout that cannot become healthy: exit 4 or 1, the object and the reason, and nothing is pruned.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
         template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: web\n        \
         image: docker.io/local/absent:1\n        imagePullPolicy: Never\n";
    sandbox
        .write("app/kustomization.yaml", "resources: [old.yaml]\n")
        .write("app/old.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\n")
        .write("app/web.yaml", deployment);
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.write("app/kustomization.yaml", "resources: [web.yaml]\n");
    // Waiting longer cannot help, so the time limit is not waited for.
    let ran = sandbox.gitops(&["apply", "app", "--wait", "--timeout", "300s"]).exit(1);
    ran.says("Deployment").says("web").says("ErrImageNeverPull");
    assert!(sandbox.get("configmap", "old").is_some(), "a failed wait prevents pruning");
}
