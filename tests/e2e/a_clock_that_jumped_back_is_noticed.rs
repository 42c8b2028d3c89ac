//! A CronJob whose last run lies in the future (one boot with a wrong clock is enough) runs no more, and Kubernetes says nothing:
//! `status` does.

use testkit::cluster::Sandbox;

use super::scene::SYSTEM;

pub(crate) fn check(sandbox: &Sandbox) {
    let name = &super::unique(sandbox, "clock");
    let args = ["install", "--url", "https://git.invalid/home.git", "--name", name, "--schedule", "0 0 1 1 *", "--yes"];
    sandbox.gitops(&args).exit(0);
    sandbox.gitops(&["status"]).hides("2099");
    let cronjob = format!("gitops-{name}");
    let patch = r#"{"status":{"lastScheduleTime":"2099-01-01T00:00:00Z"}}"#;
    let args = ["patch", "cronjob", &cronjob, "--subresource=status", "--type=merge", "-p", patch];
    sandbox.kubectl_in(SYSTEM, &args).ok();
    sandbox.gitops(&["status"]).says("2099").says(&cronjob);
    // As it was installed, with `-n`: that is where objects go, not where the installation lies.
    sandbox.gitops(&["uninstall", "--name", name, "--yes"]).exit(0);
}
