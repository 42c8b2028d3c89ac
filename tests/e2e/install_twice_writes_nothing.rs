//! `install` makes what a CronJob needs; a second one with the same flags writes nothing, another flag changes only what it must, and
//! credentials stay without being given again. `uninstall` leaves nothing.

use testkit::cluster::Sandbox;

const SYSTEM: &str = "gitops-system";
const URL: &str = "https://git.invalid/ann/home.git";

/// `kind/name=resourceVersion` of everything of the installation, its inventory included.
fn state(sandbox: &Sandbox, name: &str) -> String {
    let format = "jsonpath={range .items[*]}{.kind}/{.metadata.name}={.metadata.resourceVersion} {end}";
    let label = format!("kubectl-gitops.dev/driver={name}");
    let kinds = "serviceaccounts,secrets,cronjobs,clusterrolebindings";
    let objects = sandbox.kubectl_in(SYSTEM, &["get", kinds, "-l", &label, "-o", format]).ok();
    let set = format!("kubectl-gitops.dev/set=install-{name}");
    objects + &sandbox.kubectl_in(SYSTEM, &["get", "configmaps", "-l", &set, "-o", format]).ok()
}

pub(crate) fn check(sandbox: &Sandbox) {
    let name = super::unique(sandbox, "twice");
    sandbox.write("password", "hunter2\n");
    let plain = ["install", "--url", URL, "--path", "clusters/home", "--name", &name, "--suspend"];
    let install = |more: &[&str]| sandbox.gitops_anywhere(&[&plain[..], more].concat());
    let login = ["--username", "ann", "--password-file", "password"];

    install(&[&login[..], &["--dry-run"]].concat()).exit(0).says("Nothing was changed").hides("hunter2");
    assert_eq!(state(sandbox, &name), "");
    install(&login).exit(0).says("4 created").says("cluster-admin").hides("hunter2");
    let field = |path: &str| {
        let format = format!("jsonpath={{{path}}}");
        sandbox.kubectl_in(SYSTEM, &["get", "cronjob", &format!("gitops-{name}"), "-o", &format]).ok()
    };
    assert!(field(".spec.schedule").ends_with("-59/5 * * * *"), "{}", field(".spec.schedule"));
    assert_eq!(field(".spec.concurrencyPolicy") + &field(".spec.jobTemplate.spec.backoffLimit"), "Forbid0");
    assert_eq!(field(".spec.startingDeadlineSeconds"), "");

    let before = state(sandbox, &name);
    install(&login).exit(0).says("4 unchanged");
    install(&[]).exit(0).says("4 unchanged").says("keeping the credentials");
    assert_eq!(state(sandbox, &name), before);
    install(&["--every", "10m"]).exit(0).says("1 updated, 3 unchanged");
    assert!(field(".spec.schedule").ends_with("-59/10 * * * *"));
    // The role of a binding is immutable: it is made again.
    install(&["--every", "10m", "--cluster-role", "view", "--yes"]).exit(0).says("1 replaced, 3 unchanged");
    // Kept credentials go to no other server.
    let elsewhere = ["install", "--url", "https://other.invalid/ann/home.git", "--name", &name];
    sandbox.gitops_anywhere(&elsewhere).exit(2).says("are for https://git.invalid").hides("hunter2");
    install(&["--anonymous", "--yes"]).exit(0).says("1 pruned");

    let uninstall = ["uninstall", "--name", &name, "--yes"];
    sandbox.gitops_anywhere(&[&uninstall[..], &["--dry-run"]].concat()).exit(0).says("Would delete");
    sandbox.gitops_anywhere(&uninstall).exit(0).says("Deleted installation");
    assert_eq!(state(sandbox, &name), "");
    sandbox.gitops_anywhere(&uninstall).exit(2).says("nothing is installed as");
}
