//! Two runs of one set at once: each ends well or says that the other holds the lock, and the result is right.

use testkit::cluster::Sandbox;

use std::process::Stdio;

pub(crate) fn check(sandbox: &Sandbox) {
    let maps: String = (0..60).map(|n| format!("- name: m{n}\n  literals: [a={n}]\n")).collect::<Vec<_>>().concat();
    sandbox.write("app/kustomization.yaml", &format!("configMapGenerator:\n{maps}"));
    let start = || {
        let mut command = sandbox.gitops_command(&["apply", "app", "--lock-timeout", "60s"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the plugin runs")
    };
    let codes: Vec<_> = [start(), start(), start()].iter_mut().map(|run| run.wait().expect("it ends").code()).collect();
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 5))), "{codes:?}");
    assert!(codes.contains(&Some(0)), "{codes:?}");
    let made = sandbox.kubectl(&["get", "configmaps", "-l", "kubectl-gitops.dev/inventory", "-o", "name"]).ok();
    assert_eq!(made.lines().count(), 60);
    sandbox.gitops(&["apply", "app"]).exit(0).says("60 unchanged");
}
