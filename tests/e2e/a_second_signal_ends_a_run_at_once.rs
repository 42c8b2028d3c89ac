//! A run that was interrupted waits for answers that are under way; a second signal ends it without them. The next run takes
//! over and knows every object that was made.

use std::time::{Duration, Instant};

use testkit::cluster::Sandbox;
use testkit::started::{Signal, Started};

pub(crate) fn check(sandbox: &Sandbox) {
    for (first, second, code) in [(Signal::SIGTERM, Signal::SIGINT, 143), (Signal::SIGINT, Signal::SIGINT, 130)] {
        let set = format!("set-{code}");
        sandbox.write("app/kustomization.yaml", &super::config_maps(&set, 120));
        let relay = sandbox.relay(Duration::from_millis(20));
        let mut command = sandbox.gitops_command(&["apply", "app", "--concurrency", "2", "--name", &set]);
        command.env("KUBECONFIG", sandbox.kubeconfig_through(&relay));
        let mut run = Started::piped(command);
        sandbox.until("some of the set", 30, || super::made(sandbox, &set) > 3);
        relay.freeze();
        run.signal(first);
        run.says("interrupted: finishing the requests in flight");
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(1) {
            assert!(run.is_running(), "it does not give up what is under way by itself");
        }
        run.signal(second);
        run.ends_within(Duration::from_secs(2)).exit(code).says("interrupted again").says("run the same command again");
    }
    assert!(super::made(sandbox, "set-130") < 120, "it was interrupted too late to show anything");
    sandbox.write("app/kustomization.yaml", &super::config_maps("set-130", 3));
    let next = ["apply", "app", "--name", "set-130", "--lock-timeout", "90s", "--allow-prune", "120"];
    sandbox.gitops(&next).ok();
    assert_eq!(super::made(sandbox, "set-130"), 3);
}
