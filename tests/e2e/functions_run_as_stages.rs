//! Functions in the tree run before anything is applied, and are never applied themselves. A value that is made once is made when
//! its Secret is created, stays what it is, is printed nowhere, and is no difference.

use testkit::cluster::Sandbox;

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox
        .write("app/kustomization.yaml", "resources: [settings.yaml, variables.yaml, login.yaml]\n")
        .write(
            "app/settings.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: '${MODE}', other: a}\n",
        )
        .write(
            "app/variables.yaml",
            "apiVersion: kubectl-gitops.dev/v1alpha1\nkind: Substitution\nmetadata: {name: variables}\n\
             spec: {substitute: {MODE: fast}}\n",
        )
        .write(
            "app/login.yaml",
            "apiVersion: kubectl-gitops.dev/v1alpha1\nkind: SecretGenerator\nmetadata: {name: login}\n\
             spec:\n  literals: [user=hunter2]\n  createOnce: {password: {length: 24}}\n",
        );
    sandbox.gitops(&["apply", "app"]).exit(0).hides("hunter2").says("2 created");
    assert_eq!(sandbox.field("configmap", "settings", "/data/mode"), "fast");
    let password = || sandbox.field("secret", "login", "/data/password");
    let made = password();
    let made = made.as_str().expect("a value that was made");
    // 24 characters, as base64.
    assert_eq!(made.len(), 32);

    sandbox.gitops(&["apply", "app"]).exit(0).says("2 unchanged");
    sandbox.gitops(&["diff", "app"]).exit(0).hides(made);

    let changed = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: '${MODE}', other: b}\n";
    sandbox.write("app/settings.yaml", changed);
    sandbox.gitops(&["apply", "app"]).exit(0).says("1 updated").hides(made);
    assert_eq!(password(), made);
}
