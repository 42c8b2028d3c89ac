//! A signal that comes while a run waits ends it within five seconds, in order: the inventory is settled, and the next run need not
//! wait for a lock.

use std::time::{Duration, Instant};

use testkit::cluster::Sandbox;
use testkit::started::{Signal, Started};

const SECONDS_MAX: Duration = Duration::from_secs(5);

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", "resources: [all.yaml]\n").write(
        "app/all.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  \
         template:\n    metadata: {labels: {app: web}}\n    spec:\n      nodeSelector: {there-is: none}\n      containers:\n      \
         - {name: web, image: 'docker.io/local/demo-app:1'}\n",
    );
    let begin = Instant::now();
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let mut run = Started::piped(sandbox.gitops_command(&["apply", "app", "--name", "web", "--wait", "--timeout", "5m"]));
        sandbox.until("the Deployment", 30, || sandbox.get("deployment", "web").is_some());
        // Into the wait, and once beyond the first look for causes.
        testkit::pause(Duration::from_secs(if code == 143 { 2 } else { 8 }));
        run.signal(signal);
        run.ends_within(SECONDS_MAX).exit(code).says("the inventory is consistent");
    }
    assert!(begin.elapsed() < Duration::from_mins(1), "the lock was not released");
}
