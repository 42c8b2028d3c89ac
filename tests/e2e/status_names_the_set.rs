//! `status` shows every set, `status NAME` its objects, without writing.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "configMapGenerator:\n- name: settings\n  literals: [a=b]\n");
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.gitops(&["status"]).exit(0).says("app");
    sandbox.gitops(&["status", "app"]).exit(0).says("settings-");
    sandbox.gitops(&["status", "nothing-of-this-name"]).exit(2).says("nothing-of-this-name");
}
