//! `status --watch` is told of changes: while nothing happens it sends nothing, and what happens is shown soon.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use testkit::cluster::Sandbox;
use testkit::gateway::{Gateway, Reply};
use testkit::started::{Signal, Started};

pub(crate) fn check(sandbox: &Sandbox) {
    sandbox.write("app/kustomization.yaml", &super::config_maps("seen", 3));
    sandbox.gitops(&["apply", "app", "--name", "seen"]).ok();
    let (api, log) = (sandbox.api(), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&log);
    let gateway = Gateway::new(move |call| {
        seen.lock().expect("no thread died").push(format!("{} {}", call.method, call.path));
        Reply::of(&api, &call)
    });
    let sent = || log.lock().expect("no thread died").clone();
    sandbox.write("kubeconfig", &super::kubeconfig(&gateway.url()));
    let mut command = sandbox.gitops_command(&["status", "seen", "--watch"]);
    command.env("KUBECONFIG", sandbox.dir().join("kubeconfig"));
    let mut watching = Started::on_a_terminal(command);
    watching.says("seen-2");
    // It looks once more when it watches, and then at nothing.
    sandbox.until("its watches", 20, || sent().iter().filter(|line| line.contains("watch=true")).count() >= 2);
    testkit::pause(Duration::from_secs(3));
    let before = sent();
    testkit::pause(Duration::from_secs(10));
    assert_eq!(sent(), before, "nothing happened");
    sandbox.kubectl(&["delete", "configmap", "seen-1"]).ok();
    watching.says("NotFound");
    assert!(sent().len() > before.len());
    watching.signal(Signal::SIGINT);
    watching.ends_within(Duration::from_secs(5)).exit(0);
}
