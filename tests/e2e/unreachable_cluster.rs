//! A cluster that does not answer: exit 6 within the request timeout, with its address.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "configMapGenerator:\n- name: a\n  literals: [a=b]\n").write(
        "kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{name: x, cluster: {server: 'https://127.0.0.1:1'}}]\n\
         users: [{name: x, user: {token: hunter2}}]\ncontexts: [{name: x, context: {cluster: x, user: x}}]\n",
    );
    let kubeconfig = sandbox.dir().join("kubeconfig");
    sandbox.gitops_as(&kubeconfig, &["apply", "app", "--request-timeout", "3s"]).exit(6).says("127.0.0.1:1").hides("hunter2");
}
