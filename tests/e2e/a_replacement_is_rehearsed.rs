//! An object that has to be replaced stays when the API server would refuse its successor.

use testkit::cluster::Sandbox;

fn secret(sandbox: &Sandbox, kind: &str, data: &str) {
    let metadata = "metadata: {name: s, annotations: {kubectl-gitops.dev/force: enabled}}";
    let text = format!("apiVersion: v1\nkind: Secret\n{metadata}\ntype: {kind}\nstringData: {{{data}}}\n");
    sandbox.write("app/secret.yaml", &text);
}

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "resources: [secret.yaml]\n");
    secret(sandbox, "Opaque", "a: hunter2");
    sandbox.gitops(&["apply", "app"]).ok();
    let uid = || sandbox.field("secret", "s", "/metadata/uid");
    let before = uid();

    // Neither key of the new type is there, and the server's words about a Secret are hidden.
    secret(sandbox, "kubernetes.io/tls", "b: hunter3");
    sandbox.gitops(&["apply", "app"]).exit(1).says("successor would be refused").hides("hunter3");
    assert_eq!(uid(), before, "what cannot be replaced is not deleted");

    secret(sandbox, "kubernetes.io/basic-auth", "username: me, password: hunter4");
    sandbox.gitops(&["apply", "app"]).exit(0).says("replaced");
    assert_ne!(uid(), before);
    assert_eq!(sandbox.field("secret", "s", "/type"), "kubernetes.io/basic-auth");
}
