//! What is not ready is told with what its pods wait for: the scheduler's words, an image that cannot be pulled, a probe that fails.

use testkit::cluster::Sandbox;

fn deployment(name: &str, image: &str, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  \
         template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n      - name: app\n        image: {image}\n        \
         imagePullPolicy: IfNotPresent\n        {more}\n"
    )
}

pub(crate) fn check(sandbox: &Sandbox) {
    let app = "docker.io/local/demo-app:1";
    sandbox
        .write("app/kustomization.yaml", "resources: [large.yaml, absent.yaml, silent.yaml]\n")
        .write("app/large.yaml", &deployment("large", app, "resources: {requests: {cpu: '1000'}}"))
        .write("app/absent.yaml", &deployment("absent", "127.0.0.1:1/absent:1", ""))
        .write("app/silent.yaml", &deployment("silent", app, "readinessProbe: {periodSeconds: 1, tcpSocket: {port: 9}}"));
    let told = |text: &str, pod: &str, why: &str| {
        let is_told = |line: &str| line.contains(pod) && line.contains(why);
        assert!(text.lines().any(is_told), "{pod}: {why}\n{text}");
    };
    let ran = sandbox.gitops(&["apply", "app", "--wait", "--timeout", "25s"]).exit(4);
    for (pod, why) in [
        ("Pod large-", "unschedulable: 0/1 nodes are available: 1 Insufficient cpu"),
        ("Pod absent-", "127.0.0.1:1/absent:1"),
        ("Pod silent-", "Readiness probe failed: dial tcp"),
    ] {
        told(&ran.stderr, pod, why);
    }
    let tree = sandbox.gitops(&["status", "app"]).exit(0).says("0 of 3 ready");
    told(&tree.stdout, "Pod large-", "Insufficient cpu");
    told(&tree.stdout, "Pod silent-", "Readiness probe failed");
}
