//! A Secret that something in the cluster made, and that Git does not hold, rolls its users when it changes.

use serde_json::Value;
use testkit::cluster::Sandbox;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {reloader.stakater.com/auto: \"true\"}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: docker.io/local/demo-app:1, envFrom: [{secretRef: {name: tls}}]}
";

fn hash(sandbox: &Sandbox) -> Option<String> {
    let deployment = sandbox.get("deployment", "web")?;
    let annotations = deployment.pointer("/spec/template/metadata/annotations")?;
    annotations.get("kubectl-gitops.dev/hash.secret.tls").and_then(Value::as_str).map(str::to_owned)
}

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "resources: [web.yaml]\n").write("app/web.yaml", DEPLOYMENT);
    let secret = |value: &str| {
        let literal = format!("--from-literal=key={value}");
        let (create, delete) = (["create", "secret", "generic", "tls", &literal], ["delete", "secret", "tls"]);
        drop(sandbox.kubectl(&delete));
        drop(sandbox.kubectl(&create).ok());
    };
    sandbox.gitops(&["apply", "app"]).ok();
    assert_eq!(hash(sandbox), None, "what is not there has no hash");

    secret("hunter2");
    drop(sandbox.gitops(&["diff", "app"]).exit(1).hides("hunter2"));
    sandbox.gitops(&["apply", "app"]).ok();
    let first = hash(sandbox).expect("a hash");
    sandbox.gitops(&["diff", "app"]).exit(0);

    secret("hunter3");
    sandbox.gitops(&["apply", "app"]).exit(0).hides("hunter3");
    let second = hash(sandbox).expect("a hash");
    assert_ne!(first, second, "the Secret changed, and its user has another template");
    let version = || sandbox.field("deployment", "web", "/metadata/resourceVersion");
    let before = version();
    sandbox.gitops(&["apply", "app"]).ok();
    assert_eq!(version(), before);

    sandbox.kubectl(&["delete", "secret", "tls"]).ok();
    sandbox.gitops(&["apply", "app"]).ok();
    assert_eq!(hash(sandbox), Some(second), "what is gone for a while rolls nobody");
}
