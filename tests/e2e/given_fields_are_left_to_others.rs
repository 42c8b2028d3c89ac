//! A field that an object gives away (`kubectl-gitops.dev/ignore-fields`) is left to what scales it: neither set back nor called drift,
//! and still not when Git changes something else. Without the annotation it is drift, and is set back.

use testkit::cluster::Sandbox;

fn web(annotations: &str, replicas: u32, mode: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, annotations: {{{annotations}}}}}\nspec:\n  replicas: {replicas}\n  \
         selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web, mode: {mode}}}}}\n    spec:\n      \
         containers: [{{name: web, image: docker.io/local/demo-app:1}}]\n"
    )
}

pub(crate) fn check(sandbox: &Sandbox) {
    let given = "kubectl-gitops.dev/ignore-fields: /spec/replicas";
    let replicas = || sandbox.field("deployment", "web", "/spec/replicas");
    let scale = |count: &str| drop(sandbox.kubectl(&["scale", "deployment", "web", "--replicas", count]).ok());
    sandbox.write("app/kustomization.yaml", "resources: [web.yaml]\n").write("app/web.yaml", &web(given, 0, "a"));
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 created");
    assert_eq!(replicas(), 0, "nobody else has an opinion yet");

    // As an autoscaler does it: by the subresource.
    scale("2");
    sandbox.gitops(&["diff", "app"]).exit(0);
    sandbox.gitops(&["status", "app", "--drift"]).exit(0).says("no drift");
    let version = || sandbox.field("deployment", "web", "/metadata/managedFields/0/time");
    let before = version();
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 unchanged");
    assert_eq!((replicas(), version()), (2.into(), before));

    sandbox.write("app/web.yaml", &web(given, 1, "b"));
    drop(sandbox.gitops(&["diff", "app"]).exit(1).says("labels").hides("replicas"));
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated");
    assert_eq!((replicas(), sandbox.field("deployment", "web", "/spec/template/metadata/labels/mode")), (2.into(), "b".into()));
    scale("3");
    sandbox.gitops(&["diff", "app"]).exit(0);
    sandbox.gitops(&["status", "app", "--drift"]).exit(0).says("no drift");

    // What is no longer given away is Git's again.
    sandbox.write("app/web.yaml", &web("", 0, "b"));
    sandbox.gitops(&["diff", "app"]).exit(1).says("replicas");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated");
    assert_eq!(replicas(), 0);
    scale("1");
    sandbox.gitops(&["status", "app", "--drift"]).exit(0).says("1 drifted");
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated");
    assert_eq!(replicas(), 0);
}
