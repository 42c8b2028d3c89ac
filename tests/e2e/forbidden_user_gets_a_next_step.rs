//! A user without rights: exit 6, the missing right named, nothing written.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    let Some(limited) = sandbox.cluster.limited_kubeconfig() else {
        // A cluster of the user's own has no such user; impersonating one is the same to the server.
        sandbox.write("app/kustomization.yaml", "configMapGenerator:\n- name: a\n  literals: [a=b]\n");
        sandbox.gitops(&["apply", "app", "--as", "nobody-at-all"]).exit(6).says("forbidden");
        return;
    };
    sandbox.write("app/kustomization.yaml", "configMapGenerator:\n- name: a\n  literals: [a=b]\n");
    sandbox.gitops_as(&limited, &["apply", "app"]).exit(6).says("configmaps");
    assert_eq!(sandbox.kubectl(&["get", "configmaps", "-l", "kubectl-gitops.dev/root", "-o", "name"]).ok(), "");
}
