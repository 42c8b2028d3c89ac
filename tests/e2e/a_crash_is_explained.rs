//! What crashes is told with its pod, its exit and the end of its log, without the values of the Secrets that it sees.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  minReadySeconds: 5\n  selector: {matchLabels: {app: web}}\n  \
         template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: web\n        \
         image: docker.io/local/demo-app:1\n        imagePullPolicy: IfNotPresent\n        \
         args: [exit, '3', 'cannot log in with $(PASSWORD) at db']\n        \
         env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: login, key: password}}}]\n";
    sandbox
        .write("app/kustomization.yaml", "resources: [web.yaml]\nsecretGenerator:\n- {name: login, literals: [password=hunter2-and-more]}\n")
        .write("app/web.yaml", deployment);
    let ran = sandbox.gitops(&["apply", "app", "--wait", "--timeout", "20s"]).exit(4).hides("hunter2");
    ran.says("Pod web-").says("exit 3").says("log: app: cannot log in with *** at db");
    let tree = sandbox.gitops(&["status", "app"]).exit(0).hides("hunter2");
    tree.says("not ready").says("Pod web-").says("cannot log in with *** at db");
}
