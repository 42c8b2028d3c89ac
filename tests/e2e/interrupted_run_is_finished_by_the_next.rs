//! A run killed in the middle leaks nothing: the next one, with another set, knows every object that was made.

use testkit::cluster::Sandbox;

use std::process::Stdio;
use std::time::Duration;

pub(crate) fn check(sandbox: &Sandbox) {
    let kustomization = |from: usize, to: usize| {
        let maps: String = (from..to).map(|n| format!("- name: m{n}\n  literals: [a={n}]\n")).collect::<Vec<_>>().concat();
        format!("configMapGenerator:\n{maps}generatorOptions: {{disableNameSuffixHash: true}}\n")
    };
    for wait_ms in [60, 120, 250, 500] {
        sandbox.write("app/kustomization.yaml", &kustomization(0, 120));
        let mut command = sandbox.gitops_command(&["apply", "app", "--concurrency", "2"]);
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the plugin runs");
        #[expect(clippy::disallowed_methods, reason = "how far the run has come by then is what varies")]
        std::thread::sleep(Duration::from_millis(wait_ms));
        run.kill().expect("it is ours");
        run.wait().expect("it ends");
        sandbox.write("app/kustomization.yaml", &kustomization(0, 3));
        sandbox.gitops(&["apply", "app", "--lock-timeout", "90s", "--allow-prune", "120"]).ok();
        let left = sandbox.kubectl(&["get", "configmaps", "-l", "kubectl-gitops.dev/inventory", "-o", "name"]).ok();
        assert_eq!(left.lines().count(), 3, "killed after {wait_ms} ms: {left}");
    }
}
