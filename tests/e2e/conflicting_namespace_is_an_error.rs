//! `-n` fills a missing namespace; another one in the object is an error, as in kubectl.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [a.yaml]\n")
        .write("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-public}\n");
    sandbox.gitops(&["apply", "app"]).exit(2).says("kube-public").says(&sandbox.namespace);
}
