//! The first signal finishes what is under way: the run says that it was interrupted, ends within five seconds, and the next one
//! need not wait for a lock.

use std::time::{Duration, Instant};

use testkit::cluster::Sandbox;
use testkit::started::{Signal, Started};

pub(crate) fn check(sandbox: &Sandbox) {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let set = format!("set-{code}");
        sandbox.write("app/kustomization.yaml", &super::config_maps(&set, 120));
        let relay = sandbox.relay(Duration::from_millis(20));
        let apply = ["apply", "app", "--name", &set];
        let mut command = sandbox.gitops_command(&apply);
        command.args(["--concurrency", "2"]).env("KUBECONFIG", sandbox.kubeconfig_through(&relay));
        let mut run = Started::piped(command);
        sandbox.until("some of the set", 30, || super::made(sandbox, &set) > 3);
        run.signal(signal);
        run.says("interrupted: finishing the requests in flight");
        run.ends_within(Duration::from_secs(5)).exit(code).says("the inventory is consistent");
        let made = super::made(sandbox, &set);
        assert!(made < 120, "it was interrupted too late to show anything");
        let begin = Instant::now();
        sandbox.gitops(&apply).ok();
        assert!(begin.elapsed() < Duration::from_secs(25), "the lock was not released");
        assert_eq!(super::made(sandbox, &set), 120);
    }
}
