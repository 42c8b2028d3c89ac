//! `--wait` ends when the pods are ready and the Job is done.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "resources: [all.yaml]\n").write(
        "app/all.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  \
         template:\n    metadata: {labels: {app: web}}\n    spec:\n      terminationGracePeriodSeconds: 1\n      containers:\n      - name: web\n        \
         image: docker.io/local/demo-app:1\n        imagePullPolicy: IfNotPresent\n        args: [serve]\n        readinessProbe: {httpGet: {path: \
         /healthz, port: 8080}, periodSeconds: 1}\n---\n\
         apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      \
         containers:\n      - {name: once, image: 'docker.io/local/demo-app:1', imagePullPolicy: IfNotPresent, args: [exit, '0']}\n",
    );
    sandbox.gitops(&["apply", "app", "--wait", "--timeout", "120s"]).ok();
    assert_eq!(sandbox.field("deployment", "web", "/status/readyReplicas"), 2);
    assert_eq!(sandbox.field("job", "once", "/status/succeeded"), 1);
}
