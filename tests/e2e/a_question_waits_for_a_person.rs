//! On a terminal a deletion is asked for first. No is no, a signal is no and ends the run at once, and yes deletes.

use std::time::Duration;

use testkit::cluster::Sandbox;
use testkit::started::{Signal, Started};

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", &super::config_maps("asked", 2));
    sandbox.gitops(&["apply", "app"]).ok();
    sandbox.write("app/kustomization.yaml", &super::config_maps("asked", 1));
    let asked = || {
        let mut run = Started::on_a_terminal(sandbox.gitops_command(&["apply", "app"]));
        run.says("Continue? [y/N] ");
        run
    };
    let soon = Duration::from_secs(5);

    let mut run = asked();
    run.signal(Signal::SIGINT);
    run.ends_within(soon).exit(130);
    assert!(sandbox.get("configmap", "asked-1").is_some());

    let mut run = asked();
    run.answer("no\n");
    run.ends_within(soon).exit(3).says("not confirmed");
    assert!(sandbox.get("configmap", "asked-1").is_some());

    let mut run = asked();
    run.answer("y\n");
    run.ends_within(Duration::from_secs(20)).exit(0);
    assert!(sandbox.get("configmap", "asked-1").is_none());
}
